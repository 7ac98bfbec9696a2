#pragma once
// A TCP proxy on a loopback address whose link can be made bad: slow, late, jittery, cut into slices, silent, reset. It has a
// thread of its own, so that the tested program and the test wait for nobody; its settings may be changed at any time.
#include <QString>
#include <QtGlobal>

#include <memory>

namespace bellwether {

struct LinkQuality {
    int delayMs = 0, jitterMs = 0;  // one way, each piece; jitter is drawn from a fixed seed
    int upPerSecond = 0, downPerSecond = 0; // bytes to and from the host, 0 = as fast as it goes
    int sliceBytes = 0;             // pieces of at most so many bytes
    int stallEveryPieces = 0, stallMs = 0; // as packets that are lost and sent again look like to TCP's users
    bool silent = false;            // takes bytes and brings none, without a word: a black hole
};

class FaultProxy {
public:
    // Listens on address (any port) and connects to target:port.
    explicit FaultProxy(int port, const LinkQuality &quality = {}, const QString &address = QStringLiteral("127.0.0.1"),
                        const QString &target = QStringLiteral("127.0.0.1"));
    ~FaultProxy(); // closes everything and ends the thread

    bool isListening() const;
    int port() const;
    void set(const LinkQuality &quality);
    void resetAll(); // every connection ends with RST, now
    qint64 carried() const; // bytes delivered, both ways
    int accepted() const;   // connections so far

    Q_DISABLE_COPY_MOVE(FaultProxy)

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace bellwether
