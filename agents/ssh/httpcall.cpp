#include "ssh/httpcall.h"

namespace bellwether {

namespace {

constexpr qsizetype headerLimit = 64 << 10;

// Value of a header field; empty when absent.
QByteArray header(const QByteArray &head, const char *name)
{
    for (const QByteArray &line : head.split('\n')) {
        const qsizetype colon = line.indexOf(':');
        if (colon > 0 && line.left(colon).trimmed().compare(name, Qt::CaseInsensitive) == 0)
            return line.mid(colon + 1).trimmed();
    }
    return {};
}

// Joins chunks; nullopt with no problem = more to come.
std::optional<QByteArray> joinChunks(const QByteArray &body, QString &problem)
{
    QByteArray joined;
    for (qsizetype at = 0;;) {
        const qsizetype end = body.indexOf("\r\n", at);
        if (end < 0)
            return std::nullopt;
        bool ok = false;
        const qlonglong size = body.mid(at, end - at).split(';').first().trimmed().toLongLong(&ok, 16);
        if (!ok || size < 0) {
            problem = QStringLiteral("its chunks are malformed");
            return std::nullopt;
        }
        if (size == 0)
            return joined;
        if (size > body.size() - end - 4)
            return std::nullopt;
        joined += body.mid(end + 2, size);
        at = end + 2 + size + 2;
    }
}

} // namespace

HttpAnswer readHttpAnswer(const QByteArray &bytes, bool ended, qsizetype bodyLimit)
{
    const qsizetype split = bytes.indexOf("\r\n\r\n");
    const auto notYet = [&](const char *why) { return ended ? HttpAnswer{{}, QLatin1String(why)} : HttpAnswer{}; };
    if (!QByteArray("HTTP/1.").startsWith(bytes.left(7)) && !bytes.startsWith("HTTP/1."))
        return {{}, QStringLiteral("it does not speak HTTP")};
    if (split < 0)
        return bytes.size() > headerLimit ? HttpAnswer{{}, QStringLiteral("its header has no end")} : notYet("it ended within its header");
    const QByteArray head = bytes.left(split);
    QByteArray body = bytes.mid(split + 4);
    bool ok = false;
    const int status = head.mid(9, 3).toInt(&ok);
    if (!ok || status < 100 || status > 599)
        return {{}, QStringLiteral("its status line is malformed")};
    const HttpAnswer tooLarge{{}, QStringLiteral("more than %1 bytes came").arg(bodyLimit)};
    if (body.size() > bodyLimit + headerLimit)
        return tooLarge;
    const QByteArray length = header(head, "Content-Length");
    if (header(head, "Transfer-Encoding").toLower().contains("chunked")) {
        QString problem;
        const auto joined = joinChunks(body, problem);
        if (!problem.isEmpty())
            return {{}, problem};
        if (!joined)
            return notYet("it ended before its last chunk");
        body = *joined;
    } else if (!length.isEmpty()) {
        const qlonglong size = length.toLongLong(&ok);
        if (!ok || size < 0)
            return {{}, QStringLiteral("its length is malformed")};
        if (size > bodyLimit)
            return tooLarge;
        if (body.size() < size)
            return notYet("it ended before its stated length");
        body.truncate(size);
    } else if (!ended && status != 204 && status != 304) {
        return body.size() > bodyLimit ? tooLarge : HttpAnswer{};
    }
    return body.size() > bodyLimit ? tooLarge : HttpAnswer{HttpResult{status, body, 0}, {}};
}

HttpCall::HttpCall(const Endpoint &to, HttpRequest request, std::function<void(Result<HttpResult>)> done,
                   std::shared_ptr<Outbox> outbox)
    : AnsweringCall(to, std::move(done), std::move(outbox))
    , m_request(std::move(request))
{
}

int HttpCall::open(ssh_channel channel)
{
    if (!m_since.isValid())
        m_since.start();
    return ssh_channel_open_forward(channel, m_request.address.toLatin1().constData(), m_request.port, "127.0.0.1", 0);
}

int HttpCall::begin(ssh_channel)
{
    const QString path = m_request.path.startsWith(u'/') ? m_request.path : u'/' + m_request.path;
    m_toHost = QStringLiteral("GET %1 HTTP/1.0\r\nHost: %2:%3\r\nUser-Agent: bellwether\r\nAccept: */*\r\nConnection: close\r\n\r\n")
                   .arg(path, m_request.address).arg(m_request.port).toUtf8();
    return SSH_OK;
}

bool HttpCall::run(ssh_channel channel)
{
    while (!m_toHost.isEmpty() && !m_closed) {
        const int count = ssh_channel_write(channel, m_toHost.constData(), static_cast<uint32_t>(m_toHost.size()));
        if (count <= 0)
            break;
        m_toHost.remove(0, count);
    }
    const bool ended = m_closed || m_eof;
    if (m_answer.isEmpty() && !ended)
        return false;
    HttpAnswer answer = readHttpAnswer(m_answer, ended, m_request.bodyLimit);
    if (!answer.problem.isEmpty())
        return unreadable(answer.problem);
    if (!answer.result)
        return false;
    answer.result->elapsedMs = m_since.elapsed();
    send(std::move(*answer.result));
    return true;
}

void HttpCall::data(const char *bytes, size_t size, bool)
{
    const qsizetype room = m_request.bodyLimit + 2 * headerLimit - m_answer.size(); // beyond it is too large anyway
    m_answer.append(bytes, std::max<qsizetype>(0, std::min(room, static_cast<qsizetype>(size))));
}

bool HttpCall::unreadable(const QString &why)
{
    fail({ErrorCode::OutputUnreadable, {m_to.machine(), what(), why}, {}, nullptr});
    return true;
}

bool HttpCall::failOpen(const QString &reason)
{
    const bool refused = reason.contains(QLatin1String("refused"), Qt::CaseInsensitive) || reason.contains(QLatin1String("error (2)"));
    fail({ErrorCode::ConnectFailed,
          {m_to.machine(), QStringLiteral("%1:%2").arg(m_request.address).arg(m_request.port),
           refused ? QStringLiteral("nothing listens there on the host") : reason}, {}, nullptr});
    return true;
}

QString HttpCall::what() const
{
    return QStringLiteral("GET http://%1:%2%3").arg(m_request.address).arg(m_request.port).arg(m_request.path);
}

int HttpCall::runMs() const
{
    return m_request.timeoutMs;
}

} // namespace bellwether
