#include "widgets/confirmdialog.h"

#include "widgets/dialogframe.h"
#include "widgets/focusring.h"
#include "widgets/panel.h"

#include <QBoxLayout>
#include <QLineEdit>

namespace bellwether {

ConfirmDialog::ConfirmDialog(const Words &words, QWidget *parent)
    : QDialog(parent), m_body(new QVBoxLayout),
      m_action(new Button(words.action, words.destructive ? ButtonKind::Destructive : ButtonKind::Outlined))
{
    setWindowTitle(words.title);
    setWindowModality(Qt::WindowModal);
    setMinimumWidth(theme().px(520));
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(1, 1, 1, 1);
    all->setSpacing(0);
    new FocusRing(this);
    frameDialog(this);
    all->addWidget(makeDialogTitle(words.title, words.production));
    auto *inner = new QVBoxLayout;
    inner->setContentsMargins(theme().px(20), theme().px(16), theme().px(20), theme().px(16));
    inner->setSpacing(theme().px(10));
    all->addLayout(inner);
    auto *sentence = new Label(words.sentence, TextRole::Verdict);
    sentence->setWordWrap(true);
    inner->addWidget(sentence);
    if (!words.detail.isEmpty()) {
        auto *detail = new Label(words.detail, TextRole::Body, Role::Muted);
        detail->setWordWrap(true);
        inner->addWidget(detail);
    }
    inner->addLayout(m_body);
    if (words.needsReason) {
        auto *label = new Label(tr("Reason, kept in the journal"), TextRole::Table, Role::Muted);
        m_reason = new QLineEdit;
        m_reason->setAccessibleName(label->text());
        label->setBuddy(m_reason);
        inner->addWidget(label);
        inner->addWidget(m_reason);
        m_action->setBlocked(tr("A reason is needed."));
        connect(m_reason, &QLineEdit::textChanged, this, [this](const QString &text) {
            m_action->setBlocked(text.trimmed().isEmpty() ? tr("A reason is needed.") : QString());
        });
    }
    auto *foot = new QHBoxLayout;
    auto *keep = new Button(words.keep);
    keep->setDefault(true);
    keep->setAutoDefault(true);
    foot->addWidget(m_action);
    foot->addStretch();
    foot->addWidget(keep);
    inner->addSpacing(theme().px(6));
    inner->addLayout(foot);
    setAccessibleDescription(words.sentence);
    connect(keep, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_action, &QPushButton::clicked, this, &QDialog::accept);
    (m_reason ? static_cast<QWidget *>(m_reason) : keep)->setFocus();
}

QString ConfirmDialog::reason() const { return m_reason ? m_reason->text().trimmed() : QString(); }

} // namespace bellwether
