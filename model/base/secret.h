#pragma once
// A secret in memory: shared, never changed, overwritten when the last holder lets go. On purpose it cannot be printed,
// compared or turned into a QString; whoever needs its bytes asks for them by name.
#include <QByteArray>
#include <QString>
#include <memory>

namespace bellwether {

class Secret {
public:
    Secret() = default;
    // Takes the bytes and overwrites what the caller had, as far as nobody else holds it.
    explicit Secret(QByteArray &&bytes);
    static Secret take(QString &&text);

    bool isEmpty() const { return !m_bytes || m_bytes->size == 0; }
    const char *c_str() const { return m_bytes ? m_bytes->data.get() : ""; } // NUL-terminated
    qsizetype size() const { return m_bytes ? m_bytes->size : 0; }
    QByteArray copy() const { return QByteArray(c_str(), size()); } // whoever takes one overwrites it (wipe)

private:
    struct Bytes {
        std::unique_ptr<char[]> data;
        qsizetype size = 0;
        ~Bytes();
    };
    std::shared_ptr<const Bytes> m_bytes;
};

// Overwrites what it holds before it lets go of it.
void wipe(QByteArray &bytes);
void wipe(QString &text);

} // namespace bellwether
