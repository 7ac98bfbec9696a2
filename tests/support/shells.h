#pragma once
// Real shells of this machine and programs run in them, for tests.
#include <QByteArray>
#include <QProcess>
#include <QStandardPaths>
#include <QStringList>

#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bellwether {

// Where a program that tests need is. Without it they fail: a test that is left out in silence would prove nothing.
inline QString neededProgram(const char *name)
{
    const QString path = QStandardPaths::findExecutable(QLatin1String(name));
    if (path.isEmpty())
        qWarning("%s is missing here: installer/packages.sh names what the tests need", name);
    return path.isEmpty() ? QString::fromLatin1(name) : path;
}

// POSIX shells, as the words that start them.
inline QList<QStringList> posixShells()
{
    QString busybox = qEnvironmentVariable("BELLWETHER_BUSYBOX");
    if (busybox.isEmpty())
        busybox = neededProgram("busybox");
    return {{neededProgram("dash")}, {neededProgram("bash")}, {neededProgram("mksh")}, {busybox, QStringLiteral("sh")}};
}

struct ProcessResult {
    int exitStatus = -1;
    QByteArray out, err;
};

inline ProcessResult runProcess(const QStringList &words, const QByteArray &input = {}, const QString &folder = {})
{
    QProcess process;
    process.setWorkingDirectory(folder);
    // As sshd starts it: nothing open but the three. (What shells hide above them depends on what is free there.)
    process.setChildProcessModifier([] { ::syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC); });
    process.start(words.first(), words.mid(1));
    process.write(input);
    process.closeWriteChannel();
    ProcessResult result;
    if (!process.waitForFinished(30'000)) {
        process.kill();
        process.waitForFinished();
        return result;
    }
    if (process.exitStatus() == QProcess::NormalExit)
        result.exitStatus = process.exitCode();
    result.out = process.readAllStandardOutput();
    result.err = process.readAllStandardError();
    return result;
}

} // namespace bellwether
