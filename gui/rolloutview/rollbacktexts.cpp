// What the rollback dialog hands to people: the message to users and the runbook.
#include "base/wholefile.h"
#include "rolloutview/rollbackdialog.h"
#include "rolloutview/waytext.h"
#include "text/errortext.h"
#include "widgets/dialogframe.h"
#include "widgets/offthread.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QPlainTextEdit>

namespace bellwether {

void RollbackDialog::showMessage()
{
    auto *dialog = new QDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("user-message"));
    dialog->setWindowTitle(tr("Message to affected users"));
    dialog->resize(theme().px(620), theme().px(360));
    frameDialog(dialog);
    auto *all = new QVBoxLayout(dialog);
    all->setContentsMargins(theme().px(20), theme().px(16), theme().px(20), theme().px(16));
    all->setSpacing(theme().px(8));
    all->addWidget(new Label(tr("Message to affected users"), TextRole::Verdict));
    auto *note = new Label(tr("Nothing is sent from here: change it as you like, copy it, and send it the way you reach them."), TextRole::Table, Role::Muted);
    note->setWordWrap(true);
    all->addWidget(note);
    auto *text = new QPlainTextEdit(userMessage(*m_rollout, chosen(), m_nowMs));
    text->setProperty("field", true);
    text->setAccessibleName(tr("Text of the message"));
    text->setTabChangesFocus(true);
    all->addWidget(text, 1);
    auto *foot = new QHBoxLayout;
    auto *close = new Button(tr("Close"));
    auto *copy = new Button(tr("Copy"), ButtonKind::Primary);
    copy->setObjectName(QStringLiteral("copy-message"));
    foot->addStretch();
    foot->addWidget(close);
    foot->addWidget(copy);
    all->addLayout(foot);
    connect(close, &QPushButton::clicked, dialog, &QDialog::reject);
    connect(copy, &QPushButton::clicked, dialog, [dialog, text] {
        QGuiApplication::clipboard()->setText(text->toPlainText());
        dialog->accept();
    });
    dialog->open();
}

void RollbackDialog::askRunbook()
{
    auto *dialog = new QFileDialog(this, tr("Save the way back as a runbook"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("md"));
    dialog->selectFile(QStringLiteral("%1-way-back.md").arg(m_rollout->name));
    connect(dialog, &QFileDialog::fileSelected, this, &RollbackDialog::saveRunbook);
    dialog->open();
}

void RollbackDialog::saveRunbook(const QString &path)
{
    const QByteArray bytes = runbook(*m_rollout, chosen(), m_nowMs).toUtf8();
    offThread(this, [path, bytes] { return writeFile(path, bytes); }, [this, path](const Status &saved) {
        m_error->setColour(saved ? StateRole::Healthy : StateRole::Failed);
        m_error->setText(saved ? tr("Runbook saved to %1").arg(path) : errorText(saved.error()));
        showFoot();
    });
}

} // namespace bellwether
