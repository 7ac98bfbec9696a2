#include "settingsview/settingspage.h"

#include "rollout/credentials.h"
#include "widgets/button.h"
#include "widgets/panel.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QLineEdit>
#include <QScrollArea>

namespace bellwether {

namespace {

void addField(QVBoxLayout *form, const QString &name, QWidget *field, const QString &note = {})
{
    auto *label = new Label(name, TextRole::Table, Role::Muted);
    label->setBuddy(field);
    field->setAccessibleName(name);
    form->addWidget(label);
    form->addWidget(field, 0, Qt::AlignLeft);
    if (!note.isEmpty()) {
        auto *text = new Label(note, TextRole::Small, Role::Muted);
        text->setWordWrap(true);
        form->addWidget(text);
    }
    form->addSpacing(theme().px(8));
}

QVBoxLayout *formOf(Panel *panel)
{
    const int pad = theme().px(12);
    panel->body()->setContentsMargins(pad, pad, pad, pad);
    panel->body()->setSpacing(theme().px(4));
    return panel->body();
}

} // namespace

SettingsPage::SettingsPage(Requests &requests, const QString &dataFolder, CredentialPort *credentials, QWidget *parent)
    : Page(parent), m_requests(requests), m_theme(new QComboBox), m_density(new QComboBox), m_motion(new QComboBox),
      m_operator(new QLineEdit)
{
    auto *column = new QWidget;
    column->setMaximumWidth(theme().px(640));
    auto *list = new QVBoxLayout(column);
    list->setContentsMargins(theme().px(8), theme().px(8), theme().px(8), theme().px(8));
    list->setSpacing(theme().px(8));
    QList<QWidget *> panels{appearance(), person()};
    if (credentials)
        panels.append(keychain(*credentials));
    panels.append(program(dataFolder));
    for (QWidget *panel : std::as_const(panels)) {
        panel->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
        list->addWidget(panel);
    }
    list->addStretch();
    auto *area = new QScrollArea;
    area->setWidget(column);
    area->setWidgetResizable(true);
    area->setFocusPolicy(Qt::NoFocus);
    area->viewport()->setAutoFillBackground(false);
    column->setAutoFillBackground(false);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(area);
}

QWidget *SettingsPage::appearance()
{
    auto *panel = new Panel(tr("Appearance"), QStringLiteral("ui/settings"));
    auto *form = formOf(panel);
    m_theme->addItems({tr("As the desktop"), tr("Light"), tr("Dark")});
    m_density->addItems({tr("Compact"), tr("Comfortable")});
    m_motion->addItems({tr("Normal"), tr("Reduced")});
    const bool forced = qEnvironmentVariableIsSet("BELLWETHER_THEME");
    m_theme->setEnabled(!forced);
    addField(form, tr("Colours"), m_theme, forced ? tr("Set by BELLWETHER_THEME in the environment.") : QString());
    addField(form, tr("Density"), m_density);
    addField(form, tr("Motion"), m_motion);
    connect(m_theme, &QComboBox::currentIndexChanged, this, [](int i) { theme().setMode(static_cast<ThemeMode>(i)); });
    connect(m_density, &QComboBox::currentIndexChanged, this, [](int i) { theme().setDensity(static_cast<Density>(i)); });
    connect(m_motion, &QComboBox::currentIndexChanged, this, [](int i) { theme().setReducedMotion(i == 1); });
    return panel;
}

QWidget *SettingsPage::person()
{
    auto *panel = new Panel(tr("Operator"), QStringLiteral("ui/key"));
    m_operator->setFixedWidth(theme().px(280));
    m_operator->setMaxLength(80);
    m_operator->setText(m_requests.actor());
    addField(formOf(panel), tr("Your name"), m_operator,
             tr("Stands in the journal and in every report beside what you do. Empty means the name of your account."));
    connect(m_operator, &QLineEdit::textChanged, this, [this](const QString &text) {
        const QString name = text.trimmed();
        m_requests.setActor(name.isEmpty() ? qEnvironmentVariable("USER", tr("operator")) : name);
    });
    return panel;
}

QWidget *SettingsPage::keychain(CredentialPort &credentials)
{
    auto *panel = new Panel(tr("Passwords and passphrases"), QStringLiteral("ui/key"));
    auto *forget = new Button(tr("Forget what the keychain keeps"), ButtonKind::Outlined, ButtonSize::Tool);
    addField(formOf(panel), tr("Desktop's keychain"), forget,
             tr("What you had it keep when you were asked. What is in memory serves until Bellwether is closed, and is overwritten then."));
    connect(forget, &QPushButton::clicked, this, [this, &credentials] {
        const QString why = credentials.cannotKeep();
        if (why.isEmpty())
            credentials.forgetKept();
        Q_EMIT said(why.isEmpty() ? tr("The desktop's keychain forgets what Bellwether had it keep.") : tr("Nothing is kept: %1.").arg(why));
    });
    return panel;
}

QWidget *SettingsPage::program(const QString &dataFolder)
{
    auto *panel = new Panel(tr("This program"), QStringLiteral("ui/database"));
    auto *form = formOf(panel);
    auto *folder = new QLineEdit(dataFolder);
    folder->setReadOnly(true);
    folder->setFixedWidth(theme().px(480));
    folder->setFont(theme().font(TextRole::Mono));
    addField(form, tr("Data folder: journal, logs of the steps, reports"), folder);
    const QString versions = tr("Bellwether %1, Qt %2 (built with %3)")
                                 .arg(QLatin1String(BELLWETHER_VERSION), QLatin1String(qVersion()), QLatin1String(QT_VERSION_STR));
    auto *text = new Label(versions, TextRole::Body);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    addField(form, tr("Versions"), text,
             tr("No account, no telemetry, and no network but the hosts in the fleet."));
    auto *copy = new Button(tr("Copy versions"), ButtonKind::Outlined, ButtonSize::Tool);
    copy->setIconName(QStringLiteral("ui/copy"));
    connect(copy, &QPushButton::clicked, this, [this, versions] {
        QGuiApplication::clipboard()->setText(versions);
        Q_EMIT said(tr("Versions copied."));
    });
    form->addWidget(copy, 0, Qt::AlignLeft);
    return panel;
}

QList<QWidget *> SettingsPage::regions() { return {m_theme->isEnabled() ? m_theme : m_density}; }

void SettingsPage::saveState(ViewState &settings)
{
    settings.setValue(QStringLiteral("theme"), m_theme->currentIndex());
    settings.setValue(QStringLiteral("density"), m_density->currentIndex());
    settings.setValue(QStringLiteral("motion"), m_motion->currentIndex());
    settings.setValue(QStringLiteral("operator"), m_operator->text());
}

void SettingsPage::restoreState(ViewState &settings)
{
    m_theme->setCurrentIndex(qBound(0, settings.value(QStringLiteral("theme"), 0).toInt(), 2));
    m_density->setCurrentIndex(qBound(0, settings.value(QStringLiteral("density"), 0).toInt(), 1));
    m_motion->setCurrentIndex(qBound(0, settings.value(QStringLiteral("motion"), 0).toInt(), 1));
    const QString name = settings.value(QStringLiteral("operator")).toString();
    if (!name.isEmpty() && name != qEnvironmentVariable("USER")) // the account's name is told apart by its machine
        m_operator->setText(name);
}

} // namespace bellwether
