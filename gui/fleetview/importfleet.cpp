#include "fleetview/importfleet.h"

#include "config/files.h"
#include "text/errortext.h"
#include "text/format.h"
#include "widgets/confirmdialog.h"
#include "widgets/offthread.h"

#include <QBoxLayout>
#include <QFileDialog>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QPlainTextEdit>

namespace bellwether {

namespace {

QString shown(const QJsonValue &value)
{
    if (value.isArray())
        return QString::fromUtf8(QJsonDocument(value.toArray()).toJson(QJsonDocument::Compact));
    if (value.isObject())
        return QString::fromUtf8(QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact));
    return value.toVariant().toString();
}

} // namespace

FleetDifference difference(const QList<Installation> &fleet, const QList<Installation> &imported)
{
    QHash<QString, const Installation *> known;
    for (const Installation &host : fleet)
        known.insert(host.name, &host);
    FleetDifference result;
    for (const Installation &host : imported) {
        const Installation *old = known.value(host.name);
        if (!old) {
            result.added << host.name;
            continue;
        }
        if (*old == host) {
            result.same << host.name;
            continue;
        }
        result.changed << host.name;
        const QJsonObject before = toJson(*old), after = toJson(host);
        for (auto it = after.constBegin(); it != after.constEnd(); ++it)
            if (before.value(it.key()) != it.value())
                result.details << QStringLiteral("%1: %2 %3 → %4").arg(host.name, it.key(), shown(before.value(it.key())), shown(it.value()));
    }
    return result;
}

ImportFleet::ImportFleet(Requests &requests, QWidget *window) : QObject(window), m_requests(requests), m_window(window) {}

void ImportFleet::chooseFile()
{
    auto *dialog = new QFileDialog(m_window, tr("Import a fleet file"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Fleet files (*.yaml *.yml)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, this, &ImportFleet::read);
    dialog->open();
}

void ImportFleet::read(const QString &path)
{
    if (m_busy)
        return;
    m_busy = true;
    Q_EMIT busyChanged(tr("Reading %1…").arg(QFileInfo(path).fileName()));
    offThread(this,
              [path]() -> Result<QList<Installation>> {
                  const Result<QByteArray> text = readFileBounded(path);
                  if (!text)
                      return std::unexpected(text.error());
                  return parseFleet(*text, path);
              },
              [this, path](const Result<QList<Installation>> &parsed) {
                  m_busy = false;
                  Q_EMIT busyChanged({});
                  if (!parsed)
                      Q_EMIT failed(errorText(parsed.error()));
                  else
                      ask(path, *parsed);
              });
}

void ImportFleet::ask(const QString &path, const QList<Installation> &imported)
{
    QList<Installation> fleet;
    for (const FleetRow &row : m_requests.console().snapshot()->fleet)
        fleet << row.installation;
    const FleetDifference diff = difference(fleet, imported);
    const auto changes = static_cast<int>(diff.added.size() + diff.changed.size());
    if (changes == 0) {
        Q_EMIT said(tr("%1 holds nothing new: %2 are the same.").arg(QFileInfo(path).fileName(), hostsText(static_cast<int>(diff.same.size()))));
        return;
    }
    QStringList lines;
    for (const QString &name : diff.added)
        lines << QStringLiteral("+ ") + visibleText(name, 80);
    for (const QString &detail : diff.details)
        lines << QStringLiteral("~ ") + visibleText(detail, 400);
    const bool production = std::any_of(imported.cbegin(), imported.cend(), [](const Installation &host) { return host.environment == Environment::Production; });
    auto *dialog = new ConfirmDialog({tr("Import %1").arg(QFileInfo(path).fileName()),
                                      tr("%1 added, %2 changed.").arg(hostsText(static_cast<int>(diff.added.size()))).arg(diff.changed.size()),
                                      tr("%1 stay as they are. Nothing is sent to any host; new ones must be trusted before they are measured.")
                                          .arg(hostsText(static_cast<int>(diff.same.size()))),
                                      tr("Import %1").arg(hostsText(changes)), tr("Keep the fleet"), false, production, false}, m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    auto *text = new QPlainTextEdit(lines.join(QLatin1Char('\n')));
    text->setReadOnly(true);
    text->setFont(theme().font(TextRole::Mono));
    text->setAccessibleName(tr("Differences"));
    text->setMinimumHeight(theme().px(160));
    text->setTabChangesFocus(true);
    dialog->body()->addWidget(text);
    connect(dialog, &QDialog::accepted, this, [this, path, imported] {
        QJsonArray list;
        for (const Installation &host : imported)
            list.append(toJson(host));
        m_requests.send(QStringLiteral("fleet-import"),
                        {{QStringLiteral("source"), QFileInfo(path).fileName()}, {QStringLiteral("installations"), list}}, this,
                        [this](const Reply &reply) {
                            if (!reply)
                                Q_EMIT failed(errorText(reply.error()));
                            else
                                Q_EMIT said(tr("Fleet imported."));
                        });
    });
    dialog->open();
}

} // namespace bellwether
