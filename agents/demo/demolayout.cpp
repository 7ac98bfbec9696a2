#include "demo/demolayout.h"

#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QSaveFile>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bellwether {

namespace {

QString currentUser()
{
    const passwd *entry = ::getpwuid(::getuid());
    return entry ? QString::fromLocal8Bit(entry->pw_name) : QStringLiteral("root");
}

} // namespace

QString DemoLayout::name(int n) const
{
    return QStringLiteral("demo-%1").arg(n, 2, 10, QLatin1Char('0'));
}

QString DemoLayout::address(int n) const
{
    return QStringLiteral("%1.%2").arg(network).arg(n);
}

QString DemoLayout::path(const QString &relative) const
{
    return folder + u'/' + relative;
}

QString DemoLayout::hostPath(int n, const QString &relative) const
{
    return QStringLiteral("%1/hosts/%2/%3").arg(folder, name(n), relative);
}

QString DemoLayout::hostKey(int n) const
{
    return path(QStringLiteral("keys/") + name(n));
}

QString DemoLayout::clientKey() const
{
    return path(QStringLiteral("keys/client"));
}

// Two regions; the last two are production, and the very last one is what nobody would choose as a canary.
Installation DemoLayout::installation(int n) const
{
    Installation host;
    host.name = name(n);
    host.endpoint = {address(n), port, currentUser(), clientKey(), {}};
    host.groups = {QStringLiteral("demo")};
    host.labels.insert(QStringLiteral("region"), n % 2 ? QStringLiteral("eu") : QStringLiteral("us"));
    if (n == hosts && hosts > 1)
        host.labels.insert(QStringLiteral("critical"), QStringLiteral("true"));
    host.environment = hosts > 2 && n > hosts - 2 ? Environment::Production : Environment::Staging;
    host.product = QStringLiteral("sample");
    host.directory = hostPath(n, QStringLiteral("product"));
    host.state = hostPath(n, QStringLiteral("state"));
    host.domain = QStringLiteral("%1.example.test").arg(host.name);
    host.settings.insert(QStringLiteral("port"), QString::number(servicePort));
    return host;
}

int demoServicePort(int sshPort)
{
    const int port = sshPort + 8080 - 2222;
    return port <= 65535 ? port : port - 2 * (8080 - 2222);
}

bool canBind(const QString &address, int port)
{
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<uint16_t>(port));
    if (::inet_pton(AF_INET, address.toLatin1().constData(), &name.sin_addr) != 1)
        return false;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr *>(&name), sizeof name) == 0 && ::listen(fd, 1) == 0;
    ::close(fd);
    return bound;
}

Status writeOwnFile(const QString &path, const QByteArray &bytes)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
        return fail(ErrorCode::FileUnwritable, {path, file.errorString()});
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    if (!file.commit())
        return fail(ErrorCode::FileUnwritable, {path, file.errorString()});
    return {};
}

Result<DemoLayout> readDemoLayout(const QString &folder)
{
    const QString path = folder + QStringLiteral("/demo.json");
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::FileUnreadable, {path, file.errorString()});
    DemoLayout layout;
    const QJsonDocument document = QJsonDocument::fromJson(file.read(1 << 16));
    if (!fromJson(document.object(), layout) || layout.hosts < 1 || layout.hosts > 250 || layout.port < 1 || layout.mark.isEmpty())
        return fail(ErrorCode::FileUnreadable, {path, QStringLiteral("it is damaged; remove it")});
    layout.folder = folder;
    return layout;
}

Status writeDemoLayout(const DemoLayout &layout)
{
    return writeOwnFile(layout.path(QStringLiteral("demo.json")), QJsonDocument(toJson(layout)).toJson());
}

} // namespace bellwether
