#include "fleetview/trusthost.h"

#include "config/files.h"
#include "fleetview/listtable.h"
#include "text/errortext.h"
#include "text/format.h"
#include "widgets/confirmdialog.h"
#include "widgets/factgrid.h"
#include "widgets/offthread.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>

namespace bellwether {

namespace {

QString typeText(const QString &keyType) // lists of fingerprints need not state it
{
    return keyType.isEmpty() ? noneText() : keyType;
}

} // namespace

TrustHost::TrustHost(Requests &requests, QWidget *window) : QObject(window), m_requests(requests), m_window(window) {}

void TrustHost::ask(const QString &host)
{
    Q_EMIT busyChanged(tr("Reading the key of %1…").arg(host));
    m_requests.send(QStringLiteral("scan-key"), {{QStringLiteral("host"), host}}, this, [this, host](const Reply &reply) {
        Q_EMIT busyChanged({});
        if (!reply)
            Q_EMIT failed(errorText(reply.error()));
        else
            show(host, *reply);
    });
}

void TrustHost::show(const QString &host, const QJsonObject &scan)
{
    const QString state = scan.value(QLatin1String("state")).toString();
    const QString type = scan.value(QLatin1String("key_type")).toString(), print = scan.value(QLatin1String("fingerprint")).toString();
    if (state == QLatin1String("trusted")) {
        Q_EMIT said(tr("%1 shows the trusted key.").arg(host));
        return;
    }
    const bool changed = state == QLatin1String("changed");
    ConfirmDialog::Words words;
    words.title = tr("Host key of %1").arg(host);
    words.sentence = changed ? tr("%1 shows another key than the one that was trusted.").arg(host)
                             : tr("The key of %1 is not known yet.").arg(host);
    words.detail = changed ? tr("Somebody may stand between you and the host, or it was set up anew. Ask whoever runs it before you go on.")
                           : tr("Compare the fingerprint with the one read on the host itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    words.action = tr("Trust this key");
    words.keep = tr("Do not trust");
    words.destructive = changed;
    words.needsReason = changed;
    auto *dialog = new ConfirmDialog(words, m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    auto *facts = new FactGrid;
    QList<FactGrid::Fact> list{{tr("Machine"), visibleText(scan.value(QLatin1String("machine")).toString(), 120), {}, {}, std::nullopt, true},
                               {tr("Key type"), visibleText(type, 60)},
                               {tr("Fingerprint"), visibleText(print, 120), {}, {}, std::nullopt, true}};
    if (changed)
        list << FactGrid::Fact{tr("Trusted so far"), visibleText(scan.value(QLatin1String("trusted")).toString(), 120), {}, {}, std::nullopt, true};
    facts->setFacts(list);
    dialog->body()->addWidget(facts);
    connect(dialog, &QDialog::accepted, this, [this, dialog, host, type, print] {
        m_requests.send(QStringLiteral("trust"),
                        {{QStringLiteral("host"), host}, {QStringLiteral("fingerprint"), print}, {QStringLiteral("key_type"), type},
                         {QStringLiteral("source"), QStringLiteral("operator")}, {QStringLiteral("reason"), dialog->reason()}},
                        this, [this, host](const Reply &reply) {
                            if (!reply)
                                Q_EMIT failed(errorText(reply.error()));
                            else
                                Q_EMIT said(tr("The key of %1 is trusted.").arg(host));
                        });
    });
    dialog->open();
}

void TrustHost::chooseFile()
{
    auto *dialog = new QFileDialog(m_window, tr("Import known hosts"), QDir::homePath() + QStringLiteral("/.ssh"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setFilter(dialog->filter() | QDir::Hidden);
    connect(dialog, &QFileDialog::fileSelected, this, &TrustHost::read);
    dialog->open();
}

void TrustHost::read(const QString &path)
{
    readFrom(path, [path] { return readFileBounded(path); });
}

void TrustHost::paste()
{
    constexpr qsizetype most = 1 << 20;
    const QByteArray text = QGuiApplication::clipboard()->text().toUtf8();
    if (text.size() > most)
        Q_EMIT failed(tr("The clipboard holds more than 1 MiB; save it as a file and import that."));
    else
        readFrom(tr("clipboard"), [text]() -> Result<QByteArray> { return text; });
}

void TrustHost::readFrom(const QString &path, std::function<Result<QByteArray>()> source)
{
    Inventory inventory;
    QMap<QString, QString> trusted;
    for (const FleetRow &row : m_requests.console().snapshot()->fleet) {
        inventory.installations << row.installation;
        if (!row.keyFingerprint.isEmpty())
            trusted.insert(row.installation.endpoint.machine(), row.keyFingerprint);
    }
    Q_EMIT busyChanged(tr("Reading %1…").arg(QFileInfo(path).fileName()));
    offThread(this,
              [path, inventory, trusted, source = std::move(source)]() -> Result<KeyImport> {
                  const auto text = source();
                  return text ? importKnownHosts(*text, path, inventory, trusted, {}) : Result<KeyImport>(std::unexpected(text.error()));
              },
              [this, path](const Result<KeyImport> &keys) {
                  Q_EMIT busyChanged({});
                  if (!keys)
                      Q_EMIT failed(errorText(keys.error()));
                  else
                      askForKeys(path, *keys);
              });
}

void TrustHost::askForKeys(const QString &path, const KeyImport &keys)
{
    const QString file = visibleText(QFileInfo(path).fileName(), 80);
    QList<Row> rows;
    for (const KeyConflict &c : keys.conflicts) // first: a changed key must not drown among new ones
        rows << listRow(c.key.machine + c.key.fingerprint, {c.key.machine, tr("differs: %1 stays trusted").arg(c.trusted), typeText(c.key.keyType), c.key.fingerprint});
    for (const MachineKey &k : keys.revoke)
        rows << listRow(k.fingerprint, {noneText(), tr("revoked: never believed again"), k.keyType, k.fingerprint});
    for (const MachineKey &k : keys.trust)
        rows << listRow(k.machine, {k.machine, tr("will be trusted"), typeText(k.keyType), k.fingerprint});
    QList<Row> skipped;
    for (qsizetype i = 0; i < keys.skipped.size(); ++i)
        skipped << listRow(QString::number(i), {keys.skipped[i].where.section(u'/', -1), keys.skipped[i].what, keys.skipped[i].why});
    if (rows.isEmpty() && skipped.isEmpty()) {
        Q_EMIT said(tr("%1 holds no key that is new for a machine of the fleet.").arg(file));
        return;
    }
    ConfirmDialog::Words words;
    words.title = tr("Host keys from %1").arg(file);
    words.sentence = tr("%1 trusted, %2 revoked, %3 in conflict.").arg(keys.trust.size()).arg(keys.revoke.size()).arg(keys.conflicts.size());
    words.detail = tr("Only keys of machines in the fleet are taken, and none takes another's place. Take a file only from somebody who has compared the fingerprints.");
    words.action = tr("Take %1 keys").arg(keys.trust.size() + keys.revoke.size());
    words.keep = tr("Do not trust");
    auto *dialog = new ConfirmDialog(words, m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setMinimumWidth(theme().px(920));
    if (!rows.isEmpty())
        addList(dialog->body(), tr("Keys"), {tr("Machine"), tr("What"), tr("Key type"), tr("Fingerprint")}, rows, 3);
    if (!skipped.isEmpty())
        addList(dialog->body(), tr("Not taken over: %1").arg(skipped.size()), {tr("Where"), tr("What"), tr("Why")}, skipped, 2);
    if (keys.trust.isEmpty() && keys.revoke.isEmpty())
        dialog->actionButton()->setBlocked(tr("There is nothing to take."));
    connect(dialog, &QDialog::accepted, this, [this, file, keys] {
        m_requests.send(QStringLiteral("trust-import"),
                        {{QStringLiteral("source"), file}, {QStringLiteral("keys"), valueToJson(keys.trust)}, {QStringLiteral("revoked"), valueToJson(keys.revoke)}},
                        this, [this](const Reply &reply) {
                            if (!reply)
                                Q_EMIT failed(errorText(reply.error()));
                            else
                                Q_EMIT said(tr("%1 keys are trusted, %2 revoked.").arg(reply->value(QLatin1String("trusted")).toInt()).arg(reply->value(QLatin1String("revoked")).toInt()));
                        });
    });
    dialog->open();
}

} // namespace bellwether
