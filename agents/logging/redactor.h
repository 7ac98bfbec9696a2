#pragma once
// Takes secrets out of text before it reaches any sink: values that are known (also as base64, URL-encoded, JSON-escaped
// and shell-quoted), and shapes that are secret by themselves (private keys, cloud keys, tokens, passwords in URLs).
#include <QByteArray>
#include <QList>
#include <mutex>

namespace bellwether {

class Redactor {
public:
    ~Redactor(); // overwrites what it knew
    void add(QByteArray secret); // shorter than 4 bytes: ignored, it would blacken everything
    QByteArray redact(QByteArray text) const; // any thread

private:
    mutable std::mutex m_mutex;
    QList<QByteArray> m_forms; // longest first
};

Redactor &processRedactor(); // the one in front of the log

} // namespace bellwether
