#include "ssh/httpcall.h"

#include <QSocketNotifier>

#include <sys/socket.h>

namespace bellwether {

HttpCall::HttpCall(const Endpoint &to, HttpRequest request, std::function<void(Result<HttpResult>)> done,
                   std::shared_ptr<Outbox> outbox)
    : SshCall(to, std::move(outbox))
    , m_request(std::move(request))
    , m_done(std::move(done))
{
}

HttpCall::~HttpCall()
{
    if (m_easy)
        m_loop->cancel(m_easy);
    delete m_reading;
    delete m_writing;
}

int HttpCall::open(ssh_channel channel)
{
    if (!m_since.isValid())
        m_since.start();
    return ssh_channel_open_forward(channel, m_request.address.toUtf8().constData(), m_request.port, "127.0.0.1", 0);
}

int HttpCall::begin(ssh_channel)
{
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        return SSH_ERROR;
    m_end = FileDescriptor(ends[0]);
    m_reading = new QSocketNotifier(ends[0], QSocketNotifier::Read);
    m_writing = new QSocketNotifier(ends[0], QSocketNotifier::Write);
    m_writing->setEnabled(false);
    QObject::connect(m_reading, &QSocketNotifier::activated, m_loop, [this] { wake(); });
    QObject::connect(m_writing, &QSocketNotifier::activated, m_loop, [this] { wake(); });
    m_easy = m_loop->get(url(), ends[1], m_request.bodyLimit, [this](CurlLoop::Answer answer) {
        m_easy = nullptr;
        m_answer = std::make_unique<CurlLoop::Answer>(std::move(answer));
        wake();
    });
    return SSH_OK;
}

bool HttpCall::run(ssh_channel channel)
{
    if (m_answer) {
        if (m_answer->tooLarge)
            fail({ErrorCode::OutputUnreadable, {m_to.machine(), what(), QStringLiteral("more than %1 bytes came").arg(m_request.bodyLimit)}, {}, nullptr});
        else if (!m_answer->error.isEmpty())
            fail({ErrorCode::OutputUnreadable, {m_to.machine(), what(), m_answer->error}, {}, nullptr});
        else
            send(HttpResult{m_answer->status, std::move(m_answer->body), m_since.elapsed()});
        return true;
    }
    char buffer[8192];
    while (!m_curlEnded && m_toHost.size() < (64 << 10)) {
        const ssize_t count = ::read(m_end.get(), buffer, sizeof(buffer));
        if (count > 0)
            m_toHost.append(buffer, count);
        else if (count == 0) {
            m_curlEnded = true;
            m_reading->setEnabled(false);
        } else
            break;
    }
    while (!m_toHost.isEmpty() && !m_closed) {
        const int count = ssh_channel_write(channel, m_toHost.constData(), static_cast<uint32_t>(m_toHost.size()));
        if (count <= 0)
            break;
        m_toHost.remove(0, count);
    }
    toCurl();
    return false;
}

void HttpCall::toCurl()
{
    while (!m_fromHost.isEmpty()) {
        const ssize_t count = ::send(m_end.get(), m_fromHost.constData(), static_cast<size_t>(m_fromHost.size()), MSG_NOSIGNAL);
        if (count <= 0)
            break;
        m_fromHost.remove(0, count);
    }
    m_writing->setEnabled(!m_fromHost.isEmpty() && !m_curlEnded);
    if (m_fromHost.isEmpty() && (m_eof || m_closed))
        ::shutdown(m_end.get(), SHUT_WR);
}

void HttpCall::data(const char *bytes, size_t size, bool)
{
    // More than the limit and a margin for the headers cannot end well: curl sees the surplus and ends it.
    if (m_fromHost.size() < m_request.bodyLimit + (256 << 10))
        m_fromHost.append(bytes, static_cast<qsizetype>(size));
}

void HttpCall::fail(Error error)
{
    send(std::unexpected(std::move(error)));
}

bool HttpCall::failOpen(const QString &reason)
{
    fail({ErrorCode::ConnectFailed,
          {m_to.machine(), QStringLiteral("%1:%2").arg(m_request.address).arg(m_request.port),
           reason.contains(QLatin1String("refused"), Qt::CaseInsensitive) || reason.contains(QLatin1String("error (2)"))
               ? QStringLiteral("nothing listens there on the host")
               : reason}, {}, nullptr});
    return true;
}

QString HttpCall::what() const
{
    return QStringLiteral("GET ") + QString::fromUtf8(url());
}

int HttpCall::runMs() const
{
    return m_request.timeoutMs;
}

void HttpCall::send(Result<HttpResult> result)
{
    if (m_done)
        post([done = std::exchange(m_done, {}), result = std::move(result)] { done(result); });
}

QByteArray HttpCall::url() const
{
    const QString address = m_request.address.contains(u':') ? u'[' + m_request.address + u']' : m_request.address;
    return QStringLiteral("http://%1:%2%3").arg(address).arg(m_request.port)
        .arg(m_request.path.startsWith(u'/') ? m_request.path : u'/' + m_request.path).toUtf8();
}

} // namespace bellwether
