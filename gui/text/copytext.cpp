#include "text/copytext.h"

#include "text/errortext.h"
#include "text/format.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QRegularExpression>

#include <algorithm>

namespace bellwether {

namespace {
QString tr(const char *text) { return QCoreApplication::translate("CopyText", text); }
}

QString rateText(double perSecond)
{
    return tr("%1/s").arg(bytesText(static_cast<qint64>(perSecond)));
}

QString copyErrorText(const QJsonObject &row)
{
    QStringList args;
    const QJsonArray array = row.value(QStringLiteral("error_args")).toArray();
    for (const QJsonValue arg : array)
        args.append(arg.toString());
    return errorText(row.value(QStringLiteral("error_code")).toString(), args);
}

QString copyStateText(const QJsonObject &row)
{
    const QString state = row.value(QStringLiteral("state")).toString();
    const qint64 done = row.value(QStringLiteral("done")).toInteger(), total = row.value(QStringLiteral("total")).toInteger();
    if (state == QLatin1String("queued"))
        return tr("waits for its turn");
    if (state == QLatin1String("reading"))
        return tr("reading the file");
    if (state == QLatin1String("checking"))
        return tr("looking at what is there");
    if (state == QLatin1String("copying")) {
        const qint64 eta = row.value(QStringLiteral("eta_s")).toInteger(-1);
        const QString through = row.value(QStringLiteral("through")).toString();
        QString text = tr("%1 of %2, %3").arg(bytesText(done), bytesText(total), rateText(row.value(QStringLiteral("rate")).toDouble()));
        if (eta >= 0)
            text += QStringLiteral(", %1 left").arg(durationText(eta * 1000));
        return through.isEmpty() ? text : text + QStringLiteral(", through %1").arg(through);
    }
    if (state == QLatin1String("proving"))
        return tr("comparing the sums");
    if (state == QLatin1String("waiting"))
        return tr("at %1 of %2, tries again in %3 s: %4").arg(bytesText(done), bytesText(total)).arg((row.value(QStringLiteral("wait_ms")).toInteger() + 999) / 1000).arg(copyErrorText(row));
    if (state == QLatin1String("done")) {
        const QString through = row.value(QStringLiteral("through")).toString();
        const QString what = row.value(QStringLiteral("already")).toBool() ? tr("was there already")
            : through.isEmpty()                                              ? tr("copied")
                                                                             : tr("copied through %1").arg(through);
        return QStringLiteral("%1, %2, sha256 %3").arg(what, bytesText(total), row.value(QStringLiteral("sha256")).toString());
    }
    if (state == QLatin1String("cancelled"))
        return tr("cancelled at %1 of %2").arg(bytesText(done), bytesText(total));
    return copyErrorText(row);
}

std::optional<qint64> copyLimit(const QString &text)
{
    static const QRegularExpression form(QStringLiteral("\\A(\\d{1,9})(?:[.,](\\d))?\\s*([kKmMgG]?)[bB]?(?:/s)?\\z"));
    if (text.isEmpty())
        return 0;
    const auto match = form.match(text.trimmed());
    if (!match.hasMatch())
        return {};
    const QString unit = match.captured(3).toLower();
    const qint64 factor = unit == QLatin1String("k") ? 1'000 : unit == QLatin1String("m") ? 1'000'000 : unit == QLatin1String("g") ? 1'000'000'000 : 1;
    const qint64 rate = match.captured(1).toLongLong() * factor + match.captured(2).toLongLong() * factor / 10;
    return rate < 1024 ? std::nullopt : std::optional(rate);
}

CopyTotals copyTotals(const QJsonObject &report)
{
    CopyTotals all;
    const auto add = [&all](const QJsonObject &row, const QString &jumpHost) {
        all.done += row.value(QStringLiteral("done")).toInteger();
        all.total += std::max<qint64>(0, row.value(QStringLiteral("total")).toInteger());
        all.rate += row.value(QStringLiteral("rate")).toDouble();
        const qint64 eta = row.value(QStringLiteral("eta_s")).toInteger(-1);
        if (eta > all.etaS) {
            all.etaS = eta;
            all.etaTo = jumpHost;
        }
    };
    const QJsonArray hosts = report.value(QStringLiteral("hosts")).toArray();
    for (const QJsonValue value : hosts) {
        const QJsonObject row = value.toObject();
        const QString state = row.value(QStringLiteral("state")).toString();
        add(row, {});
        ++all.hosts;
        all.copied += state == QLatin1String("done");
        all.ended += state == QLatin1String("done") || state == QLatin1String("failed") || state == QLatin1String("cancelled");
        all.isReading = all.isReading || state == QLatin1String("reading");
    }
    const QJsonArray stages = report.value(QStringLiteral("stages")).toArray();
    for (const QJsonValue value : stages) {
        const QJsonObject row = value.toObject();
        const QString state = row.value(QStringLiteral("state")).toString();
        if (state != QLatin1String("failed") && state != QLatin1String("cancelled")) // else the hosts behind it are fed from here
            add(row, row.value(QStringLiteral("name")).toString());
    }
    return all;
}

QString copyPaceText(const CopyTotals &totals)
{
    const QString rate = rateText(totals.rate);
    if (totals.etaS < 0)
        return rate;
    const QString eta = durationText(totals.etaS * 1000);
    return totals.etaTo.isEmpty() ? tr("%1, %2 left").arg(rate, eta) : tr("%1, %2 to %3").arg(rate, eta, totals.etaTo);
}

} // namespace bellwether
