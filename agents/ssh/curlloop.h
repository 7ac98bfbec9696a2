#pragma once
// libcurl's multi interface on a worker's event loop: its sockets through notifiers, its time through one timer.
#include <QByteArray>
#include <QHash>
#include <QObject>
#include <QTimer>
#include <functional>

#include <curl/curl.h>

class QSocketNotifier;

namespace bellwether {

class CurlLoop final : public QObject {
public:
    explicit CurlLoop(QObject *parent);
    ~CurlLoop() override;

    struct Answer {
        int status = 0;
        QByteArray body;
        bool tooLarge = false;
        QString error; // empty when an answer came
    };
    // GET over a connected socket that is handed over. done runs later, once, unless cancelled.
    CURL *get(const QByteArray &url, int socket, qsizetype bodyLimit, std::function<void(Answer)> done);
    void cancel(CURL *easy);

private:
    struct Transfer {
        int socket = -1;
        qsizetype bodyLimit = 0;
        Answer answer;
        char words[CURL_ERROR_SIZE] = "";
        std::function<void(Answer)> done;
    };
    struct Watch {
        QSocketNotifier *read = nullptr, *write = nullptr;
    };
    static int onSocket(CURL *, curl_socket_t, int, void *, void *);
    static int onTimer(CURLM *, long, void *);
    static curl_socket_t onOpen(void *, curlsocktype, curl_sockaddr *);
    static int onOpened(void *, curl_socket_t, curlsocktype);
    static size_t onBody(char *, size_t, size_t, void *);
    void watch(curl_socket_t socket, int what);
    void act(curl_socket_t socket, int mask);
    void collect();

    CURLM *m_multi;
    QTimer m_timer;
    QHash<curl_socket_t, Watch> m_watches;
    QHash<CURL *, std::shared_ptr<Transfer>> m_transfers;
};

} // namespace bellwether
