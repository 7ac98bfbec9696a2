#include "fleetview/importfleet.h"

#include "fleetview/listtable.h"
#include "text/errortext.h"
#include "text/format.h"
#include "widgets/confirmdialog.h"
#include "widgets/offthread.h"

#include <QBoxLayout>
#include <QFileDialog>
#include <QFileInfo>
#include <QJsonArray>

namespace bellwether {

namespace {

QString formatWord(ImportFormat format)
{
    switch (format) {
    case ImportFormat::Fleet: return ImportFleet::tr("a fleet file");
    case ImportFormat::SshConfig: return ImportFleet::tr("an SSH configuration");
    case ImportFormat::Ansible: return ImportFleet::tr("an Ansible inventory");
    case ImportFormat::Csv: return ImportFleet::tr("CSV");
    }
    return {};
}

QList<Row> changeRows(const InventoryDifference &difference)
{
    QList<Row> rows;
    const auto add = [&rows](const QString &host, const QString &key, const QString &before, const QString &after) {
        rows.append(listRow(host + u'\n' + key, {host, key, before.isEmpty() ? noneText() : before, after.isEmpty() ? noneText() : after}));
    };
    for (const Installation &host : difference.added)
        add(host.name, ImportFleet::tr("new"), {}, host.endpoint.machine());
    for (const HostChange &change : difference.changed)
        for (const KeyChange &key : change.keys)
            add(change.host.name, key.key, key.before, key.after);
    return rows;
}

} // namespace

ImportFleet::ImportFleet(Requests &requests, QWidget *window) : QObject(window), m_requests(requests), m_window(window) {}

void ImportFleet::chooseFile()
{
    auto *dialog = new QFileDialog(m_window, tr("Import an inventory"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setFilter(dialog->filter() | QDir::Hidden); // ~/.ssh/config
    dialog->setNameFilters({tr("All files (*)"), tr("Fleet files (*.yaml *.yml)"), tr("CSV (*.csv)")});
    connect(dialog, &QFileDialog::fileSelected, this, &ImportFleet::read);
    dialog->open();
}

void ImportFleet::read(const QString &path)
{
    if (m_busy)
        return;
    m_busy = true;
    Q_EMIT busyChanged(tr("Reading %1…").arg(QFileInfo(path).fileName()));
    offThread(this, [path] { return importPaths({path}, std::nullopt, DiskFiles()); },
              [this, path](const Result<QList<Import>> &imports) {
                  m_busy = false;
                  Q_EMIT busyChanged({});
                  if (!imports)
                      Q_EMIT failed(errorText(imports.error()));
                  else
                      ask(path, imports->first());
              });
}

void ImportFleet::ask(const QString &path, const Import &import)
{
    Inventory inventory; // the snapshot's fleet is sorted by name as an inventory is
    bool production = false;
    const auto snapshot = m_requests.console().snapshot();
    const qint64 seen = snapshot->undo ? snapshot->undo->seq : 0;
    for (const FleetRow &row : snapshot->fleet)
        inventory.installations << row.installation;
    const InventoryDifference difference = differenceOf(inventory, {import});
    const QList<Installation> hosts = difference.toTake();
    for (const Installation &host : hosts)
        production = production || host.environment == Environment::Production;
    const QString file = visibleText(QFileInfo(path).fileName(), 80);
    const QString same = hostsText(static_cast<int>(difference.unchanged.size()));
    if (difference.isEmpty() && difference.skipped.isEmpty()) {
        Q_EMIT said(tr("%1 holds nothing new: %2 are the same.").arg(file, same));
        return;
    }
    const auto changes = static_cast<int>(hosts.size());
    ConfirmDialog::Words words;
    words.title = tr("Import %1").arg(file);
    words.sentence = tr("%1 added, %2 changed.").arg(hostsText(static_cast<int>(difference.added.size()))).arg(difference.changed.size());
    words.detail = tr("Read as %1. No host is removed, and nothing is sent to any; new ones must be trusted before they are measured.").arg(formatWord(import.format));
    if (!difference.unchanged.isEmpty())
        words.detail += u' ' + tr("As they are already: %1.").arg(same);
    words.action = tr("Take %1").arg(hostsText(changes));
    words.keep = tr("Keep the fleet");
    words.production = production;
    auto *dialog = new ConfirmDialog(words, m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setMinimumWidth(theme().px(760));
    if (changes > 0)
        addList(dialog->body(), tr("Differences"), {tr("Host"), tr("What"), tr("Until now"), tr("From then on")}, changeRows(difference), 3);
    else
        dialog->actionButton()->setBlocked(tr("There is nothing to take."));
    if (!difference.skipped.isEmpty()) {
        QList<Row> rows;
        for (qsizetype i = 0; i < difference.skipped.size(); ++i) {
            const Skipped &s = difference.skipped[i];
            rows.append(listRow(QString::number(i), {s.where.startsWith(path) ? file + s.where.mid(path.size()) : s.where, s.what, s.why}));
        }
        addList(dialog->body(), tr("Not taken over: %1").arg(rows.size()), {tr("Where"), tr("What"), tr("Why")}, rows, 2);
    }
    connect(dialog, &QDialog::accepted, this, [this, path, hosts, seen] { take(QFileInfo(path).fileName(), hosts, seen); });
    dialog->open();
}

void ImportFleet::take(const QString &source, const QList<Installation> &installations, qint64 seen)
{
    m_requests.send(QStringLiteral("fleet-import"),
                    {{QStringLiteral("source"), source}, {QStringLiteral("installations"), valueToJson(installations)}, {QStringLiteral("expect"), seen}}, this,
                    [this](const Reply &reply) {
                        if (!reply) {
                            Q_EMIT failed(errorText(reply.error()));
                            return;
                        }
                        m_taken.insert(reply->value(QLatin1String("undo")).toInteger());
                        Q_EMIT said(tr("Fleet imported. Undo import takes it back."));
                        Q_EMIT taken();
                    });
}

void ImportFleet::undo()
{
    const auto change = m_requests.console().snapshot()->undo;
    if (!change) {
        Q_EMIT said(tr("There is no change of the fleet to take back."));
        return;
    }
    const QString source = change->source.isEmpty() ? tr("a removal") : visibleText(change->source, 80);
    ConfirmDialog::Words words;
    words.title = tr("Undo %1").arg(source);
    words.sentence = tr("%1 removed again, %2 put back as before.").arg(hostsText(static_cast<int>(change->added.size()))).arg(change->before.size());
    words.detail = tr("The last change of the fleet came from %1. What it changed is put back; the journal keeps both.").arg(source);
    words.action = tr("Undo");
    words.keep = tr("Keep the fleet");
    auto *dialog = new ConfirmDialog(words, m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, seq = change->seq] {
        m_requests.send(QStringLiteral("fleet-undo"), {{QStringLiteral("expect"), seq}}, this, [this](const Reply &reply) {
            if (!reply)
                Q_EMIT failed(errorText(reply.error()));
            else
                Q_EMIT said(tr("The fleet is as it was before."));
        });
    });
    dialog->open();
}

} // namespace bellwether
