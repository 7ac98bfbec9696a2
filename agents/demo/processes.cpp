#include "demo/processes.h"

#include <QDir>
#include <QFile>
#include <QSet>
#include <QThread>

#include <algorithm>
#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

namespace bellwether {

ProcessId ProcessId::fromText(const QString &text)
{
    const QStringList words = text.simplified().split(u' ');
    bool ok = false;
    const qint64 pid = words.value(0).toLongLong(&ok);
    return ok && pid > 1 && words.size() == 2 ? ProcessId{pid, words[1]} : ProcessId{};
}

RunningProcess readProcess(qint64 pid)
{
    QFile stat(QStringLiteral("/proc/%1/stat").arg(pid));
    if (pid <= 1 || !stat.open(QIODevice::ReadOnly))
        return {};
    const QByteArray text = stat.readAll();
    // The name may hold blanks and brackets: fields are counted from its last closing one.
    const qsizetype open = text.indexOf('('), close = text.lastIndexOf(')');
    const QList<QByteArray> fields = text.mid(close + 2).split(' ');
    if (open < 0 || close < 0 || fields.size() < 20 || fields[0] == "Z" || fields[0] == "X")
        return {};
    return {{pid, QString::fromLatin1(fields[19])}, fields[1].toLongLong(), QString::fromUtf8(text.mid(open + 1, close - open - 1))};
}

bool isRunning(const ProcessId &id)
{
    return id.pid > 1 && readProcess(id.pid).id == id;
}

QList<RunningProcess> allProcesses()
{
    QList<RunningProcess> all;
    const QStringList names = QDir(QStringLiteral("/proc")).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &name : names) {
        bool isPid = false;
        const qint64 pid = name.toLongLong(&isPid);
        const RunningProcess process = isPid ? readProcess(pid) : RunningProcess{};
        if (process.id.pid)
            all.append(process);
    }
    return all;
}

QList<RunningProcess> descendantsOf(const ProcessId &root)
{
    QList<RunningProcess> found;
    if (!isRunning(root))
        return found;
    const QList<RunningProcess> all = allProcesses();
    QSet<qint64> family{root.pid};
    for (bool grew = true; grew;) {
        grew = false;
        for (const RunningProcess &process : all) {
            if (family.contains(process.parent) && !family.contains(process.id.pid)) {
                family.insert(process.id.pid);
                found.append(process);
                grew = true;
            }
        }
    }
    return found;
}

QList<RunningProcess> withEnvironment(const QByteArray &assignment)
{
    QList<RunningProcess> found;
    const QList<RunningProcess> all = allProcesses();
    for (const RunningProcess &process : all) {
        QFile file(QStringLiteral("/proc/%1/environ").arg(process.id.pid));
        if (process.id.pid != ::getpid() && file.open(QIODevice::ReadOnly) && ('\0' + file.readAll()).contains('\0' + assignment + '\0'))
            found.append(process);
    }
    return found;
}

bool sendSignal(const ProcessId &id, int signal)
{
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(id.pid), 0));
    if (fd < 0)
        return false;
    const bool sent = isRunning(id) && ::syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0) == 0;
    ::close(fd);
    return sent;
}

bool endProcesses(const QList<ProcessId> &processes, int graceMs)
{
    auto anyLeft = [&] { return std::ranges::any_of(processes, isRunning); };
    for (const int signal : {SIGTERM, SIGKILL}) {
        for (const ProcessId &id : processes)
            sendSignal(id, signal);
        for (int waited = 0; waited < (signal == SIGTERM ? graceMs : 5000) && anyLeft(); waited += 20)
            QThread::msleep(20);
        if (!anyLeft())
            return true;
    }
    return false;
}

} // namespace bellwether
