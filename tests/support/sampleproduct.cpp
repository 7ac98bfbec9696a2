#include "sampleproduct.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QProcess>
#include <QThread>

#include <arpa/inet.h>
#include <atomic>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace bellwether {

QString sampleExecutable()
{
    return QStringLiteral(BELLWETHER_BINARY_DIR "/bin/bellwether-sample");
}

QString testNetwork()
{
    const qint64 pid = ::getpid();
    return QStringLiteral("127.%1.%2").arg(32 + pid % 200).arg(pid / 200 % 250);
}

QByteArray httpGet(const QString &address, int port, const QString &path, int *status)
{
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<uint16_t>(port));
    ::inet_pton(AF_INET, address.toLatin1().constData(), &name.sin_addr);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    QByteArray answer;
    if (::connect(fd, reinterpret_cast<sockaddr *>(&name), sizeof name) == 0) {
        const QByteArray request = "GET " + path.toLatin1() + " HTTP/1.1\r\nHost: test\r\n\r\n";
        char bytes[4096];
        ssize_t n = ::send(fd, request.constData(), static_cast<size_t>(request.size()), MSG_NOSIGNAL);
        while (n > 0 && (n = ::recv(fd, bytes, sizeof bytes, 0)) > 0)
            answer.append(bytes, n);
    }
    ::close(fd);
    if (status)
        *status = answer.mid(9, 3).toInt();
    return answer.mid(answer.indexOf("\r\n\r\n") + 4);
}

Ran runProgram(const QString &directory, const QStringList &argv, const QByteArray &input, int timeoutMs)
{
    QProcess process;
    process.setWorkingDirectory(directory);
    process.start(argv.first(), argv.mid(1));
    process.write(input);
    process.closeWriteChannel();
    const bool ended = process.waitForFinished(timeoutMs) && process.exitStatus() == QProcess::NormalExit;
    return {ended ? process.exitCode() : -1, QString::fromUtf8(process.readAllStandardOutput()), QString::fromUtf8(process.readAllStandardError())};
}

SampleProduct::SampleProduct()
{
    static std::atomic<int> count = 0;
    m_address = QStringLiteral("%1.%2").arg(testNetwork()).arg(++count % 250 + 1);
    const QString registry = m_folder.filePath(QStringLiteral("registry")), product = m_folder.filePath(QStringLiteral("product"));
    QDir().mkpath(product);
    for (const QStringList &argv : {QStringList{sampleExecutable(), QStringLiteral("registry"), registry},
                                    QStringList{sampleExecutable(), QStringLiteral("install"), QStringLiteral("--directory"), product, QStringLiteral("--host"),
                                                QStringLiteral("test"), QStringLiteral("--domain"), domain(), QStringLiteral("--address"), m_address,
                                                QStringLiteral("--registry"), registry},
                                    QStringList{product + QStringLiteral("/bin/pull"), QStringLiteral("1.4.0")}}) {
        const Ran ran = runProgram(m_folder.path(), argv);
        if (ran.status != 0)
            error += ran.err;
    }
    QFile::remove(path(QStringLiteral("effects.log")));
    setFaults({});
}

SampleProduct::~SampleProduct()
{
    setFaults({});
    run({QStringLiteral("stop")});
}

Ran SampleProduct::run(const QStringList &argv, const QByteArray &input)
{
    return runProgram(path(QString()), QStringList{path(QStringLiteral("bin/") + argv.first())} + argv.mid(1), input);
}

Ran SampleProduct::upgrade(const QString &version)
{
    if (Ran pulled = run({QStringLiteral("pull"), version}); pulled.status != 0)
        return pulled;
    run({QStringLiteral("stop")});
    pin(version);
    return run({QStringLiteral("start"), version});
}

void SampleProduct::pin(const QString &version)
{
    QList<QByteArray> lines = read(QStringLiteral(".env")).split('\n');
    for (QByteArray &line : lines) {
        if (line.startsWith("SAMPLE_VERSION="))
            line = "SAMPLE_VERSION=" + version.toLatin1();
    }
    QFile file(path(QStringLiteral(".env")));
    if (file.open(QIODevice::WriteOnly | QIODevice::Truncate))
        file.write(lines.join('\n'));
}

void SampleProduct::setFaults(const QByteArray &text)
{
    QFile file(path(QStringLiteral("faults")));
    if (file.open(QIODevice::WriteOnly | QIODevice::Truncate))
        file.write("pause=off\n" + text);
}

QJsonObject SampleProduct::json(const QStringList &argv)
{
    return QJsonDocument::fromJson(run(argv).out.toUtf8()).object();
}

QByteArray SampleProduct::get(const QString &path, int *status)
{
    return httpGet(m_address, 8080, path, status);
}

bool SampleProduct::becomes(const QString &health, int withinMs)
{
    QElapsedTimer timer;
    timer.start();
    do {
        if (QJsonDocument::fromJson(get(QStringLiteral("/health"))).object()[u"status"].toString() == health)
            return true;
        QThread::msleep(20);
    } while (timer.elapsed() < withinMs);
    return false;
}

QString SampleProduct::rows()
{
    return runProgram(path(QString()), {sampleExecutable(), QStringLiteral("dump")}).out;
}

QStringList SampleProduct::effects() const
{
    return QString::fromUtf8(read(QStringLiteral("effects.log"))).split(u'\n', Qt::SkipEmptyParts);
}

QByteArray SampleProduct::read(const QString &relative) const
{
    QFile file(path(relative));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace bellwether
