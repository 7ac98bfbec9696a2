#pragma once
// A real sshd of this machine, run as the current user on a loopback address, with its own keys; ended by its pid.
#include "domain/installation.h"
#include "remote/remoteshell.h"

#include <QProcess>
#include <QTemporaryDir>
#include <mutex>

namespace bellwether {

class TestSshd {
public:
    // Extra lines for sshd_config, e.g. "MaxSessions 2". address 0.0.0.0 answers on every 127.x.y.z.
    explicit TestSshd(const QStringList &config = {}, const QString &address = QStringLiteral("127.0.0.1"));
    ~TestSshd();

    bool isRunning() const { return m_ok; }
    QString failure() const { return m_failure; }
    Endpoint endpoint(const QString &address = {}) const; // with the key that is let in
    int port() const { return m_port; }
    QString folder() const { return m_folder.path(); }
    QString fingerprint() const; // of its host key
    QString machineId() const;   // as it states; a machine of its own
    QString strangerKey() const { return m_folder.filePath(QStringLiteral("stranger")); } // a key it does not let in
    QByteArray log() const;
    int authAttempts() const; // lines of its log that speak of a user who tried
    void restartWithNewHostKey();
    void stopListening();
    void startListening(); // again, with the same keys on the same port
    // Process ids of its connections: children of the listener and theirs.
    QList<qint64> connections() const;
    void cutConnections(); // kill -9, as a broken network or a rebooting host would

private:
    bool makeKey(const QString &name, const QString &comment = QStringLiteral("test"));
    bool start();

    QTemporaryDir m_folder;
    QStringList m_config;
    QString m_address;
    int m_port = 0;
    std::unique_ptr<QProcess> m_process;
    bool m_ok = false;
    QString m_failure;
};

// Which keys are trusted, by hand.
class TestTrust final : public KeyTrust {
public:
    Answer trusted(const QString &machine) const override
    {
        const std::scoped_lock lock(m_mutex);
        return m_all.known ? m_all : m_keys.value(machine);
    }
    bool isRevoked(const QString &fingerprint) const override
    {
        const std::scoped_lock lock(m_mutex);
        return m_revoked.contains(fingerprint);
    }
    void revoke(const QString &fingerprint)
    {
        const std::scoped_lock lock(m_mutex);
        m_revoked.append(fingerprint);
    }
    void trust(const QString &machine, const QString &fingerprint, const QString &type = QStringLiteral("ssh-ed25519"))
    {
        const std::scoped_lock lock(m_mutex);
        m_keys.insert(machine, {true, fingerprint, type});
    }
    void trustEverywhere(const QString &fingerprint)
    {
        const std::scoped_lock lock(m_mutex);
        m_all = {true, fingerprint, QStringLiteral("ssh-ed25519")};
    }

private:
    mutable std::mutex m_mutex;
    QMap<QString, Answer> m_keys;
    Answer m_all;
    QStringList m_revoked;
};

} // namespace bellwether
