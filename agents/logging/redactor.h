#pragma once
// Takes secrets out of text before it reaches any sink: values that are known, in the forms in which programs print them
// (base64 also inside of more, URL, JSON, shell, XML, hex); what is assigned to a name that is known or sounds secret
// (KEY=value, "key": "value", --key value); and shapes that are secret by themselves (private keys, cloud keys, tokens,
// passwords in URLs). Taking out too much costs a word; too little cannot be called back.
#include <QByteArray>
#include <QList>
#include <QRegularExpression>
#include <QStringList>
#include <mutex>

namespace bellwether {

class Redactor {
public:
    Redactor() = default;
    ~Redactor(); // overwrites what it knew
    void add(QByteArray secret);        // shorter than 4 bytes: ignored, it would blacken everything
    void addName(const QString &name);  // what is assigned to it is secret, e.g. a key of a product's environment file
    QByteArray redact(QByteArray text) const; // any thread; bytes that are no secret stay as they are
    QString redact(const QString &text) const;

private:
    mutable std::mutex m_mutex;
    QList<QByteArray> m_forms; // longest first
    QStringList m_names;
    QRegularExpression m_assigned; // to one of the names
};

Redactor &processRedactor(); // the one in front of log, journal, step logs and answers

// The same for bytes that come in pieces: a secret may be cut anywhere. Lines leave when they are whole, an endless line
// when it is certain that no secret is cut; finish() gives the rest.
class RedactedStream {
public:
    explicit RedactedStream(const Redactor &redactor = processRedactor()) : m_redactor(redactor) {}
    QByteArray feed(const QByteArray &bytes);
    QByteArray finish();

private:
    QByteArray line(const QByteArray &text);
    const Redactor &m_redactor;
    QByteArray m_pending;
    qsizetype m_keyBytes = -1; // of a private key's block whose end has not come yet; −1: outside of one
};

} // namespace bellwether
