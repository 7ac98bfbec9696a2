#pragma once
// Processes of this machine, named so that a reused pid is never mistaken for another: pid and the start time the
// kernel keeps (field 22 of /proc/PID/stat). Signals go through a pidfd after the name was checked on it.
#include <QList>
#include <QString>

namespace bellwether {

struct ProcessId {
    qint64 pid = 0;
    QString startTime;
    QString toText() const { return QStringLiteral("%1 %2").arg(pid).arg(startTime); }
    static ProcessId fromText(const QString &text); // pid 0 when it is none
    bool operator==(const ProcessId &) const = default;
};

struct RunningProcess {
    ProcessId id;
    qint64 parent = 0;
    QString command; // the kernel's short name, at most 15 characters
};

RunningProcess readProcess(qint64 pid); // id.pid 0 when it does not run; a zombie does not
bool isRunning(const ProcessId &id);
QList<RunningProcess> allProcesses();
QList<RunningProcess> descendantsOf(const ProcessId &root); // not the root itself
QList<RunningProcess> withEnvironment(const QByteArray &assignment); // KEY=value in the environment they began with
bool sendSignal(const ProcessId &id, int signal); // false when it is gone

// Asks all of them to end (SIGTERM), waits up to graceMs, then ends what is left (SIGKILL). True when all are gone.
bool endProcesses(const QList<ProcessId> &processes, int graceMs);

} // namespace bellwether
