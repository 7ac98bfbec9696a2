#include "shell/desktopkeychain.h"

#include "base/mailbox.h"

#include <QCoreApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QEvent>
#include <QFileInfo>
#include <QSet>
#include <QTimer>
#include <mutex>
#include <qt6keychain/keychain.h>

namespace bellwether {

namespace {

const QString service = QStringLiteral("Bellwether");
const QString listName = QStringLiteral("what is kept");
constexpr int busMs = 2'000;

QStringList namesOnBus(const QDBusConnection &bus, const QString &method)
{
    const auto ask = QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.DBus"), QStringLiteral("/org/freedesktop/DBus"),
                                                    QStringLiteral("org.freedesktop.DBus"), method);
    return bus.call(ask, QDBus::Block, busMs).arguments().value(0).toStringList();
}

// Without an address libdbus would start a bus of its own, which no keychain is on.
bool mayHaveBus()
{
    return qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS")
        || QFileInfo::exists(qEnvironmentVariable("XDG_RUNTIME_DIR", QStringLiteral("/nonexistent")) + QStringLiteral("/bus"));
}

QString lookForService()
{
    static const QStringList keychains{QStringLiteral("org.freedesktop.secrets"), QStringLiteral("org.kde.kwalletd5"), QStringLiteral("org.kde.kwalletd6")};
    if (!mayHaveBus())
        return QStringLiteral("no desktop session is there (D-Bus)");
    const QString name = QStringLiteral("bellwether-keychain");
    QString why = QStringLiteral("no keychain runs on this desktop (Secret Service or KWallet)");
    {
        const QDBusConnection bus = QDBusConnection::connectToBus(QDBusConnection::SessionBus, name);
        if (!bus.isConnected())
            why = QStringLiteral("the desktop's bus does not answer (D-Bus)");
        else {
            const QStringList known = namesOnBus(bus, QStringLiteral("ListNames")) + namesOnBus(bus, QStringLiteral("ListActivatableNames"));
            if (std::ranges::any_of(keychains, [&](const QString &one) { return known.contains(one); }))
                why.clear();
        }
    }
    QDBusConnection::disconnectFromBus(name);
    return why;
}

} // namespace

class DesktopKeychain::Worker final : public QObject {
public:
    using Done = std::function<void(std::optional<Secret>)>;
    explicit Worker(int deadlineMs) : m_deadlineMs(deadlineMs)
    {
        m_work.setWake([this] { QCoreApplication::postEvent(this, new QEvent(QEvent::User)); });
    }
    void put(std::function<void()> work) { m_work.put(std::move(work)); }
    QString whyNot() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_why;
    }
    void look()
    {
        const QString why = lookForService();
        const std::scoped_lock lock(m_mutex);
        m_why = why;
    }
    void read(const QString &name, const Done &done)
    {
        auto *job = new QKeychain::ReadPasswordJob(service, this);
        auto *limit = new QTimer(job);
        limit->setSingleShot(true);
        connect(limit, &QTimer::timeout, job, [done] { done(std::nullopt); });
        limit->start(m_deadlineMs);
        connect(job, &QKeychain::Job::finished, this, [job, limit, done] {
            const bool inTime = limit->isActive();
            limit->stop();
            QByteArray bytes = job->error() == QKeychain::NoError ? job->binaryData() : QByteArray();
            if (!bytes.isEmpty())
                done(Secret(std::move(bytes)));
            else if (inTime)
                done(std::nullopt);
        });
        begin(job, name);
    }
    void write(const QString &name, const Secret &secret)
    {
        auto *job = new QKeychain::WritePasswordJob(service, this);
        job->setBinaryData(secret.copy());
        connect(job, &QKeychain::Job::finished, this, [this, job, name] {
            if (job->error() == QKeychain::NoError)
                note(name);
            else
                qWarning("The desktop's keychain did not take %s: %s", qPrintable(name), qPrintable(job->errorString()));
        });
        begin(job, name);
    }
    void forget(const QString &name)
    {
        m_kept.remove(name);
        begin(new QKeychain::DeletePasswordJob(service, this), name);
    }
    void forgetAll()
    {
        withKept([this] {
            for (const QString &name : std::as_const(m_kept))
                begin(new QKeychain::DeletePasswordJob(service, this), name);
            m_kept.clear();
            begin(new QKeychain::DeletePasswordJob(service, this), listName);
        });
    }

protected:
    void customEvent(QEvent *) override
    {
        for (const auto &work : m_work.takeAll())
            work();
    }

private:
    // What was written here, by name: QtKeychain cannot list it, so the list lies beside it in the keychain.
    void withKept(const std::function<void()> &work)
    {
        auto *job = new QKeychain::ReadPasswordJob(service, this);
        connect(job, &QKeychain::Job::finished, this, [this, job, work] {
            for (const QString &name : QString::fromUtf8(job->binaryData()).split(u'\n', Qt::SkipEmptyParts))
                m_kept.insert(name);
            work();
        });
        begin(job, listName);
    }
    void note(const QString &name)
    {
        m_kept.insert(name);
        withKept([this] {
            auto *job = new QKeychain::WritePasswordJob(service, this);
            job->setBinaryData(QStringList(m_kept.cbegin(), m_kept.cend()).join(u'\n').toUtf8());
            begin(job, listName);
        });
    }
    void begin(QKeychain::Job *job, const QString &name)
    {
        job->setKey(name);
        job->start();
    }
    const int m_deadlineMs;
    Mailbox<std::function<void()>> m_work;
    mutable std::mutex m_mutex;
    QSet<QString> m_kept;
    QString m_why = QStringLiteral("the desktop's keychain has not answered yet");
};

DesktopKeychain::DesktopKeychain(int deadlineMs)
    : m_worker(new Worker(deadlineMs))
{
    m_thread.setObjectName(QStringLiteral("keychain"));
    m_worker->moveToThread(&m_thread);
    QObject::connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    m_thread.start();
    m_worker->put([worker = m_worker] { worker->look(); });
}

DesktopKeychain::~DesktopKeychain()
{
    m_thread.quit();
    m_thread.wait();
}

QString DesktopKeychain::whyNot() const
{
    const QString why = m_worker->whyNot();
    if (!why.isEmpty()) // it may have been started since
        m_worker->put([worker = m_worker] { worker->look(); });
    return why;
}

void DesktopKeychain::read(const QString &name, std::function<void(std::optional<Secret>)> done)
{
    m_worker->put([worker = m_worker, name, done = std::move(done)] { worker->read(name, done); });
}

void DesktopKeychain::write(const QString &name, Secret secret)
{
    m_worker->put([worker = m_worker, name, secret = std::move(secret)] { worker->write(name, secret); });
}

void DesktopKeychain::forget(const QString &name)
{
    m_worker->put([worker = m_worker, name] { worker->forget(name); });
}

void DesktopKeychain::forgetAll()
{
    m_worker->put([worker = m_worker] { worker->forgetAll(); });
}

} // namespace bellwether
