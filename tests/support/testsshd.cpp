#include "testsshd.h"

#include "shells.h"

#include <QCryptographicHash>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QTcpServer>
#include <QTcpSocket>
#include <QThread>

#include <csignal>
#include <unistd.h>

namespace bellwether {

namespace {

const QString sshdProgram = QStringLiteral("/usr/sbin/sshd");

int freePort(const QString &address)
{
    QTcpServer server;
    return server.listen(QHostAddress(address)) ? server.serverPort() : 0;
}

QMultiMap<qint64, qint64> childrenByParent()
{
    QMultiMap<qint64, qint64> children;
    for (const QString &name : QDir(QStringLiteral("/proc")).entryList(QDir::Dirs)) {
        QFile file(QStringLiteral("/proc/%1/stat").arg(name));
        bool isPid = false;
        const qint64 pid = name.toLongLong(&isPid);
        if (!isPid || !file.open(QIODevice::ReadOnly))
            continue;
        const QByteArray line = file.readAll();
        children.insert(line.mid(line.lastIndexOf(')') + 2).split(' ').value(1).toLongLong(), pid);
    }
    return children;
}

} // namespace

TestSshd::TestSshd(const QStringList &config, const QString &address)
    : m_config(config)
    , m_address(address)
{
    m_port = freePort(address);
    m_ok = m_port > 0 && makeKey("hostkey") && makeKey("login") && makeKey("stranger") && start();
}

TestSshd::~TestSshd()
{
    cutConnections();
    stopListening();
}

bool TestSshd::makeKey(const QString &name, const QString &comment)
{
    QFile::remove(m_folder.filePath(name));
    const auto made = runProcess({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", m_folder.filePath(name)});
    if (made.exitStatus != 0)
        m_failure = QString::fromUtf8(made.err);
    return made.exitStatus == 0;
}

bool TestSshd::start()
{
    if (::geteuid() == 0)
        QDir().mkpath(QStringLiteral("/run/sshd")); // where a root sshd separates its privileges
    QFile::copy(m_folder.filePath("login.pub"), m_folder.filePath("authorized_keys"));
    QFile config(m_folder.filePath("sshd_config"));
    if (!config.open(QIODevice::WriteOnly | QIODevice::Truncate))
        return false;
    QStringList lines = m_config;
    lines << QStringLiteral("ListenAddress %1:%2").arg(m_address).arg(m_port)
          << "HostKey " + m_folder.filePath("hostkey") << "PidFile none" << "UsePAM no" << "StrictModes no"
          << "AuthorizedKeysFile " + m_folder.filePath("authorized_keys") << "PasswordAuthentication no"
          << "KbdInteractiveAuthentication no" << "PermitRootLogin yes" << "LogLevel VERBOSE" << "PrintMotd no"
          // Start-up files of whoever runs the tests have no part in them.
          << "SetEnv HOME=" + m_folder.path() + " BWR_MACHINE_ID=" + machineId();
    if (m_config.filter(QStringLiteral("MaxStartups")).isEmpty()) // of several lines the last one would count
        lines << "MaxStartups 500:1:500";
    config.write(lines.join(u'\n').toUtf8() + '\n');
    config.close();
    m_process = std::make_unique<QProcess>();
    m_process->setStandardErrorFile(m_folder.filePath("sshd.log"), QIODevice::Append);
    m_process->start(sshdProgram, {"-D", "-e", "-f", m_folder.filePath("sshd_config")});
    if (!m_process->waitForStarted()) {
        m_failure = m_process->errorString();
        return false;
    }
    QElapsedTimer since;
    since.start();
    while (since.elapsed() < 10'000 && m_process->state() == QProcess::Running) {
        QTcpSocket probe;
        probe.connectToHost(m_address == QLatin1String("0.0.0.0") ? QStringLiteral("127.0.0.1") : m_address, quint16(m_port));
        if (probe.waitForConnected(200))
            return true;
        m_process->waitForFinished(20);
    }
    m_failure = QString::fromUtf8(log());
    return false;
}

Endpoint TestSshd::endpoint(const QString &address) const
{
    Endpoint to;
    to.address = !address.isEmpty() ? address : m_address == QLatin1String("0.0.0.0") ? QStringLiteral("127.0.0.1") : m_address;
    to.port = m_port;
    to.identity = m_folder.filePath("login");
    return to;
}

QString TestSshd::machineId() const
{
    return QString::fromLatin1(QCryptographicHash::hash(m_folder.path().toUtf8(), QCryptographicHash::Md5).toHex());
}

QString TestSshd::fingerprint() const
{
    return QString::fromUtf8(runProcess({"ssh-keygen", "-lf", m_folder.filePath("hostkey.pub")}).out).section(u' ', 1, 1);
}

QByteArray TestSshd::log() const
{
    QFile file(m_folder.filePath("sshd.log"));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

int TestSshd::authAttempts() const
{
    return int(log().count("publickey for") + log().count("authenticating user"));
}

void TestSshd::restartWithNewHostKey()
{
    stopListening();
    m_ok = makeKey("hostkey") && start();
}

void TestSshd::startListening()
{
    m_ok = start();
}

void TestSshd::stopListening()
{
    if (!m_process || m_process->state() == QProcess::NotRunning)
        return;
    m_process->terminate();
    if (!m_process->waitForFinished(5'000)) {
        m_process->kill();
        m_process->waitForFinished();
    }
}

QList<qint64> TestSshd::connections() const
{
    QList<qint64> found;
    if (!m_process)
        return found;
    const auto children = childrenByParent();
    const auto listener = children.values(m_process->processId());
    for (const qint64 session : listener) {
        found << session;
        for (const qint64 child : children.values(session)) { // the unprivileged half, still called sshd
            QFile name(QStringLiteral("/proc/%1/comm").arg(child));
            if (name.open(QIODevice::ReadOnly) && name.readAll().trimmed() == "sshd")
                found << child;
        }
    }
    return found;
}

void TestSshd::cutConnections()
{
    if (!m_process || m_process->state() == QProcess::NotRunning)
        return;
    for (const qint64 pid : connections())
        ::kill(static_cast<pid_t>(pid), SIGKILL);
}

} // namespace bellwether
