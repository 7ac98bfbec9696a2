#include "fleetview/inspector.h"

#include "text/errortext.h"
#include "text/format.h"
#include "widgets/icons.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QDateTime>
#include <QGuiApplication>
#include <QPainter>
#include <QScrollArea>
#include <QToolButton>

namespace bellwether {

namespace {

class Note final : public QWidget {
public:
    StateRole role = StateRole::Warning;

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), theme().tint(role));
        painter.fillRect(0, 0, 3, height(), theme().colour(role));
    }
};

} // namespace

Inspector::Inspector(QWidget *parent)
    : QWidget(parent), m_name(new Label({}, TextRole::Title)), m_selected(new Label({}, TextRole::Table, Role::Muted)),
      m_what(new Label({}, TextRole::Body, Role::Muted)), m_noteHead(new Label({}, TextRole::BodyBold)), m_noteText(new Label({}, TextRole::Body)),
      m_empty(new Label(tr("Choose a host to see what was measured on it."), TextRole::Body, Role::Muted)),
      m_production(new StateLabel(true)), m_note(new Note), m_content(new QWidget), m_facts(new FactGrid), m_back(new FactGrid),
      m_ledger(new FactGrid), m_copy(new Button(tr("Copy ssh"))), m_trust(new Button(tr("Trust key…"))), m_open(new Button(tr("Open rollout")))
{
    setAccessibleName(tr("Chosen host"));
    setMinimumWidth(theme().px(280));
    m_production->setFill(true);
    const StateLook production = productionLook();
    m_production->set(production.role, production.icon, production.word.toUpper());
    auto *title = new QHBoxLayout;
    title->setSpacing(theme().px(10));
    m_name->setElided(true);
    title->addWidget(m_name, 1);
    title->addWidget(m_production);
    auto *fold = new QToolButton;
    fold->setProperty("kind", QStringLiteral("flat"));
    fold->setText(QStringLiteral("»"));
    fold->setAccessibleName(tr("Fold the chosen host away"));
    fold->setToolTip(plainToolTip(tr("Fold away")));
    fold->setFocusPolicy(Qt::StrongFocus);
    connect(fold, &QToolButton::clicked, this, &Inspector::foldAsked);
    title->addWidget(fold);
    auto *note = new QVBoxLayout(m_note);
    note->setContentsMargins(theme().px(12), theme().px(8), theme().px(10), theme().px(8));
    note->setSpacing(theme().px(2));
    note->addWidget(m_noteHead);
    note->addWidget(m_noteText);
    m_noteText->setWordWrap(true);
    m_what->setWordWrap(true);
    auto *head = new QVBoxLayout;
    head->setContentsMargins(theme().px(14), theme().px(10), theme().px(14), theme().px(12));
    head->addLayout(title);
    head->addWidget(m_what);
    head->addWidget(m_selected);
    head->addWidget(m_note);
    auto *inner = new QVBoxLayout(m_content);
    inner->setContentsMargins(0, 0, 0, 0);
    inner->setSpacing(0);
    inner->addLayout(head);
    inner->addWidget(section({}, m_facts));
    inner->addWidget(section(tr("Way back"), m_back));
    inner->addWidget(section(tr("Ledger and content"), m_ledger));
    inner->addStretch();
    auto *area = new QScrollArea;
    area->setWidgetResizable(true);
    area->setWidget(m_content);
    area->setFocusPolicy(Qt::NoFocus);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->viewport()->setAutoFillBackground(false);
    m_content->setAutoFillBackground(false);
    auto *foot = new QHBoxLayout;
    foot->setContentsMargins(theme().px(14), theme().px(8), theme().px(14), theme().px(8));
    foot->setSpacing(theme().px(8));
    m_copy->setIconName(QStringLiteral("ui/copy"));
    m_trust->setIconName(QStringLiteral("ui/key"));
    foot->addWidget(m_open);
    foot->addWidget(m_copy);
    foot->addWidget(m_trust);
    foot->addStretch();
    m_empty->setWordWrap(true);
    m_empty->setContentsMargins(theme().px(14), theme().px(14), theme().px(14), 0);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(1, 0, 0, 0);
    all->setSpacing(0);
    all->addWidget(m_empty);
    all->addWidget(area, 1);
    all->addLayout(foot);
    connect(m_copy, &QPushButton::clicked, this, [this] {
        QGuiApplication::clipboard()->setText(m_ssh);
        Q_EMIT said(tr("Copied: %1").arg(m_ssh));
    });
    connect(m_trust, &QPushButton::clicked, this, [this] { Q_EMIT trustAsked(m_host); });
    connect(m_open, &QPushButton::clicked, this, [this] { Q_EMIT rolloutAsked(m_rollout); });
    show(nullptr, {}, {}, {}, 0, 0);
}

QWidget *Inspector::section(const QString &title, QWidget *content)
{
    class Section final : public QWidget {
    protected:
        void paintEvent(QPaintEvent *) override
        {
            QPainter painter(this);
            painter.setPen(theme().colour(Role::Border));
            painter.drawLine(0, 0, width(), 0);
        }
    };
    auto *box = new Section;
    auto *layout = new QVBoxLayout(box);
    layout->setContentsMargins(theme().px(14), theme().px(10), theme().px(14), theme().px(12));
    layout->setSpacing(theme().px(6));
    if (!title.isEmpty())
        layout->addWidget(new Label(title, TextRole::TableBold));
    layout->addWidget(content);
    return box;
}

void Inspector::setReadOnly(const QString &reason) { m_readOnly = reason; }

void Inspector::show(const FleetRow *row, const StateLook &look, const QString &productName, const QString &ssh, int selected, qint64 nowMs)
{
    m_content->setVisible(row);
    m_empty->setVisible(!row);
    m_copy->setVisible(row);
    m_trust->setVisible(row && row->keyState != QLatin1String("trusted"));
    m_open->setVisible(row && !row->rollout.isEmpty());
    m_host = row ? row->installation.name : QString();
    if (!row)
        return;
    const Installation &host = row->installation;
    m_ssh = ssh;
    m_rollout = row->rollout;
    m_copy->setHint(m_ssh);
    m_trust->setBlocked(m_readOnly);
    m_trust->setHint(tr("Reads the key the host shows now and asks you before it is trusted"));
    m_name->setFullText(host.name);
    m_production->setVisible(host.environment == Environment::Production);
    m_selected->setVisible(selected > 1);
    m_selected->setText(selected > 1 ? tr("1 of %1 selected").arg(selected) : QString());
    m_what->setText(host.domain.isEmpty() ? tr("%1 %2").arg(productName, row->facts.version ? row->facts.version->toString() : unknownText())
                                          : tr("%1 %2, %3").arg(productName, row->facts.version ? row->facts.version->toString() : tr("(version unknown)"), host.domain));
    showNote(*row, look, nowMs);
    showFacts(*row, nowMs);
}

void Inspector::showNote(const FleetRow &row, const StateLook &look, qint64 nowMs)
{
    const bool calm = look.role == StateRole::Healthy;
    m_note->setVisible(!calm);
    if (calm)
        return;
    static_cast<Note *>(m_note)->role = look.role;
    m_note->update();
    m_noteHead->setColour(look.role);
    m_noteHead->setText(row.facts.measuredMs == 0 ? look.word : tr("%1, measured %2").arg(look.word, agoText(row.facts.measuredMs, nowMs)));
    QString text;
    if (row.keyState == QLatin1String("changed"))
        text = tr("The host shows another key than the trusted one. Nothing is sent to it. Find out why before you trust the new one.");
    else if (row.keyState == QLatin1String("revoked"))
        text = tr("Its key was revoked, so nothing is sent to it. Give the machine a new key, then trust that one.");
    else if (row.keyState == QLatin1String("unknown"))
        text = tr("Its key was never trusted, so nothing was sent to it. Compare the fingerprint with the host's, then trust it.");
    else if (!row.facts.error.isEmpty())
        text = errorText(row.facts.error, row.facts.errorArgs);
    else if (row.facts.ledger && !row.facts.ledger->halfMigrated.isEmpty())
        text = tr("Migration %1 began and did not end.").arg(visibleText(row.facts.ledger->halfMigrated, 80));
    else if (row.facts.measuredMs == 0)
        text = tr("Nothing measured yet. Check this host to read its version, disk, database and backups.");
    else
        text = visibleText(row.facts.healthDetail, 300);
    m_noteText->setText(text);
    m_noteText->setVisible(!text.isEmpty());
}

void Inspector::showFacts(const FleetRow &row, qint64 nowMs)
{
    const Installation &host = row.installation;
    const HostFacts &facts = row.facts;
    using Fact = FactGrid::Fact;
    const bool trusted = row.keyState == QLatin1String("trusted");
    QList<Fact> list;
    list << Fact{tr("Address"), host.endpoint.machine(), {}, {}, std::nullopt, true};
    if (!m_sameMachine.isEmpty())
        list << Fact{tr("Same machine"), m_sameMachine.join(QStringLiteral(", "))};
    list << Fact{tr("Host key"), trusted ? tr("trusted") : row.keyState == QLatin1String("changed") ? tr("changed") : row.keyState == QLatin1String("revoked") ? tr("revoked") : tr("unknown"), row.keyFingerprint,
                 trusted ? QStringLiteral("state/healthy") : QStringLiteral("state/warning"), trusted ? StateRole::Healthy : StateRole::Warning};
    if (const auto &certificate = facts.certificate) {
        const qint64 left = certificate->untilMs - QDateTime::currentMSecsSinceEpoch();
        const QString until = certificate->untilMs == 0 ? tr("valid for ever")
            : left <= 0                                 ? tr("expired on %1").arg(utcText(certificate->untilMs))
                                                        : tr("valid until %1").arg(utcText(certificate->untilMs));
        const QString who = certificate->principals.isEmpty() ? tr("any user") : visibleText(certificate->principals.join(QStringLiteral(", ")), 80);
        const bool soon = certificate->untilMs != 0 && left < 24LL * 3600 * 1000;
        const QString path = visibleText(certificate->path, 200);
        list << (soon ? Fact{tr("Certificate"), tr("%1, for %2").arg(until, who), path, QStringLiteral("state/warning"), StateRole::Warning}
                      : Fact{tr("Certificate"), tr("%1, for %2").arg(until, who), path});
    }
    if (host.endpoint.compression.value_or(false))
        list << Fact{tr("Connection"), tr("compressed")};
    if (host.sudo)
        list << Fact{tr("Commands run"), *host.sudo == Sudo::Password ? tr("as root, by sudo with a password") : tr("as root, by sudo")};
    list << Fact{tr("Environment"), wordOf(host.environment)};
    list << Fact{tr("Directory"), host.directory, {}, {}, std::nullopt, true};
    list << Fact{tr("Database"), facts.databaseServer.isEmpty() && !facts.databaseSize ? unknownText()
                     : (facts.databaseServer.isEmpty() ? QString() : visibleText(facts.databaseServer, 60) + QStringLiteral(", ")) + bytesText(facts.databaseSize)};
    QString disk = bytesText(facts.diskFree);
    if (facts.diskFree && facts.databaseSize && *facts.databaseSize > 0)
        disk = *facts.diskFree / *facts.databaseSize >= 100 ? tr("%1 (over 100 times the database)").arg(disk) : tr("%1 (%2 % of database)").arg(disk).arg(*facts.diskFree * 100 / *facts.databaseSize);
    list << Fact{tr("Free disk"), disk};
    list << Fact{tr("Window"), host.window.isEmpty() ? noneText() : host.window};
    list << Fact{tr("Lock"), !row.rollout.isEmpty() ? row.rollout : facts.lockOwner.isEmpty() ? noneText() : visibleText(facts.lockOwner, 60)};
    if (!host.groups.isEmpty())
        list << Fact{tr("Groups"), host.groups.join(QStringLiteral(", "))};
    for (auto it = host.labels.cbegin(); it != host.labels.cend(); ++it)
        list << Fact{it.key(), it.value().isEmpty() ? tr("yes") : it.value()};
    list << Fact{tr("Measured"), facts.measuredMs == 0 ? tr("never") : agoText(facts.measuredMs, nowMs), utcText(facts.measuredMs)};
    for (const QString &problem : facts.problems)
        list << Fact{tr("Problem"), visibleText(problem, 200), {}, QStringLiteral("state/warning"), StateRole::Warning};
    m_facts->setFacts(list);

    QList<Fact> back;
    if (!facts.backup) {
        back << Fact{tr("Last backup"), facts.reachable ? tr("none found") : unknownText()};
    } else {
        back << Fact{tr("Last backup"), tr("%1, %2").arg(dateTimeText(facts.backup->startedMs), bytesText(facts.backup->size)), utcText(facts.backup->startedMs)};
        back << (facts.backup->verified ? Fact{tr("Verified"), tr("listed and hashed"), facts.backup->sha256, QStringLiteral("state/healthy"), StateRole::Healthy}
                                        : Fact{tr("Verified"), tr("no: %1").arg(visibleText(facts.backup->problem, 120)), {}, QStringLiteral("state/warning"), StateRole::Warning});
        back << Fact{tr("Path"), visibleText(facts.backup->path, 200), {}, {}, std::nullopt, true};
    }
    m_back->setFacts(back);

    QList<Fact> ledger;
    if (facts.ledger) {
        ledger << Fact{tr("Migrations"), facts.ledger->applied.isEmpty() ? tr("none applied")
                           : tr("%1 applied, last %2").arg(facts.ledger->applied.size()).arg(visibleText(facts.ledger->applied.last(), 60))};
        if (!facts.ledger->halfMigrated.isEmpty())
            ledger << Fact{tr("Half-migrated"), visibleText(facts.ledger->halfMigrated, 80), {}, QStringLiteral("state/half-migrated"), StateRole::Half};
    } else {
        ledger << Fact{tr("Migrations"), unknownText()};
    }
    for (auto it = facts.content.cbegin(); it != facts.content.cend(); ++it)
        ledger << Fact{it.key(), tr("%1 rows").arg(numberText(it.value()))};
    m_ledger->setFacts(ledger);
}

void Inspector::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().colour(Role::Raised));
    painter.setPen(theme().colour(Role::Border));
    painter.drawLine(0, 0, 0, height());
}

} // namespace bellwether
