#include "fleetview/copyfile.h"

#include "fleetview/listtable.h"
#include "text/copytext.h"
#include "text/errortext.h"
#include "text/format.h"
#include "widgets/confirmdialog.h"
#include "widgets/dialogframe.h"
#include "widgets/focusring.h"

#include <QBoxLayout>
#include <QFileDialog>
#include <QFileInfo>
#include <QHeaderView>
#include <QJsonArray>
#include <QLineEdit>
#include <QTableView>

namespace bellwether {

namespace {

QLineEdit *addField(QVBoxLayout *into, const QString &name, const QString &text = {})
{
    auto *label = new Label(name, TextRole::Table, Role::Muted);
    auto *field = new QLineEdit(text);
    field->setAccessibleName(name);
    label->setBuddy(field);
    into->addWidget(label);
    into->addWidget(field);
    return field;
}

QString pathProblem(const QString &path)
{
    if (!path.startsWith(u'/'))
        return CopyFile::tr("The place on the hosts must be an absolute path.");
    return path.endsWith(u'/') ? CopyFile::tr("The place on the hosts needs the file's name.") : QString();
}

// A number alone is asked back: here nobody thinks of bytes a second.
QString limitProblem(const QString &limit)
{
    if (limit.isEmpty() || (copyLimit(limit) && !limit.back().isDigit()))
        return {};
    return CopyFile::tr("The limit must be a rate with its unit, at least 1.1 KB/s: e.g. 500 KB/s or 2 MB/s.");
}

} // namespace

CopyFile::CopyFile(Requests &requests, QWidget *window) : QObject(window), m_requests(requests), m_window(window) {}

void CopyFile::chooseFile(const QStringList &hosts)
{
    auto *dialog = new QFileDialog(m_window, tr("Copy a file to %1").arg(hostsText(static_cast<int>(hosts.size()))));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, [this, hosts](const QString &file) { ask(file, hosts); });
    dialog->open();
}

void CopyFile::ask(const QString &file, const QStringList &hosts)
{
    const QString name = QFileInfo(file).fileName(), count = hostsText(static_cast<int>(hosts.size()));
    ConfirmDialog::Words words;
    words.title = tr("Copy %1").arg(visibleText(name, 80));
    words.sentence = tr("%1 to %2.").arg(bytesText(QFileInfo(file).size()), count);
    words.detail = tr("%1. A file that has this name there is replaced once the whole has arrived and its sum was compared; until then it stays as it is.").arg(joinNames(hosts, 6));
    words.action = tr("Copy to %1").arg(count);
    words.keep = tr("Copy nothing");
    for (const FleetRow &row : m_requests.console().snapshot()->fleet)
        words.production = words.production || (hosts.contains(row.installation.name) && row.installation.environment == Environment::Production);
    auto *dialog = new ConfirmDialog(words, m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QLineEdit *path = addField(dialog->body(), tr("Place on the hosts, e.g. /srv/sample/%1").arg(visibleText(name, 40)));
    QLineEdit *reason = addField(dialog->body(), tr("Reason, kept in the journal (may be empty)"));
    QLineEdit *limit = addField(dialog->body(), tr("At most, with each machine, e.g. 500 KB/s or 2 MB/s (empty: as fast as it goes)"));
    limit->setObjectName(QStringLiteral("limit"));
    const auto look = [dialog, path, limit] {
        const QString problem = pathProblem(path->text());
        dialog->actionButton()->setBlocked(problem.isEmpty() ? limitProblem(limit->text().trimmed()) : problem);
    };
    look();
    connect(path, &QLineEdit::textChanged, dialog, look);
    connect(limit, &QLineEdit::textChanged, dialog, look);
    path->setFocus();
    connect(dialog, &QDialog::accepted, this, [this, file, hosts, path, reason, limit, title = words.title] {
        m_requests.send(QStringLiteral("put"),
                        {{QStringLiteral("file"), QFileInfo(file).absoluteFilePath()}, {QStringLiteral("path"), path->text()},
                         {QStringLiteral("hosts"), QJsonArray::fromStringList(hosts)}, {QStringLiteral("limit"), copyLimit(limit->text().trimmed()).value_or(0)},
                         {QStringLiteral("reason"), reason->text().trimmed()}},
                        this, [this, title](const Reply &reply) {
                            if (!reply) {
                                Q_EMIT failed(errorText(reply.error()));
                                return;
                            }
                            auto *progress = new CopyDialog(m_requests, reply->value(QLatin1String("transfer")).toInt(), title, m_window);
                            progress->setAttribute(Qt::WA_DeleteOnClose);
                            progress->open();
                        });
    });
    dialog->open();
}

CopyDialog::CopyDialog(Requests &requests, int transfer, const QString &title, QWidget *parent)
    : QDialog(parent), m_requests(requests), m_transfer(transfer), m_sentence(new Label(tr("Reading the file."), TextRole::Verdict)),
      m_cancelOne(new Button(tr("Cancel the chosen host"))), m_cancelAll(new Button(tr("Cancel all"))), m_close(new Button(tr("Close")))
{
    setWindowTitle(title);
    setWindowModality(Qt::WindowModal);
    setMinimumWidth(theme().px(760));
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(1, 1, 1, 1);
    all->setSpacing(0);
    new FocusRing(this);
    frameDialog(this);
    all->addWidget(makeDialogTitle(title));
    auto *inner = new QVBoxLayout;
    inner->setContentsMargins(theme().px(20), theme().px(16), theme().px(20), theme().px(16));
    inner->setSpacing(theme().px(10));
    all->addLayout(inner);
    m_sentence->setWordWrap(true);
    inner->addWidget(m_sentence);
    m_table = addList(inner, tr("Copies"), {tr("Host"), tr("Done"), tr("What it does")}, {}, 2);
    m_table->setMinimumHeight(theme().px(180));
    m_rows = qobject_cast<RowsModel *>(m_table->model());
    auto *foot = new QHBoxLayout;
    foot->addWidget(m_cancelOne);
    foot->addWidget(m_cancelAll);
    foot->addStretch();
    foot->addWidget(m_close);
    inner->addLayout(foot);
    m_close->setDefault(true);
    m_close->setHint(tr("The copies go on for as long as this console runs"));
    connect(m_close, &QPushButton::clicked, this, &QDialog::accept);
    connect(m_cancelAll, &QPushButton::clicked, this, [this] { cancel({}); });
    connect(m_cancelOne, &QPushButton::clicked, this, [this] {
        if (const QString host = chosenHost(); !host.isEmpty())
            cancel(host);
    });
    connect(&m_timer, &QTimer::timeout, this, &CopyDialog::look);
    m_timer.start(400);
    look();
}

void CopyDialog::look()
{
    if (std::exchange(m_asked, true))
        return;
    m_requests.send(QStringLiteral("transfers"), {{QStringLiteral("transfer"), m_transfer}}, this, [this](const Reply &reply) {
        m_asked = false;
        if (reply)
            return show(*reply);
        m_timer.stop();
        m_sentence->setText(errorText(reply.error()));
    });
}

QString CopyDialog::chosenHost() const
{
    const QModelIndex index = m_table->currentIndex();
    return index.isValid() && index.row() >= m_stages ? m_rows->row(index.row()).key : QString();
}

void CopyDialog::show(const QJsonObject &report)
{
    QList<Row> rows;
    const auto add = [&rows](const QString &key, const QString &name, const QJsonObject &row) {
        const qint64 total = row.value(QLatin1String("total")).toInteger();
        const QString part = total > 0 ? QStringLiteral("%1 %").arg(100 * row.value(QLatin1String("done")).toInteger() / total) : noneText();
        rows.append(listRow(key, {name, part, copyStateText(row)}));
    };
    const QJsonArray stages = report.value(QLatin1String("stages")).toArray(), hosts = report.value(QLatin1String("hosts")).toArray();
    for (const QJsonValue value : stages) {
        const QString name = value.toObject().value(QLatin1String("name")).toString();
        add(QLatin1Char('/') + name, tr("%1, for those behind it").arg(name), value.toObject()); // no host's name has a slash
    }
    for (const QJsonValue value : hosts) {
        const QString name = value.toObject().value(QLatin1String("name")).toString();
        add(name, name, value.toObject());
    }
    m_stages = stages.size();
    m_rows->setRows(rows);
    const CopyTotals totals = copyTotals(report);
    const bool all = report.value(QLatin1String("ended")).toBool();
    const QString code = report.value(QLatin1String("error_code")).toString();
    if (!code.isEmpty())
        m_sentence->setText(copyErrorText(report));
    else if (all)
        m_sentence->setText(tr("Copied to %1 of %2.").arg(totals.copied).arg(hostsText(totals.hosts)));
    else if (totals.isReading)
        m_sentence->setText(tr("Reading the file."));
    else if (totals.rate < 1)
        m_sentence->setText(tr("%1 of %2 copied.").arg(totals.copied).arg(hostsText(totals.hosts)));
    else
        m_sentence->setText(tr("%1 of %2 copied, %3 %; %4.").arg(totals.copied).arg(hostsText(totals.hosts)).arg(totals.percent()).arg(visibleText(copyPaceText(totals), 200)));
    const QString over = all ? tr("Nothing is under way.") : QString();
    m_cancelAll->setBlocked(over);
    m_cancelOne->setBlocked(!over.isEmpty() ? over : !chosenHost().isEmpty() ? QString() : tr("Choose a host in the list."));
    if (all)
        m_timer.stop();
}

void CopyDialog::cancel(const QString &host)
{
    m_requests.send(QStringLiteral("transfer-cancel"), {{QStringLiteral("transfer"), m_transfer}, {QStringLiteral("host"), host}}, this, [this](const Reply &reply) {
        if (reply)
            show(*reply);
    });
}

} // namespace bellwether
