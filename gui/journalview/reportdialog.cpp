#include "journalview/reportdialog.h"

#include "widgets/dialogframe.h"
#include "widgets/focusring.h"
#include "widgets/label.h"

#include <QBoxLayout>
#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QLineEdit>

namespace bellwether {

ReportDialog::ReportDialog(const QString &rollout, int id, const ReportMakers &makers, QWidget *parent)
    : QDialog(parent), m_rollout(rollout), m_id(id), m_format(new QComboBox), m_file(new QLineEdit), m_key(new QLineEdit),
      m_write(new Button(tr("Write the report"), ButtonKind::Primary))
{
    setWindowTitle(tr("Report of %1").arg(rollout));
    setWindowModality(Qt::WindowModal);
    setMinimumWidth(theme().px(560));
    new FocusRing(this);
    frameDialog(this);
    auto *whole = new QVBoxLayout(this);
    whole->setContentsMargins(1, 1, 1, 1);
    whole->setSpacing(0);
    whole->addWidget(makeDialogTitle(windowTitle()));
    auto *all = new QVBoxLayout;
    whole->addLayout(all);
    all->setContentsMargins(theme().px(20), theme().px(16), theme().px(20), theme().px(16));
    all->setSpacing(theme().px(8));
    all->addWidget(new Label(tr("The evidence of %1, made from the journal.").arg(rollout), TextRole::Verdict));
    const auto field = [all](const QString &name, QWidget *widget, Button *button = nullptr) {
        auto *label = new Label(name, TextRole::Table, Role::Muted);
        label->setBuddy(widget);
        widget->setAccessibleName(name);
        auto *row = new QHBoxLayout;
        row->addWidget(widget, 1);
        if (button)
            row->addWidget(button);
        all->addWidget(label);
        all->addLayout(row);
    };
    if (makers.pdf)
        m_format->addItem(tr("PDF, for people and paper"), QStringLiteral("pdf"));
    m_format->addItem(tr("HTML, one file"), QStringLiteral("html"));
    m_format->addItem(tr("JSON, verifies itself"), QStringLiteral("json"));
    m_format->addItem(tr("CSV, one row per step"), QStringLiteral("csv"));
    m_format->addItem(tr("Markdown"), QStringLiteral("md"));
    m_format->setObjectName(QStringLiteral("format"));
    m_file->setObjectName(QStringLiteral("file"));
    m_key->setObjectName(QStringLiteral("key"));
    m_write->setObjectName(QStringLiteral("write"));
    auto *browseFile = new Button(tr("Browse…"));
    auto *browseKey = new Button(tr("Browse…"));
    field(tr("Format"), m_format);
    field(tr("File"), m_file, browseFile);
    field(tr("Key to sign with: a private key's file, or a public key whose private part the agent holds; empty = not signed"), m_key, browseKey);
    m_key->setEnabled(static_cast<bool>(makers.sign));
    browseKey->setBlocked(makers.sign ? QString() : tr("Signing is not available here"));
    auto *foot = new QHBoxLayout;
    auto *cancel = new Button(tr("Cancel"));
    foot->addStretch();
    foot->addWidget(cancel);
    foot->addWidget(m_write);
    all->addSpacing(theme().px(6));
    all->addLayout(foot);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_format, &QComboBox::currentIndexChanged, this, &ReportDialog::suggest);
    connect(m_file, &QLineEdit::textEdited, this, [this] { m_ownName = true; });
    connect(m_file, &QLineEdit::textChanged, this, &ReportDialog::check);
    connect(browseFile, &QPushButton::clicked, this, [this] { browse(m_file, true); });
    connect(browseKey, &QPushButton::clicked, this, [this] { browse(m_key, false); });
    connect(m_write, &QPushButton::clicked, this, [this] {
        ReportFormat format = ReportFormat::Html;
        enumFrom(m_format->currentData().toString(), format);
        Q_EMIT wanted({m_id, format, m_file->text().trimmed(), m_key->text().trimmed()});
        accept();
    });
    suggest();
    m_format->setFocus();
}

void ReportDialog::suggest()
{
    const QString end = m_format->currentData().toString();
    if (m_ownName && !m_file->text().isEmpty()) {
        const QFileInfo now(m_file->text());
        m_file->setText(now.path() + QLatin1Char('/') + now.completeBaseName() + QLatin1Char('.') + end);
    } else {
        m_file->setText(QStringLiteral("%1/%2.%3").arg(QDir::homePath(), m_rollout, end));
    }
    check();
}

void ReportDialog::check()
{
    const QString file = m_file->text().trimmed();
    m_write->setBlocked(file.isEmpty() ? tr("Name the file") : !QDir::isAbsolutePath(file) ? tr("Give the whole path of the file") : QString());
}

void ReportDialog::browse(QLineEdit *field, bool save)
{
    auto *dialog = new QFileDialog(this, save ? tr("Write the report to") : tr("Key to sign with"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(save ? QFileDialog::AcceptSave : QFileDialog::AcceptOpen);
    dialog->selectFile(field->text());
    connect(dialog, &QFileDialog::fileSelected, field, [this, field, save](const QString &file) {
        m_ownName = m_ownName || save;
        field->setText(file);
    });
    dialog->open();
}

} // namespace bellwether
