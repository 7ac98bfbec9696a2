#include "simconsole.h"

#include <QCoreApplication>

namespace bellwether {

SimPort::SimPort(SimTime &time, SimRandom &random, SimHosts &hosts)
    : m_time(time)
    , m_random(random)
    , m_hosts(hosts)
{}

void SimPort::freeze()
{
    m_frozen = true;
}

void SimPort::thaw()
{
    m_frozen = false;
    for (auto &answer : std::exchange(m_whileFrozen, {}))
        answer();
}

bool SimPort::arrives(const SimMachine &m)
{
    return m.up && !m.cut && !m_random.chance(m.loss);
}

template<class T>
void SimPort::answerLater(qint64 ms, std::function<void(T)> answer, T value)
{
    m_time.after(ms, [this, life = m_generation, answer = std::move(answer), value = std::move(value)] {
        auto tell = [this, life, answer, value] {
            if (life == m_generation)
                answer(value);
        };
        if (m_frozen)
            m_whileFrozen.push_back(tell);
        else
            tell();
    });
}

// There and back again: what is lost on the way there had no effect, what is lost on the way back had one.
template<class T>
void SimPort::call(const QString &product, std::function<T()> act, std::function<void(T)> answer, std::function<T(const Error &)> lost)
{
    const qint64 there = m_random.chance(0.02) ? m_random.between(1000, 8000) : m_random.between(1, 120);
    const Error error{ErrorCode::ConnectionLost, {product, QStringLiteral("no answer")}, {}, nullptr};
    m_time.after(there, [=, this, life = m_generation] {
        const SimMachine &m = m_hosts.machine(m_hosts.product(product).machine);
        if (!arrives(m))
            return life == m_generation ? answerLater<T>(m_random.between(10, 15'000), answer, lost(error)) : void();
        T value = act(); // also for a caller that has died since: the request was on its way
        if (life != m_generation)
            return;
        if (!arrives(m))
            return answerLater<T>(m_random.between(10, 15'000), answer, lost(error));
        answerLater<T>(m_random.between(1, 120), answer, std::move(value));
    });
}

template<class T>
void SimPort::callResult(const QString &product, std::function<Result<T>()> act, std::function<void(Result<T>)> answer)
{
    call<Result<T>>(product, std::move(act), std::move(answer), [](const Error &e) -> Result<T> { return std::unexpected(e); });
}

void SimPort::measure(const Installation &i, const Probes &, std::function<void(HostFacts)> done)
{
    call<HostFacts>(i.name, [this, n = i.name] { return m_hosts.measure(n); }, std::move(done), [this, n = i.name](const Error &e) {
        HostFacts f;
        f.measuredMs = m_time.now().wallMs;
        f.error = QLatin1String(errorKey(e.code));
        f.errorArgs = e.args;
        return f;
    });
}

void SimPort::sample(const Installation &i, const Probes &, int, std::function<void(Result<HealthSample>)> done)
{
    callResult<HealthSample>(i.name, [this, n = i.name]() -> Result<HealthSample> {
        HealthSample s;
        const SimProduct &p = m_hosts.product(n);
        s.health = m_hosts.healthOf(n);
        s.version = p.running ? p.version : QString();
        s.detail = nameOf(s.health);
        s.process = p.running ? QStringLiteral("%1.%2").arg(m_hosts.machine(p.machine).boot).arg(p.starts) : QString();
        return s;
    }, std::move(done));
}

void SimPort::proveBackup(const Installation &i, const Probes &, const QString &path, std::function<void(Result<Backup>)> done)
{
    callResult<Backup>(i.name, [this, n = i.name, path]() -> Result<Backup> { return m_hosts.backup(n, path); }, std::move(done));
}

void SimPort::ask(const Installation &i, const QStringList &argv, int, std::function<void(Result<bool>)> done)
{
    callResult<bool>(i.name, [this, n = i.name, argv]() -> Result<bool> { return m_hosts.ask(n, argv); }, std::move(done));
}

void SimPort::lock(const Installation &i, const QString &owner, int ttlS, const LeaseClaim &claim, std::function<void(Result<Lease>)> done)
{
    LeaseClaim told = claim; // the same on every computer
    told.by = claim.by.section(QStringLiteral(", on "), 0, 0);
    callResult<Lease>(i.name, [=, this, n = i.name] { return m_hosts.lock(n, owner, ttlS, told); }, std::move(done));
}

void SimPort::renew(const Installation &i, qint64 epoch, const QString &owner, int ttlS, std::function<void(Status)> done)
{
    call<Status>(i.name, [=, this, n = i.name] { return m_hosts.renew(n, epoch, owner, ttlS); }, std::move(done), [](const Error &e) -> Status { return std::unexpected(e); });
}

void SimPort::unlock(const Installation &i, qint64 epoch, const QString &owner, std::function<void(Status)> done)
{
    call<Status>(i.name, [=, this, n = i.name] { return m_hosts.unlock(n, epoch, owner); }, std::move(done), [](const Error &e) -> Status { return std::unexpected(e); });
}

void SimPort::start(const Installation &i, const QString &token, qint64 epoch, const QString &owner, int timeoutS, const QByteArray &script, std::function<void(Result<JobState>)> done)
{
    callResult<JobState>(i.name, [=, this, n = i.name] { return m_hosts.start(n, token, epoch, owner, script, timeoutS); }, std::move(done));
}

void SimPort::longPoll(const QString &product, const QString &token, qint64 out, qint64 untilMono, std::function<void(Result<JobPoll>)> done)
{
    const Error error{ErrorCode::ConnectionLost, {product, QStringLiteral("no answer")}, {}, nullptr};
    const SimMachine &m = m_hosts.machine(m_hosts.product(product).machine);
    if (!arrives(m))
        return answerLater<Result<JobPoll>>(m_random.between(10, 15'000), std::move(done), std::unexpected(error));
    const JobPoll p = m_hosts.poll(product, token, out);
    if (p.state == JobState::Running && p.out.isEmpty() && m_time.mono() < untilMono) {
        m_time.after(700, [=, this, life = m_generation] {
            if (life == m_generation)
                longPoll(product, token, out, untilMono, done);
        });
        return;
    }
    answerLater<Result<JobPoll>>(m_random.between(1, 120), std::move(done), p);
}

void SimPort::poll(const Installation &i, const QString &token, qint64 out, qint64, int waitS, std::function<void(Result<JobPoll>)> done)
{
    m_time.after(m_random.between(1, 120), [=, this, n = i.name, life = m_generation] {
        if (life == m_generation)
            longPoll(n, token, out, m_time.mono() + waitS * 1000LL, done);
    });
}

void SimPort::cancel(const Installation &i, const QString &token, qint64 epoch, const QString &owner, std::function<void(Status)> done)
{
    call<Status>(i.name, [=, this, n = i.name] { return m_hosts.cancel(n, token, epoch, owner); }, std::move(done), [](const Error &e) -> Status { return std::unexpected(e); });
}

void SimPort::acknowledge(const Installation &i, const QString &token, std::function<void(Status)> done)
{
    call<Status>(i.name, [=, this, n = i.name] { return m_hosts.acknowledge(n, token); }, std::move(done), [](const Error &e) -> Status { return std::unexpected(e); });
}

void SimPort::hold(const Installation &i, const QString &owner, const QString &reason, std::function<void(Status)> done)
{
    call<Status>(i.name, [=, this, n = i.name]() -> Status {
        m_hosts.hold(n, owner, reason);
        return {};
    }, std::move(done), [](const Error &e) -> Status { return std::unexpected(e); });
}

void SimPort::unhold(const Installation &i, const QString &owner, std::function<void(Status)> done)
{
    call<Status>(i.name, [=, this, n = i.name]() -> Status {
        m_hosts.unhold(n, owner);
        return {};
    }, std::move(done), [](const Error &e) -> Status { return std::unexpected(e); });
}

void SimPort::scanKey(const Installation &i, std::function<void(Result<HostKey>)> done)
{
    callResult<HostKey>(i.name, [m = i.endpoint.machine()]() -> Result<HostKey> { return HostKey{m, QStringLiteral("ssh-ed25519"), QStringLiteral("SHA256:simulated")}; }, std::move(done));
}

// ---- the console

SimConsole::SimConsole(const QString &id, SimTime &time, SimRandom &random, SimHosts &hosts, std::unique_ptr<SimJournal> store)
    : workspace(id)
    , port(time, random, hosts)
    , invariants(id, hosts, time)
    , m_time(time)
    , m_random(random)
    , m_store(std::move(store))
{}

SimConsole::~SimConsole()
{
    ++m_life;
}

void SimConsole::begin()
{
    recover();
    Workspace folded;
    folded.id = workspace;
    for (const Installation &i : std::as_const(fleet))
        folded.inventory.put(i);
    for (const Event &e : std::as_const(journal))
        apply(folded, e);
    invariants.compare(folded, Plans::Hashed);
    engine = std::make_unique<Engine>(Engine::Setup{*this, port, m_time, trust, QStringLiteral("/dev/null"), folded});
    ++m_life;
    m_frozen = false;
    engine->begin();
    tick(m_life);
}

void SimConsole::kill()
{
    ++m_life;
    engine.reset();
    port.forgetCallers();
    m_frozen = false;
    if (m_store && m_store->isOpen())
        m_unheard = m_store->cutPower(m_underWay);
    else
        m_underWay.clear();
}

void SimConsole::lookBack()
{
    if (!m_store)
        return;
    if (m_store->isOpen())
        m_unheard = m_store->cutPower({});
    recover();
}

// I5: what was acknowledged is there, as it was; of what was under way whole lists may be there, in their order.
void SimConsole::recover()
{
    if (!m_store || m_store->isOpen())
        return;
    const QList<QList<NewEvent>> underWay = std::exchange(m_underWay, {});
    const Result<QList<Event>> found = m_store->open();
    if (!found) {
        invariants.violated(QStringLiteral("I5: the journal does not open: %1 %2").arg(QLatin1String(errorKey(found.error().code)), found.error().args.join(u' ')));
        m_store.reset();
        return;
    }
    for (qsizetype i = 0; i < journal.size(); ++i) {
        if (i < found->size() && isSameEvent(found->at(i), journal[i]))
            continue;
        invariants.violated(QStringLiteral("I5: event %1 was acknowledged and is not in the journal").arg(i + 1));
        m_store.reset();
        return;
    }
    qsizetype whole = journal.size(), lists = 0;
    for (auto list = underWay.cbegin(); list != underWay.cend() && (whole < found->size() || lists < m_unheard); ++list, ++lists)
        whole += list->size();
    m_unheard = 0;
    if (whole != found->size())
        invariants.violated(QStringLiteral("I5: %1 events are in the journal, of which %2 were asked for as a whole").arg(found->size()).arg(whole));
    for (const Event &e : found->mid(journal.size())) {
        journal.append(e);
        invariants.see(e);
    }
}

void SimConsole::sleepFor(qint64 ms)
{
    m_frozen = true;
    port.freeze();
    m_time.after(ms, [this, life = m_life] {
        if (life != m_life)
            return;
        m_frozen = false;
        port.thaw();
        tick(m_life);
    });
}

void SimConsole::tick(int life)
{
    if (life != m_life || m_frozen)
        return;
    QCoreApplication::sendPostedEvents(engine.get());
    engine->tick();
    QCoreApplication::sendPostedEvents(engine.get());
    if (engine->snapshot()->journalEvents > journal.size())
        invariants.violated(QStringLiteral("I18: what is shown is ahead of the journal"));
    m_time.after(500, [this, life] { tick(life); });
}

void SimConsole::ask(const QString &verb, QJsonObject args, const QString &actor)
{
    engine->request(Request{verb, std::move(args), actor}, [](const Reply &) {});
}

void SimConsole::append(QList<NewEvent> events, std::function<void(Result<QList<Event>>)> done)
{
    for (NewEvent &e : events)
        if (auto *started = std::get_if<ConsoleStarted>(&e.body)) { // all that differs between two runs of a seed
            started->pid = 0;
            started->hostName = QStringLiteral("desk");
        }
    // one writer: commits come in the order of the calls
    m_lastCommitMono = std::max(m_lastCommitMono, m_time.mono()) + m_random.between(0, m_random.chance(0.05) ? 400 : 6);
    m_underWay.append(events);
    commitAfter(m_lastCommitMono - m_time.mono(), std::move(events), std::move(done));
}

void SimConsole::commitAfter(qint64 ms, QList<NewEvent> events, std::function<void(Result<QList<Event>>)> done)
{
    m_time.after(ms, [this, events = std::move(events), done = std::move(done), life = m_life]() mutable {
        if (life != m_life)
            return; // killed before the commit was heard of
        if (m_frozen)
            return commitAfter(500, std::move(events), std::move(done));
        m_underWay.removeFirst();
        Result<QList<Event>> committed = commit(events);
        if (committed)
            for (const Event &event : std::as_const(*committed)) {
                journal.append(event);
                invariants.see(event);
            }
        const QList<Event> durable = committed ? *committed : QList<Event>();
        done(std::move(committed));
        QCoreApplication::sendPostedEvents(engine.get());
        for (const Event &event : durable)
            if (onDurable)
                onDurable(event);
        compareNowAndThen();
    });
}

// I13, at a bounded cost: what the engine holds, once it has heard of all that is durable.
void SimConsole::compareNowAndThen()
{
    constexpr qsizetype often = 200; // events
    if (!engine || journal.size() - m_compared < often || engine->workspace().lastSeq != journal.size())
        return;
    m_compared = journal.size();
    invariants.compare(engine->workspace(), Plans::LeftOut);
}

Result<QList<Event>> SimConsole::commit(const QList<NewEvent> &events)
{
    if (m_store)
        return m_store->append(events, diskFull);
    if (diskFull)
        return fail(ErrorCode::JournalWrite, {QStringLiteral("no space left")});
    QList<Event> committed;
    for (const NewEvent &e : events) {
        Event event;
        event.seq = journal.size() + committed.size() + 1;
        event.rollout = e.rollout;
        event.wallMs = e.wallMs;
        event.monoMs = e.monoMs;
        event.actor = e.actor;
        event.body = eventBodyFromJson(eventName(e.body), eventBodyToJson(e.body)).value();
        committed.append(event);
    }
    return committed;
}

} // namespace bellwether
