#include "screenreader.h"

#include <QCoreApplication>
#include <QDBusArgument>
#include <QDBusMessage>
#include <QDBusObjectPath>
#include <QDBusPendingCall>
#include <QDBusVariant>
#include <QElapsedTimer>
#include <QSet>
#include <QTest>

namespace bellwether {

namespace {

constexpr int kPatienceMs = 30'000; // for one answer of a busy program

const QString accessible = QStringLiteral("org.a11y.atspi.Accessible");
const QString properties = QStringLiteral("org.freedesktop.DBus.Properties");
const QString rootPath = QStringLiteral("/org/a11y/atspi/accessible/root");

using Reference = QPair<QString, QString>; // (so): a service and a path there

Reference referenceFrom(const QDBusArgument &argument)
{
    QString service;
    QDBusObjectPath path;
    argument.beginStructure();
    argument >> service >> path;
    argument.endStructure();
    return {service, path.path()};
}

QList<Reference> referencesFrom(const QDBusArgument &argument)
{
    QList<Reference> all;
    argument.beginArray();
    while (!argument.atEnd())
        all.append(referenceFrom(argument));
    argument.endArray();
    return all;
}

QDBusArgument firstOf(const QDBusMessage &reply)
{
    return reply.arguments().value(0).value<QDBusArgument>();
}

QString textOf(const QDBusMessage &reply)
{
    return reply.arguments().value(0).value<QDBusVariant>().variant().toString();
}

} // namespace

ScreenReader::ScreenReader(const QString &accessibilityBus, qint64 pid)
    : m_bus(QDBusConnection::connectToBus(accessibilityBus, QStringLiteral("screen reader of %1").arg(pid))), m_pid(pid)
{
}

ScreenReader::~ScreenReader()
{
    QDBusConnection::disconnectFromBus(m_bus.name());
}

QDBusMessage ScreenReader::call(const QString &path, const QString &interface, const QString &method, const QVariantList &arguments) const
{
    QDBusMessage message = QDBusMessage::createMethodCall(m_service, path, interface, method);
    message.setArguments(arguments);
    return m_bus.call(message, QDBus::Block, kPatienceMs);
}

QString ScreenReader::property(const QString &path, const QString &name) const
{
    return textOf(call(path, properties, QStringLiteral("Get"), {accessible, name}));
}

// Programs register with the registry; ours is the one whose bus connection has its pid.
bool ScreenReader::waitForProgram(int seconds)
{
    return QTest::qWaitFor([this] {
        QDBusMessage ask = QDBusMessage::createMethodCall(QStringLiteral("org.a11y.atspi.Registry"), rootPath, accessible, QStringLiteral("GetChildren"));
        const QDBusMessage reply = m_bus.call(ask, QDBus::Block, kPatienceMs);
        if (reply.type() != QDBusMessage::ReplyMessage)
            return false;
        for (const Reference &program : referencesFrom(firstOf(reply))) {
            QDBusMessage whose = QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.DBus"), QStringLiteral("/org/freedesktop/DBus"), QStringLiteral("org.freedesktop.DBus"),
                                                                QStringLiteral("GetConnectionUnixProcessID"));
            whose.setArguments({program.first});
            if (m_bus.call(whose, QDBus::Block, kPatienceMs).arguments().value(0).toLongLong() == m_pid)
                m_service = program.first;
        }
        return !m_service.isEmpty();
    }, seconds * 1000) && tellUsOfFocus();
}

// Programs say only what somebody asked the registry for.
bool ScreenReader::tellUsOfFocus()
{
    QDBusMessage ask = QDBusMessage::createMethodCall(QStringLiteral("org.a11y.atspi.Registry"), QStringLiteral("/org/a11y/atspi/registry"), QStringLiteral("org.a11y.atspi.Registry"),
                                                      QStringLiteral("RegisterEvent"));
    ask.setArguments({QStringLiteral("Focus:")});
    return m_bus.connect(m_service, QString(), QStringLiteral("org.a11y.atspi.Event.Focus"), QStringLiteral("Focus"), this, SLOT(followFocus(QDBusMessage)))
        && m_bus.call(ask, QDBus::Block, kPatienceMs).type() == QDBusMessage::ReplyMessage;
}

void ScreenReader::followFocus(const QDBusMessage &event)
{
    m_focus = event.path();
}

QString ScreenReader::parent(const QString &path) const
{
    const QDBusMessage reply = call(path, properties, QStringLiteral("Get"), {accessible, QStringLiteral("Parent")});
    return reply.type() == QDBusMessage::ReplyMessage ? referenceFrom(reply.arguments().value(0).value<QDBusVariant>().variant().value<QDBusArgument>()).second : QString();
}

QStringList ScreenReader::children(const QString &path) const
{
    const QDBusMessage reply = call(path, accessible, QStringLiteral("GetChildren"));
    QStringList all;
    if (reply.type() == QDBusMessage::ReplyMessage) {
        for (const Reference &child : referencesFrom(firstOf(reply)))
            all.append(child.second);
    }
    return all;
}

// Role, name and states of many at once: all questions are asked before the first answer is read.
QList<Seen> ScreenReader::read(const QList<QPair<QString, QString>> &paths) const
{
    struct Asked {
        QDBusPendingCall role, name, states;
    };
    QList<Asked> asked;
    const auto ask = [this](const QString &path, const QString &interface, const QString &method, const QVariantList &arguments = {}) {
        QDBusMessage message = QDBusMessage::createMethodCall(m_service, path, interface, method);
        message.setArguments(arguments);
        return m_bus.asyncCall(message, kPatienceMs);
    };
    for (const auto &[path, parent] : paths)
        asked.append({ask(path, accessible, QStringLiteral("GetRoleName")), ask(path, properties, QStringLiteral("Get"), {accessible, QStringLiteral("Name")}),
                      ask(path, accessible, QStringLiteral("GetState"))});
    QList<Seen> all;
    for (qsizetype i = 0; i < asked.size(); ++i) {
        Asked &one = asked[i];
        one.role.waitForFinished();
        one.name.waitForFinished();
        one.states.waitForFinished();
        if (one.states.isError() || one.role.isError())
            continue; // gone meanwhile
        const auto states = qdbus_cast<QList<uint>>(one.states.reply().arguments().value(0));
        const quint64 bits = states.size() < 2 ? 0 : (quint64{states[1]} << 32 | states[0]);
        all.append({paths[i].first, paths[i].second, one.role.reply().arguments().value(0).toString(), textOf(one.name.reply()), bits});
    }
    return all;
}

QList<Seen> ScreenReader::look() const
{
    QList<Seen> all;
    QList<QPair<QString, QString>> level;
    for (const QString &window : children(rootPath))
        level.append({window, rootPath});
    while (!level.isEmpty()) {
        QList<QDBusPendingCall> asked;
        QStringList parents;
        for (const Seen &seen : read(level)) {
            if (!seen.is(SeenState::Showing))
                continue;
            all.append(seen);
            if (seen.role == QLatin1String("table") || seen.role == QLatin1String("tree"))
                continue;
            asked.append(m_bus.asyncCall(QDBusMessage::createMethodCall(m_service, seen.path, accessible, QStringLiteral("GetChildren")), kPatienceMs));
            parents.append(seen.path);
        }
        level.clear();
        for (qsizetype i = 0; i < asked.size(); ++i) {
            asked[i].waitForFinished();
            if (asked[i].isError())
                continue;
            for (const Reference &child : referencesFrom(firstOf(asked[i].reply())))
                level.append({child.second, parents[i]});
        }
    }
    return all;
}

QList<Seen> ScreenReader::front() const
{
    const QList<Seen> all = look();
    QSet<QString> inside;
    for (const Seen &seen : all) {
        if (seen.role == QLatin1String("dialog"))
            inside = {seen.path};
    }
    if (inside.isEmpty())
        return all;
    QList<Seen> found;
    for (const Seen &seen : all) { // parents come before their children
        if (inside.contains(seen.path) || inside.contains(seen.parent)) {
            inside.insert(seen.path);
            found.append(seen);
        }
    }
    return found;
}

std::optional<Seen> ScreenReader::find(const Matches &matches) const
{
    for (const Seen &seen : front()) {
        if (matches(seen))
            return seen;
    }
    return std::nullopt;
}

std::optional<Seen> ScreenReader::wait(const Matches &matches, int seconds) const
{
    std::optional<Seen> found;
    QElapsedTimer waited; // the longer it lasts, the more rarely one looks: looking is work for the program
    waited.start();
    while (!(found = find(matches)) && !waited.hasExpired(seconds * 1000))
        QTest::qWait(int(std::min<qint64>(1500, 150 + waited.elapsed() / 10)));
    return found;
}

std::optional<Seen> ScreenReader::focused() const
{
    const auto isItem = [](const Seen &seen) { return seen.role == QLatin1String("list item") || seen.role == QLatin1String("page tab") || seen.role == QLatin1String("table cell"); };
    QCoreApplication::processEvents(); // what the program said since
    for (QString path = m_focus; !path.isEmpty() && path != rootPath;) {
        const QList<Seen> told = read({{path, QString()}});
        if (told.isEmpty() || !told.first().is(SeenState::Showing) || !told.first().is(SeenState::Focused))
            break;
        if (!isItem(told.first()))
            return told.first();
        path = parent(path);
    }
    std::optional<Seen> found; // nothing was said yet, or what has it is gone: whoever has it now
    for (const Seen &seen : look()) {
        if (seen.is(SeenState::Focused) && !isItem(seen))
            found = seen;
    }
    return found;
}

QList<QStringList> ScreenReader::cells(const Seen &table) const
{
    const QString interface = QStringLiteral("org.a11y.atspi.Table");
    const auto count = [&](const QString &what) {
        return call(table.path, properties, QStringLiteral("Get"), {interface, what}).arguments().value(0).value<QDBusVariant>().variant().toInt();
    };
    const int rows = std::min(count(QStringLiteral("NRows")), 60), columns = count(QStringLiteral("NColumns"));
    QList<QStringList> all;
    for (int row = 0; row < rows; ++row) {
        QStringList line;
        for (int column = 0; column < columns; ++column) {
            const QDBusMessage at = call(table.path, interface, QStringLiteral("GetAccessibleAt"), {row, column});
            line.append(at.type() == QDBusMessage::ReplyMessage ? property(referenceFrom(firstOf(at)).second, QStringLiteral("Name")) : QString());
        }
        all.append(line);
    }
    return all;
}

QString ScreenReader::description(const Seen &seen) const
{
    return property(seen.path, QStringLiteral("Description"));
}

QString ScreenReader::label(const Seen &seen) const
{
    constexpr uint labelledBy = 2; // ATSPI_RELATION_LABELLED_BY
    const QDBusMessage reply = call(seen.path, accessible, QStringLiteral("GetRelationSet"));
    QStringList labels;
    if (reply.type() == QDBusMessage::ReplyMessage) {
        const QDBusArgument relations = firstOf(reply);
        relations.beginArray();
        while (!relations.atEnd()) {
            uint kind = 0;
            relations.beginStructure();
            relations >> kind;
            for (const Reference &target : referencesFrom(relations)) {
                if (kind == labelledBy)
                    labels.append(property(target.second, QStringLiteral("Name")));
            }
            relations.endStructure();
        }
        relations.endArray();
    }
    return labels.isEmpty() ? seen.name : labels.join(u' ');
}

QString ScreenReader::text(const Seen &seen) const
{
    return call(seen.path, QStringLiteral("org.a11y.atspi.Text"), QStringLiteral("GetText"), {0, -1}).arguments().value(0).toString();
}

QRect ScreenReader::where(const Seen &seen) const
{
    constexpr uint screen = 0; // ATSPI_COORD_TYPE_SCREEN
    const QDBusMessage reply = call(seen.path, QStringLiteral("org.a11y.atspi.Component"), QStringLiteral("GetExtents"), {screen});
    if (reply.type() != QDBusMessage::ReplyMessage)
        return {};
    int x = 0, y = 0, width = 0, height = 0;
    const QDBusArgument extents = firstOf(reply);
    extents.beginStructure();
    extents >> x >> y >> width >> height;
    extents.endStructure();
    return {x, y, width, height};
}

} // namespace bellwether
