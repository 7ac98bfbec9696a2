#include "service.h"

#include <QFile>
#include <QThread>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bellwether::sample {

namespace {

// In the child: a session of its own, nothing of the caller's left open, output to the log.
[[noreturn]] void becomeService(const QByteArray &log, const QByteArray &program, const QByteArray &directory)
{
    ::setsid();
    const int in = ::open("/dev/null", O_RDONLY);
    const int out = ::open(log.constData(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    for (int fd = 3; fd < 1024; ++fd)
        ::close(fd);
    ::execl(program.constData(), program.constData(), "serve", "--directory", directory.constData(), nullptr);
    ::_exit(127);
}

// Copies what the log has gained to standard output; true when the migrations are done.
bool showNewLines(QFile &log, QByteArray &rest)
{
    const QByteArray bytes = log.readAll();
    if (!bytes.isEmpty())
        [[maybe_unused]] const ssize_t n = ::write(STDOUT_FILENO, bytes.constData(), static_cast<size_t>(bytes.size()));
    rest += bytes;
    const bool done = rest.contains(" INFO migrations done\n");
    rest = rest.mid(rest.lastIndexOf('\n') + 1);
    return done;
}

} // namespace

int startAndFollow(const Product &product)
{
    std::signal(SIGPIPE, SIG_IGN);
    if (const Process running = servingProcess(product); running.pid) {
        std::fprintf(stderr, "it is running already, as process %lld\n", static_cast<long long>(running.pid));
        return 1;
    }
    const QByteArray logName = QFile::encodeName(product.path(QStringLiteral("log/sample.log")));
    QFile log(QString::fromUtf8(logName));
    if (!log.open(QIODevice::ReadWrite | QIODevice::Append))
        return 1;
    log.seek(log.size());
    const QByteArray program = QFile::encodeName(QFile::symLinkTarget(QStringLiteral("/proc/self/exe")));
    const pid_t child = ::fork();
    if (child < 0)
        return 1;
    if (child == 0)
        becomeService(logName, program, QFile::encodeName(product.directory()));
    QByteArray rest;
    for (;;) {
        int status = 0;
        const bool ended = ::waitpid(child, &status, WNOHANG) == child;
        if (showNewLines(log, rest))
            return 0;
        if (ended) {
            std::fprintf(stderr, "bellwether-sample ended with %s %d\n", WIFSIGNALED(status) ? "signal" : "status",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            return 1;
        }
        QThread::msleep(50);
    }
}

int stopService(const Product &product)
{
    const Process process = servingProcess(product);
    if (!process.pid) {
        std::puts("it is not running");
        return 0;
    }
    const auto pid = static_cast<pid_t>(process.pid);
    ::kill(pid, SIGTERM);
    for (int i = 0; i < 200 && process.isAlive(); ++i)
        QThread::msleep(50);
    if (process.isAlive()) {
        std::puts("it did not stop within 10 s: ended by force");
        ::kill(pid, SIGKILL);
        for (int i = 0; i < 100 && process.isAlive(); ++i)
            QThread::msleep(50);
    }
    if (process.isAlive())
        return 1;
    std::printf("stopped process %lld\n", static_cast<long long>(process.pid));
    return 0;
}

} // namespace bellwether::sample
