#include "remote/helpertext.h"

#include <QRegularExpression>
#include <QSet>

namespace bellwether {

QByteArray bareScript(const QByteArray &text)
{
    QByteArray bare;
    for (const QByteArray &line : text.split('\n')) {
        const QByteArray words = line.trimmed();
        if (!words.isEmpty() && !words.startsWith('#'))
            bare += words + '\n';
    }
    return bare;
}

HelperText::HelperText(const QByteArray &file)
{
    static const QRegularExpression function(QStringLiteral("\\A([a-z]+)\\(\\) \\{")), branch(QStringLiteral("\\A([a-z]+)\\)\\z"));
    QByteArray *into = &m_first;
    for (const QByteArray &line : file.split('\n')) {
        if (const auto match = function.match(QString::fromUtf8(line)); match.hasMatch()) {
            m_functions.append({match.captured(1).toLatin1(), {}});
            into = &m_functions.last().text;
        } else if (const auto verb = branch.match(QString::fromUtf8(line)); verb.hasMatch()) {
            into = &m_verbs[verb.captured(1).toLatin1()];
            continue;
        } else if (line.startsWith("case ") || line.startsWith("*)")) {
            into = nullptr; // the frame of the branches is not needed where only one of them goes
        }
        if (into)
            *into += bareScript(line);
    }
    for (QByteArray &text : m_verbs) {
        text.chop(text.endsWith(" ;;\n") ? 3 : 0);
        QSet<QByteArray> needed;
        require(text, needed);
        QByteArray whole = m_first;
        for (const Function &f : std::as_const(m_functions))
            whole += needed.contains(f.name) ? f.text : QByteArray();
        text.prepend(whole);
    }
}

// A function is called where its name stands as a command may; a word of a message that looks like it costs some bytes.
void HelperText::require(const QByteArray &text, QSet<QByteArray> &needed) const
{
    static const QRegularExpression word(QStringLiteral("(?<![^\\s;({])[a-z]+(?=[\\s;)])"));
    QSet<QByteArray> words;
    for (auto it = word.globalMatch(QString::fromUtf8(text)); it.hasNext();)
        words.insert(it.next().captured().toLatin1());
    for (const Function &f : m_functions) {
        if (words.contains(f.name) && !needed.contains(f.name)) {
            needed.insert(f.name);
            require(f.text, needed);
        }
    }
}

} // namespace bellwether
