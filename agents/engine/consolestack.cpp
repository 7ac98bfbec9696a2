#include "engine/consolestack.h"

#include "base/loopthread.h"
#include "base/mailbox.h"
#include "engine/engine.h"
#include "engine/truststore.h"
#include "journal/datafolder.h"
#include "journal/journal.h"
#include "ssh/credentials.h"
#include "ssh/sshpool.h"
#include "steps/sshhosts.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QEvent>
#include <QTimer>
#include <future>

namespace bellwether {

namespace {

constexpr qint64 givingBackMs = 5000;

// Work for the engine's thread: values in a mailbox, an event without any.
class Errands final : public QObject {
public:
    Errands()
    {
        m_work.setWake([this] { QCoreApplication::postEvent(this, new QEvent(QEvent::User)); });
    }
    void put(std::function<void()> work) { m_work.put(std::move(work)); }

protected:
    void customEvent(QEvent *) override // never looked at: it was made on another thread
    {
        for (const auto &work : m_work.takeAll())
            work();
    }

private:
    Mailbox<std::function<void()>> m_work;
};

} // namespace

struct ConsoleStack::Private {
    explicit Private(std::unique_ptr<Keychain> keychain) : credentials(std::move(keychain)) {}
    SystemClock clock;
    TrustStore trust;
    Credentials credentials;
    std::unique_ptr<JournalWriter> writer;
    std::unique_ptr<JournalWriterPort> between;
    std::unique_ptr<LoopThread> thread;
    Errands *context = nullptr; // lives on the engine's thread
    std::unique_ptr<SshPool> pool;
    std::unique_ptr<RemoteShell> shellBetween;
    std::unique_ptr<SshHosts> hosts;
    std::unique_ptr<Engine> engine;
    std::unique_ptr<QTimer> timer;

    void onThread(const std::function<void()> &work)
    {
        auto done = std::make_shared<std::promise<void>>();
        context->put([work, done] {
            work();
            done->set_value();
        });
        done->get_future().wait();
    }
};

ConsoleStack::ConsoleStack(std::unique_ptr<Keychain> keychain)
    : d(std::make_unique<Private>(std::move(keychain)))
{}

Result<std::unique_ptr<ConsoleStack>> ConsoleStack::open(const QString &dataFolder, const Between &between, std::unique_ptr<Keychain> keychain)
{
    QList<Event> events;
    auto writer = JournalWriter::open(dataFolder, &events);
    if (!writer)
        return std::unexpected(writer.error());
    const auto library = loadShippedLibrary();
    if (!library)
        return std::unexpected(library.error());

    const QString workspaceId = (*writer)->workspaceId();
    Workspace workspace;
    workspace.id = workspaceId;
    workspace.library = std::make_shared<Library>(*library);
    for (const Event &event : std::as_const(events))
        apply(workspace, event);

    std::unique_ptr<ConsoleStack> stack(new ConsoleStack(std::move(keychain)));
    Private &d = *stack->d;
    d.writer = std::move(*writer);
    if (between.journal)
        d.between = between.journal(*d.writer);
    d.thread = std::make_unique<LoopThread>(QStringLiteral("engine"));
    d.context = new Errands;
    d.context->moveToThread(d.thread->asQThread());
    d.thread->begin();
    auto begun = std::make_shared<std::promise<void>>();
    d.onThread([&] {
        d.pool = std::make_unique<SshPool>(d.trust, d.context, SshOptions(), &d.credentials, [d = &d](const QString &name) -> std::optional<Endpoint> {
            const Installation *jump = d->engine ? d->engine->workspace().inventory.find(name) : nullptr;
            return jump ? std::optional(jump->endpoint) : std::nullopt;
        });
        if (between.shell)
            d.shellBetween = between.shell(*d.pool);
        d.hosts = std::make_unique<SshHosts>(d.shellBetween ? *d.shellBetween : *d.pool, d.clock, &d.credentials);
        d.engine = std::make_unique<Engine>(Engine::Setup{d.between ? *d.between : static_cast<JournalWriterPort &>(*d.writer), *d.hosts, d.clock, d.trust, dataFolder, std::move(workspace), consoleName(workspaceId, dataFolder),
                                                           [&credentials = d.credentials] { credentials.personAsked(); }, d.pool.get(), between.sleep});
        d.engine->begin([begun] { begun->set_value(); });
        d.timer = std::make_unique<QTimer>();
        QObject::connect(d.timer.get(), &QTimer::timeout, d.engine.get(), [engine = d.engine.get()] { engine->tick(); });
        d.timer->start(100);
    });
    if (begun->get_future().wait_for(std::chrono::seconds(15)) != std::future_status::ready)
        return fail(ErrorCode::JournalWrite, {QStringLiteral("the journal did not take the start of this console within 15 s")});
    return stack;
}

ConsoleStack::~ConsoleStack()
{
    if (!d->engine)
        return;
    const QDeadlineTimer deadline(givingBackMs);
    for (bool busy = true; busy && !deadline.hasExpired(); QThread::msleep(busy ? 20 : 0))
        d->onThread([&] { busy = d->engine->isGivingBack(); });
    d->onThread([this] {
        d->timer.reset();
        d->engine->stop();
    });
    d->writer.reset(); // commits what is queued; its answers reach an engine that has stopped
    d->onThread([this] {
        d->engine.reset();
        d->hosts.reset();
        d->shellBetween.reset();
        d->pool.reset();
        d->context->deleteLater();
    });
    d->thread.reset();
}

CredentialPort &ConsoleStack::credentials()
{
    return d->credentials;
}

ConsolePort &ConsoleStack::port()
{
    return *d->engine;
}

} // namespace bellwether
