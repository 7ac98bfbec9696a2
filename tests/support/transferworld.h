#pragma once
// Copies of files over a real sshd, as calls that can be watched and cut short. Waiting (back-off, limits) takes no time: it
// moves the clock.
#include "await.h"
#include "fakeclock.h"
#include "faultproxy.h"
#include "hostjobsworld.h"
#include "transfer/download.h"
#include "transfer/upload.h"

#include <QRandomGenerator>
#include <QThread>
#include <QTimer>

namespace bellwether {

inline QByteArray noise(qsizetype size, quint32 seed = 1)
{
    QByteArray bytes(size, Qt::Uninitialized);
    QRandomGenerator random(seed);
    for (char &c : bytes)
        c = static_cast<char>(random.bounded(256)); // NUL, newlines, what is no UTF-8
    return bytes;
}

inline bool writeTo(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(bytes) == bytes.size();
}

class TransferWorld : public QObject {
protected:
    std::unique_ptr<TestSshd> m_sshd;
    TestTrust m_trust;
    FakeClock m_clock;
    std::unique_ptr<SshPool> m_pool;
    std::unique_ptr<FileThread> m_files;
    HostPace m_pace;
    std::unique_ptr<QTemporaryDir> m_here, m_there;
    QList<qint64> m_waits;
    std::unique_ptr<FaultProxy> m_proxy; // between, when there is one

    QString here(const QString &name) const { return m_here->filePath(name); }
    QString there(const QString &name) const { return m_there->path() + u'/' + name; }
    QStringList partsThere() const { return QDir(m_there->path()).entryList({QStringLiteral(".bwr-*")}, QDir::Files | QDir::Hidden); }

    void startHost()
    {
        qunsetenv("SSH_AUTH_SOCK");
        m_sshd = std::make_unique<TestSshd>();
        QVERIFY2(m_sshd->isRunning(), qPrintable(m_sshd->failure()));
        m_trust.trustEverywhere(m_sshd->fingerprint());
    }
    void startCopies()
    {
        m_here = std::make_unique<QTemporaryDir>();
        m_there = std::make_unique<QTemporaryDir>();
        m_pool = std::make_unique<SshPool>(m_trust, this);
        m_files = std::make_unique<FileThread>(QThread::currentThread());
        m_waits.clear();
        m_pace = {};
        m_proxy.reset();
    }
    void endCopies()
    {
        m_pool.reset();
        m_files.reset();
        m_proxy.reset();
    }
    CopyPlace place()
    {
        return {*m_pool, m_clock, *m_files, m_pace, [this](qint64 ms, std::function<void()> work) {
                    if (ms > 0)
                        m_waits.append(ms);
                    m_clock.advance(ms);
                    QTimer::singleShot(0, this, std::move(work));
                }};
    }
    Copy::To at(const QString &path, qint64 limit = 0) const
    {
        Endpoint endpoint = m_sshd->endpoint();
        if (m_proxy)
            endpoint.port = m_proxy->port();
        return {endpoint, QStringLiteral("berlin-1"), path, limit};
    }
    UploadSource source(const QString &path) const
    {
        const auto file = LocalSource::open(path);
        if (!file)
            return {};
        SlicedSum sum((*file)->file(), (*file)->size());
        while (!sum.slice()) {
        }
        return {*file, *sum.sum()};
    }
    std::shared_ptr<Upload> put(const QString &from, const QString &to, const QString &mode = {}, qint64 limit = 0)
    {
        auto copy = std::make_shared<Upload>(place(), at(to, limit), source(from), mode, [] {});
        copy->begin();
        return copy;
    }
    std::shared_ptr<Download> get(const QString &from, const QString &to, qint64 limit = 0)
    {
        auto copy = std::make_shared<Download>(place(), at(from, limit), to, [] {});
        copy->begin();
        return copy;
    }
    static CopyProgress ended(const std::shared_ptr<Copy> &copy, int ms = 60'000)
    {
        [[maybe_unused]] const bool in = QTest::qWaitFor([&] { return copy->hasEnded(); }, ms);
        return copy->progress();
    }
    // Lets it go on until so many bytes stand there.
    static bool reaches(const std::shared_ptr<Copy> &copy, qint64 bytes)
    {
        return QTest::qWaitFor([&] { return copy->hasEnded() || copy->progress().done >= bytes; }, 30'000) && !copy->hasEnded();
    }
    static QByteArray said(const CopyProgress &p)
    {
        return enumName(p.state) + QByteArray(" ") + (p.error ? QByteArray(errorKey(p.error->code)) + ": " + p.error->args.join(u'|').toUtf8() : QByteArray());
    }
};

#define ENDS(progress, wanted)                                                                            \
    do {                                                                                                  \
        const CopyProgress how = (progress);                                                              \
        QVERIFY2(how.state == CopyState::wanted, said(how).constData());                                  \
    } while (false)
#define FAILS_WITH(progress, key, words)                                                                  \
    do {                                                                                                  \
        const CopyProgress how = (progress);                                                              \
        QVERIFY2(how.state == CopyState::Failed, said(how).constData());                                  \
        QVERIFY2(QByteArray(errorKey(how.error->code)) == (key), said(how).constData());                  \
        QVERIFY2(how.error->args.join(u'|').contains(QLatin1String(words)), said(how).constData());       \
    } while (false)

} // namespace bellwether
