#include "transfer/transfers.h"

#include "engine/runtime.h"
#include "remote/hostscripts.h"
#include "transfer/download.h"

#include <QThread>

#include <algorithm>

namespace bellwether {

namespace {

constexpr int mostAtOnce = 8;          // each holds a piece in memory
constexpr std::size_t mostRemembered = 20; // transfers that have ended

QJsonObject rowOf(const QString &name, const CopyProgress &p, qint64 durationMs)
{
    QJsonObject row{{QStringLiteral("name"), name},
                    {QStringLiteral("state"), nameOf(p.state)},
                    {QStringLiteral("done"), p.done},
                    {QStringLiteral("total"), p.total},
                    {QStringLiteral("carried"), p.carried},
                    {QStringLiteral("rate"), p.rate},
                    {QStringLiteral("eta_s"), p.etaS},
                    {QStringLiteral("wait_ms"), p.waitMs},
                    {QStringLiteral("already"), p.already},
                    {QStringLiteral("through"), p.through},
                    {QStringLiteral("not_through"), p.notThrough},
                    {QStringLiteral("sha256"), p.sha256},
                    {QStringLiteral("duration_ms"), durationMs}};
    row.insert(QStringLiteral("error_code"), p.error ? QJsonValue(QString::fromLatin1(errorKey(p.error->code))) : QJsonValue());
    if (p.error)
        row.insert(QStringLiteral("error_args"), QJsonArray::fromStringList(p.error->args));
    return row;
}

} // namespace

struct Transfers::Transfer {
    int id = 0;
    bool isPut = true, isReady = false, isReading = true; // ready: recorded, its copies may begin
    Order order;
    UploadSource source;
    std::optional<Error> error; // of the whole
    std::vector<One> ones;
    std::vector<std::shared_ptr<Stage>> stages;

    bool hasEnded() const { return error || std::ranges::all_of(ones, [](const One &one) { return one.copy && one.copy->hasEnded(); }); }
    QString direction() const { return isPut ? QStringLiteral("put") : QStringLiteral("get"); }
};

Transfers::Transfers(RemoteShell &shell, const Clock &clock, std::function<void(qint64, std::function<void()>)> later, Journal journal, Find find)
    : m_shell(shell)
    , m_clock(clock)
    , m_later(std::move(later))
    , m_journal(std::move(journal))
    , m_find(std::move(find))
{
}

Transfers::~Transfers() = default;

CopyPlace Transfers::place()
{
    if (!m_files)
        m_files = std::make_unique<FileThread>(QThread::currentThread());
    return {m_shell, m_clock, *m_files, m_pace, m_later};
}

std::shared_ptr<Transfers::Transfer> Transfers::add(Order order, bool isPut)
{
    for (auto it = m_transfers.begin(); m_transfers.size() > mostRemembered && it != m_transfers.end();)
        it = it->second->hasEnded() ? m_transfers.erase(it) : std::next(it);
    auto transfer = std::make_shared<Transfer>();
    transfer->id = ++m_last;
    transfer->isPut = isPut;
    transfer->order = std::move(order);
    for (const Installation &host : std::as_const(transfer->order.hosts))
        transfer->ones.push_back({host, nullptr, 0, 0, nullptr});
    m_transfers.emplace(transfer->id, transfer);
    return transfer;
}

int Transfers::put(Order order)
{
    const auto transfer = add(std::move(order), true);
    read(transfer);
    return transfer->id;
}

int Transfers::get(Order order)
{
    const auto transfer = add(std::move(order), false);
    transfer->isReading = false;
    TransferBegun e;
    e.hosts = {transfer->ones.front().host.name};
    e.direction = transfer->direction();
    e.path = transfer->order.path;
    e.file = transfer->order.file;
    e.reason = transfer->order.reason;
    One &one = transfer->ones.front();
    one.copy = std::make_shared<Download>(place(), Copy::To{one.host.endpoint, one.host.name, transfer->order.path, transfer->order.limit},
                                          transfer->order.file, whenEnded(transfer, one));
    begin(transfer, e);
    return transfer->id;
}

// Opened and summed once, however many hosts it goes to.
void Transfers::read(const std::shared_ptr<Transfer> &transfer)
{
    struct Reading {
        Result<std::shared_ptr<LocalSource>> file;
        std::unique_ptr<SlicedSum> sum;
    };
    auto reading = std::make_shared<Reading>();
    const auto slice = [reading, path = transfer->order.file] {
        if (!reading->sum) {
            reading->file = LocalSource::open(path);
            if (!reading->file)
                return true;
            reading->sum = std::make_unique<SlicedSum>((*reading->file)->file(), (*reading->file)->size());
        }
        return reading->sum->slice();
    };
    const CopyPlace at = place();
    at.files.run(slice, [this, transfer, reading, at] {
        transfer->isReading = false;
        if (transfer->error)
            return; // cancelled meanwhile
        if (!reading->file)
            return void(transfer->error = reading->file.error());
        if (!reading->sum->sum())
            return void(transfer->error = reading->sum->sum().error());
        transfer->source = {*reading->file, *reading->sum->sum()};
        TransferBegun e;
        makeStages(*transfer);
        for (const auto &stage : transfer->stages)
            e.stagedOn.append(stage->file->name);
        for (One &one : transfer->ones) {
            e.hosts.append(one.host.name);
            const Copy::To to{one.host.endpoint, one.host.name, transfer->order.path, transfer->order.limit};
            if (one.stage)
                one.copy = std::make_shared<RelayedUpload>(at, to, one.stage->file, transfer->source, transfer->order.mode, whenEnded(transfer, one));
            else
                one.copy = std::make_shared<Upload>(at, to, transfer->source, transfer->order.mode, whenEnded(transfer, one));
        }
        e.direction = transfer->direction();
        e.path = transfer->order.path;
        e.file = transfer->order.file;
        e.size = transfer->source.file->size();
        e.sha256 = QString::fromLatin1(transfer->source.sha256);
        e.reason = transfer->order.reason;
        begin(transfer, e);
    });
}

void Transfers::begin(const std::shared_ptr<Transfer> &transfer, const TransferBegun &event)
{
    m_journal.begun(event, transfer->order.actor, [this, transfer, alive = std::weak_ptr(m_alive)] {
        if (alive.expired())
            return;
        transfer->isReady = true;
        startNext();
    });
}

// A copy does not keep what keeps it.
std::function<void()> Transfers::whenEnded(const std::weak_ptr<Transfer> &transfer, One &one)
{
    return [this, transfer, &one] {
        if (const auto kept = transfer.lock())
            ended(*kept, one);
    };
}

// Where the way to the jump host is dearer than the one behind it: two hosts behind it make it worth while.
void Transfers::makeStages(Transfer &transfer)
{
    QHash<QString, int> behind;
    for (const One &one : transfer.ones)
        ++behind[one.host.endpoint.jump];
    QHash<QString, std::shared_ptr<Stage>> stages;
    for (One &one : transfer.ones) {
        const QString &name = one.host.endpoint.jump;
        const Installation *jump = name.isEmpty() || behind[name] < 2 || transfer.source.file->size() == 0 ? nullptr : m_find(name);
        if (!jump)
            continue;
        auto &stage = stages[name];
        if (!stage) {
            stage = std::make_shared<Stage>();
            stage->file = std::make_shared<StagedFile>(StagedFile{jump->endpoint, jump->name, jump->state, {}, false, {}});
            stage->copy = std::make_shared<StageUpload>(place(), stage->file, transfer.source, transfer.order.limit, [this, weak = std::weak_ptr(stage)] {
                const auto ended = weak.lock();
                if (!ended)
                    return;
                const CopyProgress p = ended->copy->progress();
                ended->file->isThere = p.state == CopyState::Done;
                if (p.error)
                    ended->file->why = clauseOf(*p.error);
                startSoon();
            });
            transfer.stages.push_back(stage);
        }
        one.stage = stage;
    }
}

bool Transfers::passStage(One &one, int &running)
{
    if (!one.stage || one.stage->copy->hasEnded())
        return true;
    if (!one.stage->hasBegun) {
        one.stage->hasBegun = true;
        ++running;
        one.stage->copy->begin();
    }
    return false;
}

void Transfers::clearStages(Transfer &transfer)
{
    for (const auto &stage : transfer.stages) {
        const bool needed = std::ranges::any_of(transfer.ones, [&](const One &one) { return one.stage == stage && !one.copy->hasEnded(); });
        if (needed || stage->isCleared)
            continue;
        stage->isCleared = true;
        stage->copy->cancel(); // where nobody waits for it any more
        // Another copy of the same file may have laid it there too; it will feed its hosts itself.
        const auto drop = stage->file->isThere ? transferCommand({QStringLiteral("drop"), stage->file->path}) : Result<QByteArray>();
        if (!drop || drop->isEmpty())
            continue;
        ExecRequest request;
        request.command = *drop;
        m_shell.exec(stage->file->endpoint, std::move(request), [](const Result<ExecResult> &) {}); // else it goes with the next one, a day later
    }
}

// Not from inside of whoever has just ended.
void Transfers::startSoon()
{
    m_later(0, [this, alive = std::weak_ptr(m_alive)] {
        if (!alive.expired())
            startNext();
    });
}

void Transfers::startNext()
{
    int running = 0;
    for (const auto &[id, transfer] : m_transfers) {
        for (const One &one : transfer->ones)
            running += one.beganMono > 0 && one.endedMono == 0;
        for (const auto &stage : transfer->stages)
            running += stage->hasBegun && !stage->copy->hasEnded();
    }
    for (const auto &[id, transfer] : m_transfers) {
        if (!transfer->isReady)
            continue;
        for (One &one : transfer->ones) {
            if (running >= mostAtOnce)
                return;
            if (one.beganMono > 0 || one.copy->hasEnded())
                continue;
            if (!passStage(one, running))
                continue;
            ++running;
            one.beganMono = std::max<qint64>(1, m_clock.now().monoMs);
            one.copy->begin();
        }
    }
}

void Transfers::ended(Transfer &transfer, One &one)
{
    one.endedMono = std::max<qint64>(1, m_clock.now().monoMs);
    const CopyProgress p = one.copy->progress();
    if (p.state == CopyState::Done) {
        FileTransferred e;
        e.host = one.host.name;
        e.direction = transfer.direction();
        e.path = transfer.order.path;
        e.file = transfer.order.file;
        e.size = p.total;
        e.sha256 = p.sha256;
        e.reason = transfer.order.reason;
        e.already = p.already;
        e.through = p.through;
        m_journal.ended(e, transfer.order.actor);
    } else {
        TransferFailed e;
        e.host = one.host.name;
        e.direction = transfer.direction();
        e.path = transfer.order.path;
        e.problem = p.error ? clauseOf(*p.error) : nameOf(p.state);
        m_journal.ended(e, transfer.order.actor);
    }
    clearStages(transfer);
    startSoon();
}

std::optional<QJsonObject> Transfers::report(int id) const
{
    const auto it = m_transfers.find(id);
    if (it == m_transfers.end())
        return std::nullopt;
    const Transfer &t = *it->second;
    QJsonArray hosts;
    for (const One &one : t.ones) {
        CopyProgress p;
        if (one.copy)
            p = one.copy->progress();
        else if (t.isReading)
            p.state = CopyState::Reading;
        const qint64 until = one.endedMono > 0 ? one.endedMono : m_clock.now().monoMs;
        hosts.append(rowOf(one.host.name, p, one.beganMono > 0 ? until - one.beganMono : 0));
    }
    QJsonObject report{{QStringLiteral("transfer"), id},
                       {QStringLiteral("direction"), t.direction()},
                       {QStringLiteral("file"), t.order.file},
                       {QStringLiteral("path"), t.order.path},
                       {QStringLiteral("ended"), t.hasEnded()},
                       {QStringLiteral("hosts"), hosts}};
    QJsonArray stages;
    for (const auto &stage : t.stages)
        stages.append(rowOf(stage->file->name, stage->copy->progress(), 0));
    report.insert(QStringLiteral("stages"), stages);
    if (t.source.file) {
        report.insert(QStringLiteral("size"), t.source.file->size());
        report.insert(QStringLiteral("sha256"), QString::fromLatin1(t.source.sha256));
    }
    if (t.error) {
        report.insert(QStringLiteral("error_code"), QString::fromLatin1(errorKey(t.error->code)));
        report.insert(QStringLiteral("error_args"), QJsonArray::fromStringList(t.error->args));
    }
    return report;
}

bool Transfers::cancel(int id, const QString &host)
{
    const auto it = m_transfers.find(id);
    if (it == m_transfers.end())
        return false;
    Transfer &t = *it->second;
    if (t.isReading && !t.hasEnded())
        t.error = Error{ErrorCode::Cancelled, {QStringLiteral("the copy of %1").arg(t.order.file)}, {}, nullptr};
    for (One &one : t.ones)
        if (one.copy && (host.isEmpty() || one.host.name == host))
            one.copy->cancel();
    return true;
}

void Transfers::cancelPuts()
{
    for (const auto &[id, transfer] : m_transfers)
        if (transfer->isPut && !transfer->hasEnded())
            cancel(id);
}

int Transfers::underWay() const
{
    int count = 0;
    for (const auto &[id, transfer] : m_transfers)
        if (!transfer->error)
            for (const One &one : transfer->ones)
                count += !one.copy || !one.copy->hasEnded();
    return count;
}

} // namespace bellwether
