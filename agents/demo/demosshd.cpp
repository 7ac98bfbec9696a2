#include "demo/demosshd.h"

#include <QCryptographicHash>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QThread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bellwether {

namespace {

constexpr int kAnswerWithinMs = 20'000;

QByteArray readAll(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QString lastLine(const QByteArray &text)
{
    return QString::fromUtf8(text.trimmed().split('\n').last()).trimmed();
}

QString programPath(const QString &name)
{
    const QString found = QStandardPaths::findExecutable(name);
    return !found.isEmpty() ? found
                            : QStandardPaths::findExecutable(name, {QStringLiteral("/usr/sbin"), QStringLiteral("/sbin"), QStringLiteral("/usr/local/sbin")});
}

Status makeKey(const QString &path, const QString &comment)
{
    if (QFile::exists(path) && QFile::exists(path + QStringLiteral(".pub")))
        return {};
    QFile::remove(path);
    QProcess keygen;
    keygen.start(QStringLiteral("ssh-keygen"), {QStringLiteral("-q"), QStringLiteral("-t"), QStringLiteral("ed25519"), QStringLiteral("-N"), QString(),
                                                QStringLiteral("-C"), comment, QStringLiteral("-f"), path});
    if (!keygen.waitForFinished(30'000) || keygen.exitStatus() != QProcess::NormalExit || keygen.exitCode() != 0)
        return demoFailed(QStringLiteral("a key could not be made with ssh-keygen"),
                          keygen.error() == QProcess::FailedToStart ? QStringLiteral("openssh-client is not installed") : lastLine(keygen.readAllStandardError()));
    return {};
}

QByteArray configuration(const DemoLayout &layout, int n, bool pam)
{
    return QStringLiteral("# One demo host. Made by bellwether demo up.\n"
                          "AddressFamily inet\n"
                          "ListenAddress %1:%2\n"
                          "HostKey \"%3\"\n"
                          "AuthorizedKeysFile \"%4.pub\"\n"
                          "PidFile none\n"
                          "StrictModes no\n"
                          "UsePAM %5\n"
                          "PasswordAuthentication no\n"
                          "KbdInteractiveAuthentication no\n"
                          "PermitRootLogin prohibit-password\n"
                          "PermitUserRC no\n"
                          "PrintMotd no\n"
                          "PrintLastLog no\n"
                          "UseDNS no\n"
                          "X11Forwarding no\n"
                          "AllowAgentForwarding no\n"
                          "AllowTcpForwarding local\n"
                          "MaxStartups 100\n"
                          "Subsystem sftp internal-sftp\n"
                          // Each host is a machine of its own, though all are this one: no start-up file of its user's has a part in it.
                          "SetEnv %6 BWR_MACHINE_ID=%7 \"HOME=%8\"\n")
        .arg(layout.address(n)).arg(layout.port).arg(layout.hostKey(n), layout.clientKey(), pam ? QStringLiteral("yes") : QStringLiteral("no"), layout.mark,
             QString::fromLatin1(QCryptographicHash::hash(QStringLiteral("%1 %2").arg(layout.mark).arg(n).toUtf8(), QCryptographicHash::Sha256).toHex().left(32)),
             layout.hostPath(n, QStringLiteral("home")))
        .toUtf8();
}

QProcessEnvironment markedEnvironment(const DemoLayout &layout)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(layout.mark.section(u'=', 0, 0), layout.mark.section(u'=', 1));
    return environment;
}

Status startOne(const DemoLayout &layout, int n, bool pam)
{
    const QString program = programPath(QStringLiteral("sshd"));
    if (program.isEmpty())
        return demoFailed(QStringLiteral("sshd cannot be found"), QStringLiteral("install openssh-server"));
    if (!canBind(layout.address(n), layout.port))
        return demoFailed(QStringLiteral("%1 cannot listen on %2:%3").arg(layout.name(n), layout.address(n)).arg(layout.port),
                          QStringLiteral("another program uses that port; choose one with --port"));
    if (::geteuid() == 0)
        QDir().mkpath(QStringLiteral("/run/sshd")); // as root sshd insists on it
    const QString config = layout.hostPath(n, QStringLiteral("sshd_config"));
    if (auto ok = writeOwnFile(config, configuration(layout, n, pam)); !ok)
        return ok;
    QProcess sshd;
    sshd.setProgram(program);
    sshd.setArguments({QStringLiteral("-D"), QStringLiteral("-f"), config, QStringLiteral("-E"), layout.hostPath(n, QStringLiteral("sshd.log"))});
    sshd.setProcessEnvironment(markedEnvironment(layout));
    sshd.setStandardInputFile(QProcess::nullDevice());
    sshd.setStandardOutputFile(QProcess::nullDevice());
    sshd.setStandardErrorFile(QProcess::nullDevice());
    qint64 pid = 0;
    if (!sshd.startDetached(&pid))
        return demoFailed(QStringLiteral("%1 cannot be started").arg(program), sshd.errorString());
    return writeOwnFile(layout.hostPath(n, QStringLiteral("sshd.process")), readProcess(pid).id.toText().toLatin1() + '\n');
}

bool showsBanner(const QString &address, int port)
{
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<uint16_t>(port));
    ::inet_pton(AF_INET, address.toLatin1().constData(), &name.sin_addr);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char bytes[4] = {};
    bool shown = false;
    if (::connect(fd, reinterpret_cast<sockaddr *>(&name), sizeof name) == 0) {
        pollfd wait{fd, POLLIN, 0};
        shown = ::poll(&wait, 1, 2000) == 1 && ::recv(fd, bytes, sizeof bytes, MSG_WAITALL) == 4 && qstrncmp(bytes, "SSH-", 4) == 0;
    }
    ::close(fd);
    return shown;
}

Status awaitOne(const DemoLayout &layout, int n)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < kAnswerWithinMs) {
        if (!demoSshd(layout, n).pid)
            return demoFailed(QStringLiteral("the sshd of %1 ended at once").arg(layout.name(n)), lastLine(readAll(layout.hostPath(n, QStringLiteral("sshd.log")))));
        if (showsBanner(layout.address(n), layout.port))
            return {};
        QThread::msleep(20);
    }
    return demoFailed(QStringLiteral("the sshd of %1 does not answer").arg(layout.name(n)), QStringLiteral("nothing heard for 20 s"));
}

// One login proves the account for all: the hosts share user and key.
Status logIn(const DemoLayout &layout, int n)
{
    QProcess ssh;
    const Endpoint to = layout.installation(n).endpoint;
    ssh.start(QStringLiteral("ssh"),
              {QStringLiteral("-F"), QStringLiteral("none"), QStringLiteral("-o"), QStringLiteral("BatchMode=yes"), QStringLiteral("-o"),
               QStringLiteral("IdentitiesOnly=yes"), QStringLiteral("-o"), QStringLiteral("StrictHostKeyChecking=yes"), QStringLiteral("-o"),
               QStringLiteral("UserKnownHostsFile=\"%1\"").arg(layout.path(QStringLiteral("keys/known_hosts"))), QStringLiteral("-i"), to.identity,
               QStringLiteral("-p"), QString::number(to.port), QStringLiteral("%1@%2").arg(to.user, to.address), QStringLiteral("true")});
    if (ssh.waitForFinished(30'000) && ssh.exitStatus() == QProcess::NormalExit && ssh.exitCode() == 0)
        return {};
    return demoFailed(QStringLiteral("%1 does not let %2 in with its key").arg(layout.name(n), to.user), lastLine(ssh.readAllStandardError()));
}

Result<QList<int>> startDead(const DemoLayout &layout, bool pam)
{
    QList<int> started;
    for (int n = 1; n <= layout.hosts; ++n) {
        if (demoSshd(layout, n).pid)
            continue;
        if (auto ok = startOne(layout, n, pam); !ok)
            return std::unexpected(ok.error());
        started.append(n);
    }
    for (const int n : started) {
        if (auto ok = awaitOne(layout, n); !ok)
            return std::unexpected(ok.error());
    }
    return started;
}

} // namespace

Result<QString> demoFingerprint(const QString &publicKeyFile)
{
    const QList<QByteArray> words = readAll(publicKeyFile).simplified().split(' ');
    const QByteArray key = QByteArray::fromBase64(words.value(1));
    if (key.isEmpty())
        return fail(ErrorCode::FileUnreadable, {publicKeyFile, QStringLiteral("it holds no public key")});
    const QByteArray hash = QCryptographicHash::hash(key, QCryptographicHash::Sha256);
    return QStringLiteral("SHA256:") + QString::fromLatin1(hash.toBase64(QByteArray::OmitTrailingEquals));
}

Status makeDemoKeys(const DemoLayout &layout)
{
    if (auto ok = makeKey(layout.clientKey(), QStringLiteral("bellwether demo")); !ok)
        return ok;
    QByteArray known;
    for (int n = 1; n <= layout.hosts; ++n) {
        if (auto ok = makeKey(layout.hostKey(n), layout.name(n)); !ok)
            return ok;
        const QList<QByteArray> words = readAll(layout.hostKey(n) + QStringLiteral(".pub")).simplified().split(' ');
        known += '[' + layout.address(n).toLatin1() + "]:" + QByteArray::number(layout.port) + ' ' + words.value(0) + ' ' + words.value(1) + '\n';
    }
    return writeOwnFile(layout.path(QStringLiteral("keys/known_hosts")), known);
}

ProcessId demoSshd(const DemoLayout &layout, int n)
{
    const ProcessId id = ProcessId::fromText(QString::fromLatin1(readAll(layout.hostPath(n, QStringLiteral("sshd.process")))));
    return isRunning(id) ? id : ProcessId{};
}

Result<int> startDemoSshds(const DemoLayout &layout)
{
    auto started = startDead(layout, false);
    if (!started || started->isEmpty())
        return started ? Result<int>(0) : std::unexpected(started.error());
    if (logIn(layout, started->first()))
        return static_cast<int>(started->size());
    // Without PAM sshd refuses accounts whose password is locked; with it, only PAM decides.
    QList<ProcessId> again;
    for (const int n : *started)
        again.append(demoSshd(layout, n));
    endProcesses(again, 5000);
    started = startDead(layout, true);
    if (!started)
        return std::unexpected(started.error());
    if (auto ok = logIn(layout, started->first()); !ok)
        return std::unexpected(ok.error());
    return static_cast<int>(started->size());
}

} // namespace bellwether
