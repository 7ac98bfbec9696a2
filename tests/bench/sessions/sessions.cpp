// Memory of N kept sessions after each has carried an answer of 22 kB, over real sshd on loopback: ours in this process,
// and a kept session of OpenSSH's client (a master with ControlMaster) as the peer, of which a few are enough.
#include "ssh/sshpool.h"
#include "testsshd.h"

#include <QCoreApplication>
#include <QEventLoop>
#include <QFile>
#include <QProcess>
#include <QThread>

#include <malloc.h>

using namespace bellwether;

namespace {

QString address(int i)
{
    return QStringLiteral("127.3.%1.%2").arg(i / 250).arg(i % 250 + 1);
}

// In kB: resident, and the part of it that no other process shares.
struct Memory {
    double rss = 0, pss = 0;
};

Memory memoryOf(qint64 pid)
{
    QFile file(QStringLiteral("/proc/%1/smaps_rollup").arg(pid));
    Memory memory;
    if (!file.open(QIODevice::ReadOnly))
        return memory;
    for (const QByteArray &line : file.readAll().split('\n')) {
        const double value = line.simplified().split(' ').value(1).toDouble();
        if (line.startsWith("Rss:"))
            memory.rss = value;
        else if (line.startsWith("Pss:"))
            memory.pss = value;
    }
    return memory;
}

int carry(SshPool &pool, const TestSshd &sshd, int hosts)
{
    QEventLoop loop;
    int left = hosts, answered = 0;
    for (int i = 0; i < hosts; ++i) {
        ExecRequest request;
        request.command = "head -c 22000 /dev/zero | tr '\\0' 'x'";
        request.timeoutMs = 120'000;
        pool.exec(sshd.endpoint(address(i)), request, [&](const Result<ExecResult> &result) {
            answered += result && result->out.size() == 22'000;
            if (--left == 0)
                loop.quit();
        });
    }
    loop.exec();
    return answered;
}

// Kept masters of the ssh program; each is its own process.
double peerKb(const TestSshd &sshd, int sessions)
{
    QFile keyFile(sshd.folder() + QStringLiteral("/hostkey.pub")), known(sshd.folder() + QStringLiteral("/known"));
    if (!keyFile.open(QIODevice::ReadOnly) || !known.open(QIODevice::WriteOnly | QIODevice::Truncate))
        return 0;
    known.write("* " + keyFile.readAll());
    known.close();
    std::vector<std::unique_ptr<QProcess>> masters;
    for (int i = 0; i < sessions; ++i) {
        auto process = std::make_unique<QProcess>();
        process->start(QStringLiteral("ssh"),
                       {QStringLiteral("-F"), QStringLiteral("none"), QStringLiteral("-M"), QStringLiteral("-N"), QStringLiteral("-S"),
                        QStringLiteral("%1/m%2").arg(sshd.folder()).arg(i), QStringLiteral("-o"), QStringLiteral("BatchMode=yes"), QStringLiteral("-o"),
                        QStringLiteral("UserKnownHostsFile=") + known.fileName(), QStringLiteral("-o"), QStringLiteral("IdentityAgent=none"),
                        QStringLiteral("-i"), sshd.endpoint().identity, QStringLiteral("-p"), QString::number(sshd.port()), address(i)});
        masters.push_back(std::move(process));
    }
    double sum = 0;
    int up = 0;
    for (int i = 0; i < sessions; ++i) {
        for (int tries = 0; tries < 200 && !QFile::exists(QStringLiteral("%1/m%2").arg(sshd.folder()).arg(i)); ++tries)
            QThread::msleep(50);
        if (!QFile::exists(QStringLiteral("%1/m%2").arg(sshd.folder()).arg(i)))
            continue;
        QProcess command;
        command.start(QStringLiteral("ssh"), {QStringLiteral("-F"), QStringLiteral("none"), QStringLiteral("-S"), QStringLiteral("%1/m%2").arg(sshd.folder()).arg(i),
                                              address(i), QStringLiteral("head -c 22000 /dev/zero")});
        command.waitForFinished(30'000);
        ++up;
    }
    for (const auto &master : masters)
        sum += memoryOf(master->processId()).pss;
    for (const auto &master : masters) {
        master->terminate();
        master->waitForFinished(5'000);
    }
    return up == sessions ? sum / sessions : 0;
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    qunsetenv("SSH_AUTH_SOCK");
    const int sessions = argc > 1 ? atoi(argv[1]) : 500, peers = std::min(sessions, 50);
    TestSshd sshd({}, QStringLiteral("0.0.0.0"));
    if (!sshd.isRunning()) {
        std::fprintf(stderr, "sshd did not start: %s\n", qPrintable(sshd.failure()));
        return 1;
    }
    TestTrust trust;
    trust.trustEverywhere(sshd.fingerprint());
    const Memory before = memoryOf(QCoreApplication::applicationPid());
    Memory after;
    int answered = 0, open = 0;
    {
        SshPool pool(trust, &app);
        for (int round = 0; round < 3; ++round)
            answered = carry(pool, sshd, sessions);
        open = pool.openSessions();
        after = memoryOf(QCoreApplication::applicationPid());
    }
    const double each = (after.rss - before.rss) / sessions, peer = peerKb(sshd, peers);
    std::printf("%d sessions kept, %d answers of 22 kB in the last of 3 rounds\n", open, answered);
    std::printf("resident: %.1f MB in all, %.1f MB before the first session, %.0f kB a session\n", after.rss / 1024, before.rss / 1024, each);
    std::printf("ssh with ControlMaster: %.0f kB a session (proportional share, %d of them): %.1f times as much\n", peer, peers, peer / each);
    return answered == sessions && open == sessions && after.rss < 100 * 1024 ? 0 : 1;
}
