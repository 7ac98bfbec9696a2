#include "ssh/curlloop.h"

#include <QSocketNotifier>

#include <unistd.h>

namespace bellwether {

CurlLoop::CurlLoop(QObject *parent)
    : QObject(parent)
    , m_multi(curl_multi_init())
    , m_timer(this)
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, [this] { act(CURL_SOCKET_TIMEOUT, 0); });
    curl_multi_setopt(m_multi, CURLMOPT_SOCKETFUNCTION, onSocket);
    curl_multi_setopt(m_multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(m_multi, CURLMOPT_TIMERFUNCTION, onTimer);
    curl_multi_setopt(m_multi, CURLMOPT_TIMERDATA, this);
}

CurlLoop::~CurlLoop()
{
    const auto open = m_transfers.keys();
    for (CURL *easy : open)
        cancel(easy);
    curl_multi_cleanup(m_multi);
}

CURL *CurlLoop::get(const QByteArray &url, int socket, qsizetype bodyLimit, std::function<void(Answer)> done)
{
    CURL *easy = curl_easy_init();
    const auto transfer = std::make_shared<Transfer>();
    transfer->socket = socket;
    transfer->bodyLimit = bodyLimit;
    transfer->done = std::move(done);
    m_transfers.insert(easy, transfer);
    curl_easy_setopt(easy, CURLOPT_URL, url.constData());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "bellwether/" BELLWETHER_VERSION);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->words);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, onOpen);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer.get());
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, onOpened);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, onBody);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
    curl_multi_add_handle(m_multi, easy);
    return easy;
}

void CurlLoop::cancel(CURL *easy)
{
    const auto transfer = m_transfers.take(easy);
    if (!transfer)
        return;
    curl_multi_remove_handle(m_multi, easy);
    curl_easy_cleanup(easy);
    if (transfer->socket >= 0) // never opened
        ::close(transfer->socket);
}

int CurlLoop::onSocket(CURL *, curl_socket_t socket, int what, void *loop, void *)
{
    static_cast<CurlLoop *>(loop)->watch(socket, what);
    return 0;
}

int CurlLoop::onTimer(CURLM *, long ms, void *loop)
{
    auto &timer = static_cast<CurlLoop *>(loop)->m_timer;
    if (ms < 0)
        timer.stop();
    else
        timer.start(static_cast<int>(std::min(ms, 3'600'000L)));
    return 0;
}

curl_socket_t CurlLoop::onOpen(void *transfer, curlsocktype, curl_sockaddr *)
{
    return std::exchange(static_cast<Transfer *>(transfer)->socket, CURL_SOCKET_BAD);
}

int CurlLoop::onOpened(void *, curl_socket_t, curlsocktype)
{
    return CURL_SOCKOPT_ALREADY_CONNECTED;
}

size_t CurlLoop::onBody(char *bytes, size_t one, size_t count, void *data)
{
    auto *transfer = static_cast<Transfer *>(data);
    if (transfer->answer.body.size() + qsizetype(one * count) > transfer->bodyLimit) {
        transfer->answer.tooLarge = true;
        return 0;
    }
    transfer->answer.body.append(bytes, qsizetype(one * count));
    return one * count;
}

void CurlLoop::watch(curl_socket_t socket, int what)
{
    Watch &watch = m_watches[socket];
    const auto set = [&](QSocketNotifier *&notifier, QSocketNotifier::Type type, bool wanted, int mask) {
        if (!notifier && wanted) {
            notifier = new QSocketNotifier(socket, type, this);
            connect(notifier, &QSocketNotifier::activated, this, [this, socket, mask] { act(socket, mask); });
        }
        if (notifier)
            notifier->setEnabled(wanted);
    };
    const bool removed = what == CURL_POLL_REMOVE;
    set(watch.read, QSocketNotifier::Read, !removed && (what & CURL_POLL_IN), CURL_CSELECT_IN);
    set(watch.write, QSocketNotifier::Write, !removed && (what & CURL_POLL_OUT), CURL_CSELECT_OUT);
    if (!removed)
        return;
    for (QSocketNotifier *notifier : {watch.read, watch.write}) {
        if (notifier)
            notifier->deleteLater();
    }
    m_watches.remove(socket);
}

void CurlLoop::act(curl_socket_t socket, int mask)
{
    int running = 0;
    curl_multi_socket_action(m_multi, socket, mask, &running);
    collect();
}

void CurlLoop::collect()
{
    int left = 0;
    while (const CURLMsg *message = curl_multi_info_read(m_multi, &left)) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        const CURLcode code = message->data.result;
        const auto transfer = m_transfers.value(easy);
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        transfer->answer.status = static_cast<int>(status);
        if (code != CURLE_OK && !transfer->answer.tooLarge)
            transfer->answer.error = QString::fromUtf8(transfer->words[0] ? transfer->words : curl_easy_strerror(code));
        cancel(easy);
        transfer->done(std::move(transfer->answer));
    }
}

} // namespace bellwether
