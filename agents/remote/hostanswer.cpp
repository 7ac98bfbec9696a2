#include "remote/hostanswer.h"

namespace bellwether {

namespace {

bool findHeader(const QByteArray &out, HostAnswer &answer)
{
    qsizetype at = out.startsWith("bwr ") ? 0 : out.indexOf("\nbwr ");
    if (at < 0)
        return false;
    if (out.at(at) == '\n')
        ++at;
    const qsizetype end = out.indexOf('\n', at);
    if (end < 0)
        return false;
    answer.header = out.mid(at + 4, end - at - 4);
    answer.body = out.mid(end + 1);
    for (const QByteArray &word : answer.header.split(' ')) {
        const qsizetype equals = word.indexOf('=');
        if (equals < 0)
            answer.verb = answer.verb.isEmpty() ? word : answer.verb;
        else if (!answer.fields.contains(word.left(equals)))
            answer.fields.insert(word.left(equals), word.mid(equals + 1));
    }
    if (answer.header.startsWith("err=")) // further in it is the size of a stream
        answer.err = answer.fields.value("err");
    return true;
}

} // namespace

QString hostWords(const QByteArray &bytes)
{
    QString text = QString::fromUtf8(bytes.left(400)).simplified().left(200);
    for (QChar &c : text) {
        if (!c.isPrint() && !c.isSurrogate())
            c = u'?';
    }
    return text;
}

QString HostAnswer::rest(const char *key) const
{
    const qsizetype at = header.indexOf(key);
    return hostWords(at < 0 ? QByteArray() : header.mid(at + qsizetype(qstrlen(key))));
}

qint64 HostAnswer::number(const char *key, qint64 otherwise) const
{
    bool ok = false;
    const qint64 value = fields.value(key).toLongLong(&ok);
    return ok ? value : otherwise;
}

Result<HostAnswer> answerOf(const Result<ExecResult> &result, const QString &machine)
{
    if (!result)
        return std::unexpected(result.error());
    HostAnswer answer;
    if (!findHeader(result->out, answer)) {
        if (result->exitStatus < 0)
            return fail(ErrorCode::ConnectionLost, {machine, QStringLiteral("the command ended without an answer")});
        const QString said = hostWords(result->out + ' ' + result->err);
        return fail(ErrorCode::NoShell, {machine, said.isEmpty() ? QStringLiteral("exit %1").arg(result->exitStatus) : said});
    }
    return answer;
}

} // namespace bellwether
