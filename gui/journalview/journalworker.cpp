#include "journalview/journalworker.h"

#include "report/collect.h"
#include "reportview/signature.h"

#include <QCryptographicHash>
#include <QDateTime>
#include <algorithm>

namespace bellwether {

namespace {

// As the fold over the whole workspace has it.
void foldInto(RolloutState &state, const Event &event)
{
    apply(state, event);
    applyToEvery(state, event);
}

} // namespace

JournalWorker::JournalWorker(std::shared_ptr<Mailbox<JournalService::Message>> results) : m_results(std::move(results))
{
    m_commands.setWake([this] { QMetaObject::invokeMethod(this, [this] { work(); }, Qt::QueuedConnection); });
}

void JournalWorker::command(Command command) { m_commands.put(std::move(command)); }

void JournalWorker::work()
{
    for (const Command &command : m_commands.takeAll()) {
        if (const auto *wanted = std::get_if<Load>(&command))
            load(*wanted);
        else if (const auto *place = std::get_if<Fold>(&command))
            fold(*place);
        else if (const auto *check = std::get_if<Verify>(&command))
            verify(*check);
        else if (const auto *wish = std::get_if<Report>(&command))
            report(*wish);
    }
}

JournalReader *JournalWorker::reader(const QString &dataFolder)
{
    if (m_reader && m_folder == dataFolder)
        return m_reader.get();
    auto opened = JournalReader::open(dataFolder);
    if (!opened) {
        m_results->put(opened.error());
        return nullptr;
    }
    m_reader = std::move(*opened);
    m_folder = dataFolder;
    forget();
    return m_reader.get();
}

void JournalWorker::forget()
{
    m_events.clear();
    m_newest = {};
    m_readTo = 0;
}

// Only what is new is read.
void JournalWorker::load(const Load &load)
{
    JournalReader *journal = reader(load.dataFolder);
    if (!journal)
        return;
    if (m_rollout != load.rollout) {
        m_rollout = load.rollout;
        forget();
    }
    const auto upTo = journal->lastSeq();
    const auto own = journal->read(m_readTo, load.rollout), others = journal->read(m_readTo, 0);
    if (!upTo || !own || !others) {
        m_results->put(!upTo ? upTo.error() : !own ? own.error() : others.error());
        return;
    }
    QList<Event> more = *own;
    for (const Event &event : *others)
        if (isShown(0, eventName(event.body), load.rollout))
            more.append(event);
    more.removeIf([&](const Event &event) { return event.seq > *upTo; }); // came between the two: next time
    std::ranges::sort(more, {}, &Event::seq);
    m_readTo = *upTo;
    for (const Event &event : std::as_const(more)) {
        if (m_newest.id == 0 && event.rollout != load.rollout)
            continue; // before it was begun
        foldInto(m_newest, event);
        m_events.append(event);
    }
    m_results->put(JournalService::Loaded{load.rollout, std::make_shared<const QList<Event>>(shown())});
}

// Consoles that were started after its end say nothing of it, unless hosts were taken back later.
QList<Event> JournalWorker::shown() const
{
    qsizetype count = m_events.size();
    while (m_newest.isEnded() && count > 0 && m_events[count - 1].rollout == 0)
        --count;
    return m_events.first(count);
}

void JournalWorker::fold(const Fold &fold)
{
    if (fold.wish != m_wanted.load() || fold.rollout != m_rollout)
        return; // the slider has moved on
    RolloutState state;
    state.id = fold.rollout;
    Now now;
    for (const Event &event : std::as_const(m_events)) {
        if (event.seq > fold.seq)
            break;
        foldInto(state, event);
        now = {event.wallMs, event.monoMs};
    }
    m_results->put(JournalService::Folded{fold.wish, fold.seq, std::make_shared<const RolloutSnapshot>(snapshotOf(state, now))});
}

void JournalWorker::verify(const Verify &verify)
{
    JournalReader *journal = reader(verify.dataFolder);
    if (!journal)
        return;
    const auto check = journal->verify();
    if (check)
        m_results->put(*check);
    else
        m_results->put(check.error());
}

void JournalWorker::report(const Report &wish)
{
    JournalReader *journal = reader(wish.dataFolder);
    if (!journal)
        return;
    const auto check = journal->verify();
    const auto events = check && check->intact ? journal->read() : Result<QList<Event>>(journal->readable());
    if (!check || !events) {
        m_results->put(check ? events.error() : check.error());
        return;
    }
    const auto made = makeReport(*events, wish.wish.rollout, QDateTime::currentMSecsSinceEpoch(), brokenWords(*check));
    if (!made) {
        m_results->put(made.error());
        return;
    }
    const bool paper = wish.wish.format == ReportFormat::Pdf;
    const auto bytes = paper && wish.makers.pdf ? wish.makers.pdf(*made) : writeReport(*made, wish.wish.format);
    if (bytes)
        write(wish.wish, *bytes, wish.makers.sign);
    else
        m_results->put(bytes.error());
}

void JournalWorker::write(const JournalService::Export &wish, const QByteArray &bytes, const std::function<Status(const QString &, const QString &)> &sign)
{
    if (const Status written = writeReportFile(wish.file, bytes); !written) {
        m_results->put(written.error());
        return;
    }
    if (!wish.key.isEmpty()) {
        const Status signedIt = sign ? sign(wish.file, wish.key) : Status(fail(ErrorCode::SignFailed, {QStringLiteral("this build cannot sign")}));
        if (!signedIt) {
            m_results->put(signedIt.error());
            return;
        }
    }
    const QString sha = QString::fromLatin1(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
    m_results->put(JournalService::Exported{wish, sha});
}

} // namespace bellwether
