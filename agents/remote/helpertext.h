#pragma once
// The host-run helper (resources/host/helper.sh) taken apart, so that a request carries what its verb needs and no more.
#include <QByteArray>
#include <QList>
#include <QMap>
#include <QSet>

namespace bellwether {

class HelperText {
public:
    // The file as it stands: what comes first, functions `name() { … }` that end on their line or at a `}` in the first
    // column, and one `case` with a branch `verb)` for each verb, indented, ended by `;;`.
    explicit HelperText(const QByteArray &file);

    QByteArray forVerb(const QByteArray &verb) const { return m_verbs.value(verb); } // empty where there is no such verb
    QList<QByteArray> verbs() const { return m_verbs.keys(); }

private:
    struct Function {
        QByteArray name, text;
    };
    void require(const QByteArray &text, QSet<QByteArray> &needed) const;

    QByteArray m_first;
    QList<Function> m_functions; // as they stand in the file
    QMap<QByteArray, QByteArray> m_verbs;
};

// Without comments and indentation: they need not travel.
QByteArray bareScript(const QByteArray &text);

} // namespace bellwether
