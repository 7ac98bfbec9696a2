// Fan-out of one small command to N loopback hosts: our pool, cold and over kept sessions, against `xargs -P64 ssh` in the
// same run and with the same key exchange. Quote the ratios and the client CPU per host, never the seconds: hosts and client share this machine.
#include "ssh/sshpool.h"
#include "testsshd.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QProcess>

#include <sys/resource.h>

using namespace bellwether;

namespace {

struct Cost {
    double wallMs = 0, cpuMs = 0;
    int answered = 0;
};

double cpuMs(int who)
{
    rusage usage{};
    getrusage(who, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

QString address(int i)
{
    return QStringLiteral("127.1.%1.%2").arg(i / 250).arg(i % 250 + 1);
}

Cost ours(SshPool &pool, const TestSshd &sshd, int hosts)
{
    Cost cost;
    QEventLoop loop;
    int left = hosts;
    QElapsedTimer wall;
    wall.start();
    const double before = cpuMs(RUSAGE_SELF);
    for (int i = 0; i < hosts; ++i) {
        ExecRequest request;
        request.command = "cat /proc/loadavg";
        request.timeoutMs = 60'000;
        pool.exec(sshd.endpoint(address(i)), request, [&](const Result<ExecResult> &result) {
            cost.answered += result && result->exitStatus == 0 && result->out.contains('/');
            if (--left == 0)
                loop.quit();
        });
    }
    loop.exec();
    cost.wallMs = wall.nsecsElapsed() / 1e6;
    cost.cpuMs = cpuMs(RUSAGE_SELF) - before;
    return cost;
}

// /usr/bin/time is not everywhere: the shell's own `times` tells what its children used.
Cost xargs(const TestSshd &sshd, int hosts)
{
    QFile list(sshd.folder() + QStringLiteral("/list"));
    if (!list.open(QIODevice::WriteOnly | QIODevice::Truncate))
        return {};
    for (int i = 0; i < hosts; ++i)
        list.write(address(i).toUtf8() + '\n');
    list.close();
    const QString known = sshd.folder() + QStringLiteral("/known");
    QFile keyFile(sshd.folder() + QStringLiteral("/hostkey.pub"));
    QFile knownFile(known);
    if (!keyFile.open(QIODevice::ReadOnly) || !knownFile.open(QIODevice::WriteOnly | QIODevice::Truncate))
        return {};
    knownFile.write("* " + keyFile.readAll());
    knownFile.close();
    const QString ssh = QStringLiteral("ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=%1 "
                                       "-o IdentityAgent=none -o KexAlgorithms=curve25519-sha256 -i %2 -p %3 {} cat /proc/loadavg")
                            .arg(known, sshd.endpoint().identity).arg(sshd.port());
    Cost cost;
    QElapsedTimer wall;
    wall.start();
    QProcess process;
    process.start(QStringLiteral("bash"), {QStringLiteral("-c"), QStringLiteral("xargs -P64 -I{} %1 <%2; times >&2").arg(ssh, list.fileName())});
    process.waitForFinished(300'000);
    cost.wallMs = wall.nsecsElapsed() / 1e6;
    cost.answered = int(process.readAllStandardOutput().count('/'));
    const QByteArrayList words = process.readAllStandardError().simplified().split(' ').last(2); // children: user, system
    for (const QByteArray &word : words) { // 0m1.234s
        const auto m = word.indexOf('m');
        cost.cpuMs += word.left(m).toDouble() * 60e3 + word.mid(m + 1).chopped(1).toDouble() * 1e3;
    }
    return cost;
}

void row(const char *name, int hosts, const Cost &cost, const Cost &base)
{
    std::printf("%-28s %5d %6d %9.0f %12.3f %10.2f %10.1f\n", name, hosts, cost.answered, cost.wallMs, cost.cpuMs / hosts,
                base.wallMs / cost.wallMs, base.cpuMs / cost.cpuMs);
    std::fflush(stdout);
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    qunsetenv("SSH_AUTH_SOCK");
    TestSshd sshd({}, QStringLiteral("0.0.0.0"));
    if (!sshd.isRunning()) {
        std::fprintf(stderr, "sshd did not start: %s\n", qPrintable(sshd.failure()));
        return 1;
    }
    TestTrust trust;
    trust.trustEverywhere(sshd.fingerprint());
    bool ok = true;
    std::printf("%-28s %5s %6s %9s %12s %10s %10s\n", "", "hosts", "ok", "wall ms", "CPU ms/host", "wall x", "CPU x");
    for (const int hosts : {50, 200}) {
        const Cost base = xargs(sshd, hosts);
        row("xargs -P64 ssh", hosts, base, base);
        SshPool pool(trust, &app);
        const Cost cold = ours(pool, sshd, hosts);
        row("bellwether, cold", hosts, cold, base);
        row("bellwether, kept sessions", hosts, ours(pool, sshd, hosts), base);
        ok = ok && cold.answered == hosts && base.answered == hosts;
    }
    return ok ? 0 : 1;
}
