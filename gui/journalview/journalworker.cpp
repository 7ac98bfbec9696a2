#include "journalview/journalworker.h"

#include "reportview/signature.h"

#include <QCryptographicHash>
#include <QDateTime>

namespace bellwether {

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
    m_events.clear();
    return m_reader.get();
}

// Only what is new is read.
void JournalWorker::load(const Load &load)
{
    JournalReader *journal = reader(load.dataFolder);
    if (!journal)
        return;
    if (m_rollout != load.rollout) {
        m_rollout = load.rollout;
        m_events.clear();
    }
    const auto more = journal->read(m_events.isEmpty() ? 0 : m_events.last().seq, load.rollout);
    if (!more) {
        m_results->put(more.error());
        return;
    }
    m_events += *more;
    m_results->put(JournalService::Loaded{load.rollout, std::make_shared<const QList<Event>>(m_events)});
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
        apply(state, event);
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
