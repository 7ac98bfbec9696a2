#include "peers.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QThread>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

namespace bellwether {

namespace {

constexpr auto command = "cat /proc/loadavg";

int answersIn(const QByteArray &out)
{
    // "0.52 0.58 0.59 1/467 12345": nothing else that any of the tools prints looks like the fourth and fifth word.
    static const QRegularExpression loadavg(QStringLiteral(" \\d+/\\d+ \\d+"));
    int found = 0;
    for (auto it = loadavg.globalMatch(QString::fromUtf8(out)); it.hasNext(); it.next())
        ++found;
    return found;
}

bool write(const QString &path, const QByteArray &text)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(text) == text.size();
}

QByteArray read(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// What a process that is not our child has used so far, from its stat.
double cpuOf(qint64 pid)
{
    const QByteArray stat = read(QStringLiteral("/proc/%1/stat").arg(pid));
    const QList<QByteArray> words = stat.mid(stat.lastIndexOf(')') + 2).split(' ');
    return (words.value(11).toDouble() + words.value(12).toDouble()) * 1000 / double(sysconf(_SC_CLK_TCK));
}

} // namespace

double cpuMs(int who)
{
    rusage usage{};
    getrusage(who, &usage);
    return double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 + double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

QString PeerFleet::address(int i)
{
    return QStringLiteral("127.1.%1.%2").arg(i / 250).arg(i % 250 + 1);
}

const QList<Peer> &PeerFleet::peers()
{
    // The ControlPath's %C is a hash of the connection: short enough for a socket's name.
    static const QString keep = QStringLiteral(" -o ControlMaster=auto -o ControlPersist=600 -o ControlPath={control}/%C");
    static const QString xargs = QStringLiteral("xargs -P64 -I{} ssh {options}%1 {} {command} <{list}");
    static const QString ansible = QStringLiteral(
        ": >{control}/ansible.cfg; ANSIBLE_CONFIG={control}/ansible.cfg ANSIBLE_HOME={control} ANSIBLE_LOCAL_TEMP={control} ansible all -o -i {list} -i {list}.vars -f 50 -m raw "
        "-a '{command}' --ssh-common-args='{options}%1'");
    static const QList<Peer> all{
        {"xargs -P64 ssh", "ssh", "openssh-client", xargs.arg(QString())},
        {"clush -f 64", "clush", "clustershell", QStringLiteral("clush -f 64 --hostfile={list} -o '{options}' {command}")},
        {"pssh -p 64", "parallel-ssh", "pssh", QStringLiteral("parallel-ssh -i -p 64 -t 0 -h {list} -x '{options}' {command}")},
        {"pdsh -f 64", "pdsh", "pdsh", QStringLiteral("PDSH_SSH_ARGS='{options} %h' pdsh -R ssh -f 64 -w ^{list} {command}")},
        {"ansible raw, 50 forks", "ansible", "ansible-core", ansible.arg(QStringLiteral(" -o ControlMaster=no -o ControlPath=none"))},
        {"xargs -P64, ControlMaster", "ssh", "openssh-client", xargs.arg(keep), true},
        {"ansible raw, ControlPersist", "ansible", "ansible-core", ansible.arg(keep), true},
    };
    return all;
}

PeerFleet::PeerFleet(const TestSshd &sshd, int hosts)
    : m_sshd(sshd), m_hosts(hosts), m_list(sshd.folder() + QStringLiteral("/list")), m_control(sshd.folder() + QStringLiteral("/c"))
{
    QByteArray list;
    for (int i = 0; i < hosts; ++i)
        list += address(i).toUtf8() + '\n';
    const QString known = sshd.folder() + QStringLiteral("/known");
    if (!write(m_list, list) || !write(known, "* " + read(sshd.folder() + QStringLiteral("/hostkey.pub"))) ||
        !write(m_list + QStringLiteral(".vars"), "[all:vars]\nansible_ssh_private_key_file=" + sshd.endpoint().identity.toUtf8() + '\n'))
        std::fprintf(stderr, "cannot write into %s\n", qPrintable(sshd.folder()));
    QDir().mkpath(m_control);
    m_options = QStringLiteral("-F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=%1 -o IdentityAgent=none "
                               "-o KexAlgorithms=curve25519-sha256 -o Port=%2 -o IdentityFile=%3")
                    .arg(known).arg(sshd.port()).arg(sshd.endpoint().identity);
}

PeerFleet::~PeerFleet()
{
    for (const qint64 pid : masters())
        ::kill(pid_t(pid), SIGTERM);
    for (int tries = 0; tries < 100 && !masters().isEmpty(); ++tries) // their dying is nobody else's time
        QThread::msleep(100);
}

QString PeerFleet::filled(const Peer &peer) const
{
    QString text = peer.command;
    return text.replace(QStringLiteral("{list}"), m_list)
        .replace(QStringLiteral("{options}"), m_options)
        .replace(QStringLiteral("{command}"), QString::fromLatin1(command))
        .replace(QStringLiteral("{control}"), m_control);
}

// Masters put themselves into the background; their titles carry the socket's path.
QList<qint64> PeerFleet::masters() const
{
    QList<qint64> found;
    for (const QString &name : QDir(QStringLiteral("/proc")).entryList(QDir::Dirs)) {
        bool number = false;
        const qint64 pid = name.toLongLong(&number);
        if (number && read(QStringLiteral("/proc/%1/cmdline").arg(pid)).startsWith("ssh: " + m_control.toUtf8() + '/'))
            found.append(pid);
    }
    return found;
}

bool PeerFleet::prepare(const Peer &peer)
{
    if (QStandardPaths::findExecutable(QLatin1String(peer.program)).isEmpty()) {
        std::fprintf(stderr, "%s is not installed: it is in Debian's package %s\n", peer.program, peer.package);
        return false;
    }
    if (!peer.kept)
        return true;
    const Cost first = run(peer);
    if (first.answered == m_hosts && masters().size() >= m_hosts)
        return true;
    std::fprintf(stderr, "%s: %d of %d hosts answered, %d masters are kept\n", peer.name, first.answered, m_hosts, int(masters().size()));
    return false;
}

Cost PeerFleet::run(const Peer &peer)
{
    const auto kept = [this, &peer] {
        double sum = 0;
        if (peer.kept)
            for (const qint64 pid : masters())
                sum += cpuOf(pid);
        return sum;
    };
    Cost cost;
    const double before = cpuMs(RUSAGE_CHILDREN) + kept();
    QElapsedTimer wall;
    wall.start();
    QProcess process;
    // Masters that stay hold their standard error open; a file does not mind.
    process.setStandardErrorFile(m_sshd.folder() + QStringLiteral("/errors"));
    process.start(QStringLiteral("bash"), {QStringLiteral("-c"), filled(peer)});
    process.waitForFinished(600'000);
    cost.wallMs = double(wall.nsecsElapsed()) / 1e6;
    cost.answered = answersIn(process.readAllStandardOutput());
    cost.cpuMs = cpuMs(RUSAGE_CHILDREN) + kept() - before;
    if (cost.answered != m_hosts)
        std::fprintf(stderr, "%s: %s\n", peer.name, read(m_sshd.folder() + QStringLiteral("/errors")).right(500).constData());
    return cost;
}

} // namespace bellwether
