#include "desk.h"

#include "demo/processes.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVariant>
#include <QDir>
#include <QFile>
#include <QUuid>
#include <QtEndian>

namespace bellwether {

namespace {

constexpr int kPatienceMs = 30'000; // for a server to begin on a busy machine

} // namespace

Desk::Desk() : m_environment(QProcessEnvironment::systemEnvironment()), m_mark(QUuid::createUuid().toString(QUuid::WithoutBraces))
{
    for (const char *name : {"WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "AT_SPI_BUS_ADDRESS", "QT_QPA_PLATFORM", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON",
                             "NO_AT_BRIDGE", "SESSION_MANAGER"})
        m_environment.remove(QString::fromLatin1(name));
    for (const char *name : {"HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"})
        m_environment.insert(QString::fromLatin1(name), m_folder.path());
    m_environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C.UTF-8"));
    m_environment.insert(QStringLiteral("GSETTINGS_BACKEND"), QStringLiteral("memory"));
    m_environment.insert(QStringLiteral("BELLWETHER_DESK"), m_mark); // by it we find what the bus starts

    const QString display = startServer(QStringLiteral("Xvfb"), {QStringLiteral("-displayfd"), QStringLiteral("1"), QStringLiteral("-screen"), QStringLiteral("0"), QStringLiteral("1600x1000x24"),
                                                                 QStringLiteral("-nolisten"), QStringLiteral("tcp"), QStringLiteral("-fbdir"), m_folder.path()});
    if (display.isEmpty())
        return;
    m_environment.insert(QStringLiteral("DISPLAY"), u':' + display);
    const QString bus = startServer(QStringLiteral("dbus-daemon"), {QStringLiteral("--session"), QStringLiteral("--nofork"), QStringLiteral("--nopidfile"), QStringLiteral("--print-address=1")});
    if (bus.isEmpty())
        return;
    m_environment.insert(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"), bus);
    auto manager = start(QStringLiteral("openbox"), {QStringLiteral("--sm-disable")});
    if (!manager) {
        error = QStringLiteral("openbox does not start");
        return;
    }
    m_servers.push_back(std::move(manager));
    if (!announceScreenReader(bus))
        error = QStringLiteral("there is no accessibility bus");
}

Desk::~Desk()
{
    QDBusConnection::disconnectFromBus(m_mark);
    QList<ProcessId> ours; // what the bus started, besides our own; read while they run
    for (const RunningProcess &process : withEnvironment("BELLWETHER_DESK=" + m_mark.toLatin1()))
        ours.append(process.id);
    for (auto it = m_servers.rbegin(); it != m_servers.rend(); ++it) {
        (*it)->terminate();
        if (!(*it)->waitForFinished(10'000))
            (*it)->kill();
    }
    m_servers.clear();
    endProcesses(ours, 10'000);
}

std::unique_ptr<QProcess> Desk::start(const QString &program, const QStringList &arguments) const
{
    auto process = std::make_unique<QProcess>();
    process->setProcessEnvironment(m_environment);
    process->setStandardInputFile(QProcess::nullDevice());
    process->start(program, arguments);
    return process->waitForStarted(kPatienceMs) ? std::move(process) : nullptr;
}

QString Desk::startServer(const QString &program, const QStringList &arguments)
{
    auto process = start(program, arguments);
    while (process && !process->canReadLine() && process->waitForReadyRead(kPatienceMs))
        ;
    if (!process || !process->canReadLine()) {
        error = QStringLiteral("%1 does not start: %2").arg(program, process ? QString::fromUtf8(process->readAllStandardError()) : QString());
        return {};
    }
    const QString line = QString::fromUtf8(process->readLine()).trimmed();
    m_servers.push_back(std::move(process));
    return line;
}

// As a screen reader does when it begins: asks org.a11y.Bus for the accessibility bus (the session bus starts it), and
// sets the two properties of org.a11y.Status that toolkits wait for.
bool Desk::announceScreenReader(const QString &sessionBus)
{
    QDBusConnection session = QDBusConnection::connectToBus(sessionBus, m_mark);
    const auto call = [&](const QString &interface, const QString &method, const QVariantList &arguments) {
        QDBusMessage message = QDBusMessage::createMethodCall(QStringLiteral("org.a11y.Bus"), QStringLiteral("/org/a11y/bus"), interface, method);
        message.setArguments(arguments);
        return session.call(message, QDBus::Block, kPatienceMs);
    };
    m_accessibilityBus = call(QStringLiteral("org.a11y.Bus"), QStringLiteral("GetAddress"), {}).arguments().value(0).toString();
    for (const char *property : {"IsEnabled", "ScreenReaderEnabled"}) {
        const QDBusMessage set = call(QStringLiteral("org.freedesktop.DBus.Properties"), QStringLiteral("Set"),
                                      {QStringLiteral("org.a11y.Status"), QString::fromLatin1(property), QVariant::fromValue(QDBusVariant(true))});
        if (set.type() == QDBusMessage::ErrorMessage)
            return false;
    }
    return !m_accessibilityBus.isEmpty();
}

// Xvfb keeps its picture in a file, in the format of xwd: a header of big-endian words (0: its own length, 4 and 5: width
// and height, 12: bytes in a line, 19: colours that follow it, 12 bytes each), then the pixels.
QImage Desk::screen() const
{
    QFile file(m_folder.filePath(QStringLiteral("Xvfb_screen0")));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QByteArray bytes = file.readAll();
    const auto word = [&](qsizetype n) { return bytes.size() >= (n + 1) * 4 ? static_cast<int>(qFromBigEndian<quint32>(bytes.constData() + n * 4)) : 0; };
    const int width = word(4), height = word(5), line = word(12), from = word(0) + word(19) * 12;
    if (width <= 0 || bytes.size() < from + qsizetype{line} * height)
        return {};
    return QImage(reinterpret_cast<const uchar *>(bytes.constData()) + from, width, height, line, QImage::Format_RGB32).copy();
}

} // namespace bellwether
