#pragma once
// A host behind a real sshd with an empty state folder, and the host-run protocol's verbs as calls that wait: what the
// tests of that protocol share (each calls startHost, startJobs and endJobs from its own slots). Whatever a test left running is ended by its own process id.
#include "await.h"
#include "remote/hostjobs.h"
#include "remote/hostscripts.h"
#include "shells.h"
#include "ssh/sshpool.h"
#include "testsshd.h"

#include <QDir>
#include <QElapsedTimer>

#include <csignal>

namespace bellwether {

inline const QString owner = QStringLiteral("ws-0123456789abcdef");
inline const QString stranger = QStringLiteral("ws-stranger");

inline QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// A small file system for as long as it lives.
class SmallDisk {
public:
    SmallDisk(const QString &folder, const QByteArray &options) : m_folder(folder)
    {
        m_mounted = ::geteuid() == 0 && QDir().mkpath(folder)
            && QProcess::execute("mount", {"-t", "tmpfs", "-o", QString::fromLatin1(options), "tmpfs", folder}) == 0;
    }
    ~SmallDisk()
    {
        if (m_mounted) // a watcher's last sleep may still stand in it
            QProcess::execute("umount", {"-l", m_folder});
    }
    Q_DISABLE_COPY_MOVE(SmallDisk)
    bool isMounted() const { return m_mounted; }
    QString folder() const { return m_folder; }

private:
    QString m_folder;
    bool m_mounted = false;
};

class HostJobsWorld : public QObject {
protected:
    std::unique_ptr<TestSshd> m_sshd;
    TestTrust m_trust;
    std::unique_ptr<SshPool> m_pool;
    std::unique_ptr<HostJobs> m_jobs;
    std::unique_ptr<QTemporaryDir> m_state;

    HostJobs::Host host() const { return {m_sshd->endpoint(), m_state->path()}; }
    QString jobFile(const QString &token, const char *name) const
    {
        return m_state->path() + QStringLiteral("/v1/jobs/") + token + u'/' + QLatin1String(name);
    }
    qint64 supervisor(const QString &token) const { return contentOf(jobFile(token, "sup")).split(' ').value(0).toLongLong(); }
    QByteArray effects() const { return contentOf(m_state->filePath("effects")); }
    QByteArray effect(const QByteArray &word) const { return "echo " + word + " >>" + m_state->filePath("effects").toUtf8() + "\n"; }

    Result<Lease> lock(const QString &who = owner, int ttlS = 150)
    {
        Awaited<Result<Lease>> answer;
        m_jobs->lock(host(), who, ttlS, answer.callback());
        return answer.wait() ? *answer : Result<Lease>(fail(ErrorCode::Interrupted));
    }
    Result<JobState> start(const QString &token, const QByteArray &script, qint64 epoch = 1, int timeoutS = 0, const QString &who = owner)
    {
        Awaited<Result<JobState>> answer;
        m_jobs->start(host(), token, epoch, who, timeoutS, script, answer.callback());
        return answer.wait() ? *answer : Result<JobState>(fail(ErrorCode::Interrupted));
    }
    Result<JobPoll> poll(const QString &token, qint64 out = 0, qint64 err = 0, int waitS = 0, int maxBytes = 65536)
    {
        Awaited<Result<JobPoll>> answer;
        m_jobs->poll(host(), token, out, err, maxBytes, waitS, answer.callback());
        return answer.wait(60'000) ? *answer : Result<JobPoll>(fail(ErrorCode::Interrupted));
    }
    Status cancel(const QString &token, qint64 epoch = 1)
    {
        Awaited<Status> answer;
        m_jobs->cancel(host(), token, epoch, owner, answer.callback());
        return answer.wait() ? *answer : Status(fail(ErrorCode::Interrupted));
    }
    Result<Lease> lockOn(const HostJobs::Host &other)
    {
        Awaited<Result<Lease>> answer;
        m_jobs->lock(other, owner, 150, answer.callback());
        return answer.wait(90'000) ? *answer : Result<Lease>(fail(ErrorCode::Interrupted));
    }
    Result<JobState> startOn(const HostJobs::Host &other, const QString &token, const QByteArray &script, int timeoutS = 0)
    {
        Awaited<Result<JobState>> answer;
        m_jobs->start(other, token, 1, owner, timeoutS, script, answer.callback());
        return answer.wait(90'000) ? *answer : Result<JobState>(fail(ErrorCode::Interrupted));
    }
    JobPoll endOn(const HostJobs::Host &other, const QString &token, int tries = 30)
    {
        JobPoll last;
        for (int i = 0; i < tries && last.state != JobState::Done && last.state != JobState::Lost; ++i) {
            Awaited<Result<JobPoll>> answer;
            m_jobs->poll(other, token, last.outSize, last.errSize, 100, 2, answer.callback());
            if (answer.wait() && answer->has_value())
                last = **answer;
        }
        return last;
    }
    JobPoll finished(const QString &token)
    {
        JobPoll last;
        for (int i = 0; i < 30; ++i) { // waits on the host for news
            const auto answer = poll(token, last.outSize, last.errSize, 10);
            if (!answer) {
                qWarning("%s", why(answer.error()).constData());
                break;
            }
            last = *answer;
            if (last.state == JobState::Done || last.state == JobState::Lost)
                return *poll(token);
        }
        return last;
    }
    static QByteArray why(const Error &error) { return QByteArray(errorKey(error.code)) + ": " + error.args.join(u'|').toUtf8(); }

    void startHost()
    {
        qunsetenv("SSH_AUTH_SOCK");
        m_sshd = std::make_unique<TestSshd>();
        QVERIFY2(m_sshd->isRunning(), qPrintable(m_sshd->failure()));
        m_trust.trust(m_sshd->endpoint().machine(), m_sshd->fingerprint());
    }
    void startJobs()
    {
        m_state = std::make_unique<QTemporaryDir>();
        m_pool = std::make_unique<SshPool>(m_trust, this);
        m_jobs = std::make_unique<HostJobs>(*m_pool);
    }
    void endJobs()
    {
        // Whatever a test left running is ended by its own process id.
        const QDir jobs(m_state->path() + QStringLiteral("/v1/jobs"));
        for (const QString &token : jobs.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
            for (const char *name : {"sup", "step"}) {
                const auto words = contentOf(jobFile(token, name)).split(' ');
                const auto pid = words.value(0).toLongLong();
                const QByteArray stat = contentOf(QStringLiteral("/proc/%1/stat").arg(pid));
                if (pid > 1 && stat.mid(stat.lastIndexOf(')') + 2).split(' ').value(19) == words.value(1))
                    ::kill(name[1] == 't' ? static_cast<pid_t>(-pid) : static_cast<pid_t>(pid), SIGKILL);
            }
        }
        m_jobs.reset();
        m_pool.reset();
        m_state.reset();
    }
};

#define FAILS(expression, key)                                                                            \
    do {                                                                                                  \
        const auto outcome = (expression);                                                                \
        QVERIFY(!outcome);                                                                                \
        QVERIFY2(QByteArray(errorKey(outcome.error().code)) == (key), why(outcome.error()).constData());  \
    } while (false)
#define WORKS(expression)                                                                                 \
    do {                                                                                                  \
        const auto outcome = (expression);                                                                \
        QVERIFY2(outcome, outcome ? "" : why(outcome.error()).constData());                               \
    } while (false)

} // namespace bellwether
