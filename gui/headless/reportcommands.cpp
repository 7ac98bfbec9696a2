#include "headless/context.h"

#include "base/canonicaljson.h"
#include "report/auditreport.h"
#include "reportview/pdf.h"
#include "reportview/signature.h"
#include "text/errortext.h"

#include <QDateTime>
#include <QFileInfo>

namespace bellwether {

namespace {

constexpr qint64 reportLimit = 256LL << 20;

Result<QByteArray> render(const AuditReport &report, ReportFormat format)
{
    return format == ReportFormat::Pdf ? reportPdf(report) : writeReport(report, format);
}

// Which evidence left the house is evidence too; a folder that cannot be written keeps nobody from reading.
void recordExport(Context &context, const QString &rollout, ReportFormat format, const QString &file, const QByteArray &bytes)
{
    if (context.readOnly || context.broken)
        return;
    auto link = context.link();
    const Reply reply = link ? (*link)->ask(context.request(QStringLiteral("record-report"),
        {{QStringLiteral("rollout"), rollout}, {QStringLiteral("format"), nameOf(format)}, {QStringLiteral("file"), QFileInfo(file).fileName()},
         {QStringLiteral("sha256"), sha256Hex(bytes)}})) : Reply(std::unexpected(link.error()));
    if (!reply)
        context.out.progress(QStringLiteral("the export was not recorded: %1").arg(errorText(reply.error())));
}

// report: null for the journal, which holds no sentences.
void printVerdict(Context &context, bool intact, qint64 events, qint64 firstBroken, const QString &cause, const SignatureCheck &signature = {}, const ReportCheck *report = nullptr)
{
    if (context.json()) {
        QJsonObject verdict{{QStringLiteral("intact"), intact}, {QStringLiteral("events"), events},
                            {QStringLiteral("first_broken"), firstBroken > 0 ? QJsonValue(firstBroken) : QJsonValue()},
                            {QStringLiteral("cause"), cause.isEmpty() ? QJsonValue() : QJsonValue(cause)},
                            {QStringLiteral("signature"), QString::fromLatin1(enumName(signature.state))},
                            {QStringLiteral("signed_by"), signature.key.isEmpty() ? QJsonValue() : QJsonValue(signature.key)}};
        if (report) {
            verdict.insert(QStringLiteral("words"), report->wordsChecked ? QStringLiteral("checked") : QStringLiteral("unchecked"));
            verdict.insert(QStringLiteral("headline"), report->headline);
        }
        context.out.json(verdict);
        return;
    }
    if (intact)
        context.out.line(QStringLiteral("intact: %1 events, every hash follows from the one before").arg(events));
    if (intact && report && !report->wordsChecked)
        context.out.line(QStringLiteral("its sentences were written by program %1 and were not checked; the events were. What they say: %2")
                             .arg(printable(report->program, 40), printable(report->headline)));
    if (signature.state == SignatureState::Valid)
        context.out.line(QStringLiteral("signature valid, by the key %1; compare it with the key you know of its author").arg(printable(signature.key)));
    else if (signature.state == SignatureState::None)
        context.out.line(QStringLiteral("not signed"));
}

Result<int> verifyJournal(Context &context)
{
    const auto view = JournalView::open(context.dataFolder); // the verdict is the answer, not a warning
    if (!view)
        return std::unexpected(view.error());
    if (!view->reader())
        return fail(ErrorCode::FileUnreadable, {context.dataFolder + QStringLiteral("/journal.db"), QStringLiteral("there is no journal yet")});
    const JournalCheck &check = view->check();
    printVerdict(context, check.intact, check.events, check.firstBroken, check.cause);
    return check.intact ? Result<int>(0) : std::unexpected(check.error());
}

Result<int> verifyFile(Context &context, const QString &file)
{
    const auto bytes = readFileBounded(file, reportLimit);
    if (!bytes)
        return std::unexpected(bytes.error());
    const ReportCheck check = verifyReport(*bytes);
    const SignatureCheck signature = checkSignature(file);
    printVerdict(context, check.intact, check.events, check.firstBroken, check.cause, signature, &check);
    if (!check.intact)
        return fail(ErrorCode::ReportTampered, {check.firstBroken > 0 ? QStringLiteral("%1 at event %2").arg(check.cause).arg(check.firstBroken) : check.cause}, {file, 0, 0, {}});
    if (signature.state == SignatureState::Invalid)
        return fail(ErrorCode::SignatureInvalid, {file});
    if (signature.state == SignatureState::Unchecked) { // nothing is known against it, and nothing for it
        context.out.error(QStringLiteral("The signature of %1 was not checked: %2.").arg(printable(file), printable(signature.reason)));
        return 1;
    }
    return 0;
}

} // namespace

Result<int> reportCommand(Context &context)
{
    const QString file = context.in.value(QStringLiteral("out"));
    if (file.isEmpty() || !context.in.has(QStringLiteral("format")))
        return usage(QStringLiteral("\"report\" needs --format html|pdf|csv|json|md and --out FILE"));
    ReportFormat format{};
    if (!enumFrom(context.in.value(QStringLiteral("format")), format))
        return fail(ErrorCode::ReportFormat, {context.in.value(QStringLiteral("format"))});
    const auto view = context.view();
    if (!view)
        return std::unexpected(view.error());
    const auto rollout = view->rolloutId(context.in.positionals.first());
    if (!rollout)
        return std::unexpected(rollout.error());
    const auto events = view->check().intact ? view->reader()->read() : Result<QList<Event>>(view->reader()->readable());
    if (!events)
        return std::unexpected(events.error());
    const auto report = makeReport(*events, *rollout, QDateTime::currentMSecsSinceEpoch(), brokenWords(view->check()));
    if (!report)
        return std::unexpected(report.error());
    const auto bytes = render(*report, format);
    if (!bytes)
        return std::unexpected(bytes.error());
    if (const Status written = writeReportFile(file, *bytes); !written)
        return std::unexpected(written.error());
    if (const QString key = context.in.value(QStringLiteral("sign")); !key.isEmpty()) {
        if (const Status isSigned = signReport(file, key); !isSigned)
            return std::unexpected(isSigned.error());
    }
    recordExport(context, rolloutName(*rollout), format, file, *bytes);
    context.out.line(QStringLiteral("%1 written to %2, SHA-256 %3").arg(rolloutName(*rollout), printable(file), sha256Hex(*bytes)));
    for (const QString &gap : report->gaps)
        context.out.progress(QStringLiteral("missing evidence: %1").arg(gap));
    if (!view->check().intact) // written to be looked at; no script shall file it
        return std::unexpected(view->check().error());
    return 0;
}

Result<int> verifyCommand(Context &context)
{
    if (!context.in.positionals.isEmpty() && context.in.has(QStringLiteral("journal")))
        return usage(QStringLiteral("\"verify\" takes a file or --journal, not both"));
    return context.in.positionals.isEmpty() ? verifyJournal(context) : verifyFile(context, context.in.positionals.first());
}

} // namespace bellwether
