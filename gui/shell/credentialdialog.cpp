#include "shell/credentialdialog.h"

#include "text/format.h"
#include "widgets/dialogframe.h"
#include "widgets/focusring.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QCoreApplication>
#include <QEvent>
#include <QLineEdit>
#include <QTimer>
#include <mutex>

namespace bellwether {

namespace {

constexpr int namesShown = 6, withdrawnMs = 1500;

QString titleOf(const CredentialQuestion &question)
{
    switch (question.kind) {
    case CredentialKind::Passphrase:
        return CredentialDialog::tr("Passphrase of a key");
    case CredentialKind::Password:
        return CredentialDialog::tr("Password");
    case CredentialKind::Prompts:
        return CredentialDialog::tr("A host asks");
    case CredentialKind::Sudo:
        return CredentialDialog::tr("Password for sudo");
    }
    return {};
}

QString sentenceOf(const CredentialQuestion &question, const QStringList &names)
{
    const QString user = visibleText(question.user, 60), first = visibleText(names.value(0), 60);
    switch (question.kind) {
    case CredentialKind::Passphrase:
        return CredentialDialog::tr("The key %1 is protected by a passphrase.").arg(visibleText(question.subject, 200));
    case CredentialKind::Password:
        return CredentialDialog::tr("%1 wants the password of %2.").arg(first, user);
    case CredentialKind::Prompts:
        return CredentialDialog::tr("%1 asks %2 something before it lets you in.").arg(first, user);
    case CredentialKind::Sudo:
        return CredentialDialog::tr("On %1, sudo wants the password with which %2 runs commands as root.").arg(first, user);
    }
    return {};
}

QString waitingText(const QStringList &names)
{
    QStringList shown;
    for (const QString &name : names.mid(0, namesShown))
        shown.append(visibleText(name, 60));
    const QString list = shown.join(QStringLiteral(", "));
    if (names.size() > namesShown)
        return CredentialDialog::tr("%1 hosts wait for it: %2 and %3 more").arg(names.size()).arg(list).arg(names.size() - namesShown);
    return names.size() == 1 ? CredentialDialog::tr("%1 waits for it").arg(list) : CredentialDialog::tr("%1 hosts wait for it: %2").arg(names.size()).arg(list);
}

} // namespace

CredentialDialog::CredentialDialog(const CredentialQuestion &question, const QStringList &names, QWidget *parent)
    : QDialog(parent), m_sentence(new Label({}, TextRole::Verdict)), m_who(new Label({}, TextRole::Body, Role::Muted)),
      m_problem(new Label({}, TextRole::BodyBold)), m_keepNote(new Label({}, TextRole::Small, Role::Muted)),
      m_keep(new QCheckBox(tr("Keep it in the desktop's keychain"))),
      m_forAll(new QCheckBox(tr("Use it for all hosts of this user, until Bellwether is closed"))),
      m_action(new Button(question.kind == CredentialKind::Passphrase ? tr("Open the key") : tr("Answer"), ButtonKind::Primary)),
      m_cancel(new Button(tr("Cancel")))
{
    setWindowTitle(titleOf(question));
    setWindowModality(Qt::WindowModal);
    setMinimumWidth(theme().px(520));
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(1, 1, 1, 1);
    all->setSpacing(0);
    new FocusRing(this);
    frameDialog(this);
    all->addWidget(makeDialogTitle(titleOf(question)));
    auto *inner = new QVBoxLayout;
    inner->setContentsMargins(theme().px(20), theme().px(16), theme().px(20), theme().px(16));
    inner->setSpacing(theme().px(10));
    all->addLayout(inner);
    m_problem->setColour(StateRole::Failed);
    for (Label *label : {m_sentence, m_who, m_problem, m_keepNote})
        label->setWordWrap(true);
    inner->addWidget(m_sentence);
    inner->addWidget(m_who);
    if (!question.instruction.isEmpty()) {
        auto *words = new Label(tr("The host says: %1").arg(visibleText(question.instruction, 800)), TextRole::Body);
        words->setWordWrap(true);
        inner->addWidget(words);
    }
    inner->addWidget(m_problem);
    for (const CredentialQuestion::Prompt &prompt : question.prompts) {
        const QString name = question.kind == CredentialKind::Passphrase ? tr("Passphrase")
            : question.kind == CredentialKind::Prompts                   ? visibleText(prompt.text, 200)
                                                                         : tr("Password");
        auto *label = new Label(name, TextRole::Table, Role::Muted);
        auto *field = new QLineEdit;
        field->setMaxLength(1024);
        field->setEchoMode(prompt.echo ? QLineEdit::Normal : QLineEdit::Password);
        field->setAccessibleName(name);
        label->setBuddy(field);
        inner->addWidget(label);
        inner->addWidget(field);
        connect(field, &QLineEdit::returnPressed, this, &CredentialDialog::submit);
        m_fields.append(field);
    }
    inner->addWidget(m_forAll);
    inner->addWidget(m_keep);
    inner->addWidget(m_keepNote);
    m_forAll->setVisible(question.forAll);
    m_keep->setVisible(question.kind != CredentialKind::Prompts);
    auto *foot = new QHBoxLayout;
    foot->addWidget(m_action);
    foot->addStretch();
    foot->addWidget(m_cancel);
    inner->addSpacing(theme().px(6));
    inner->addLayout(foot);
    m_action->setAutoDefault(false); // Enter in the last field answers; it must not do so twice
    m_cancel->setAutoDefault(false);
    connect(m_action, &QPushButton::clicked, this, &CredentialDialog::submit);
    connect(m_cancel, &QPushButton::clicked, this, &QDialog::reject);
    show(question, names);
}

void CredentialDialog::show(const CredentialQuestion &question, const QStringList &names)
{
    const bool again = question.round != m_question.round;
    m_question = question;
    m_sentence->setText(sentenceOf(question, names));
    setAccessibleDescription(m_sentence->text());
    m_who->setText(waitingText(names));
    m_problem->setText(visibleText(question.problem, 200));
    m_problem->setVisible(!question.problem.isEmpty());
    m_keep->setEnabled(question.cannotKeep.isEmpty());
    m_keepNote->setText(tr("Not possible here: %1.").arg(question.cannotKeep));
    m_keepNote->setVisible(m_keep->isVisibleTo(this) && !question.cannotKeep.isEmpty());
    m_action->setBlocked(question.busy ? tr("It is being tried.") : QString());
    m_cancel->setBlocked(question.busy ? tr("It is being tried.") : QString());
    for (QLineEdit *field : std::as_const(m_fields))
        field->setEnabled(!question.busy);
    if (again)
        m_answered = false;
    // A host's own question may show what is typed, and comes at any moment: its field is for whoever goes there.
    if (!question.busy && again)
        m_fields.first()->setFocus();
    else if (!question.busy && !focusWidget() && question.kind == CredentialKind::Prompts)
        setFocus();
    else if (!question.busy && !focusWidget())
        m_fields.first()->setFocus();
    if (isVisible()) { // room for what has been added
        layout()->activate();
        resize(width(), std::max(height(), layout()->totalHeightForWidth(width())));
    }
}

void CredentialDialog::submit()
{
    if (m_question.busy)
        return;
    for (QLineEdit *field : std::as_const(m_fields)) {
        if (field->text().isEmpty() && sender() != m_action && m_fields.size() > 1) // Enter goes to what is not answered yet
            return field->setFocus();
    }
    CredentialAnswer answer;
    for (QLineEdit *field : std::as_const(m_fields)) {
        QString text = field->text();
        field->setText({}); // and with it what could be undone; `text` is the last copy now
        answer.values.append(Secret::take(std::move(text)));
    }
    answer.keep = m_keep->isVisibleTo(this) && m_keep->isEnabled() && m_keep->isChecked();
    m_answered = true;
    answer.forAll = m_forAll->isVisibleTo(this) && m_forAll->isChecked();
    Q_EMIT answered(answer);
}

void CredentialDialog::withdraw()
{
    for (QLineEdit *field : std::as_const(m_fields)) {
        field->setText({});
        field->setEnabled(false);
    }
    m_problem->setText(tr("This is no longer asked: the connection has been closed."));
    m_problem->setVisible(true);
    m_action->setBlocked(m_problem->text());
}

// Shared with the threads that wake us: the asker may have gone.
struct CredentialAsker::Wake {
    std::mutex mutex;
    QObject *to = nullptr;
};

CredentialAsker::CredentialAsker(CredentialPort &port, Names names, QWidget *window)
    : QObject(window), m_port(port), m_names(std::move(names)), m_window(window), m_wake(std::make_shared<Wake>())
{
    m_wake->to = this;
    m_port.listen([wake = m_wake] {
        const std::scoped_lock lock(wake->mutex);
        if (wake->to)
            QCoreApplication::postEvent(wake->to, new QEvent(QEvent::User));
    });
}

CredentialAsker::~CredentialAsker()
{
    {
        const std::scoped_lock lock(m_wake->mutex);
        m_wake->to = nullptr;
    }
    m_port.listen({});
}

void CredentialAsker::customEvent(QEvent *)
{
    QCoreApplication::removePostedEvents(this, QEvent::User); // one look is enough for all that changed
    look();
}

void CredentialAsker::look()
{
    const QList<CredentialQuestion> questions = m_port.questions();
    if (m_dialog) {
        for (const CredentialQuestion &question : questions) {
            if (question.id != m_dialog->id())
                continue;
            QStringList names;
            for (const QString &machine : question.machines)
                names.append(m_names(machine));
            return m_dialog->show(question, names);
        }
        if (m_withdrawn)
            return;
        if (!m_dialog->isAnswered()) { // somebody may be typing: that must not go on in the next one
            m_withdrawn = true;
            m_dialog->withdraw();
            QTimer::singleShot(withdrawnMs, this, [this, gone = m_dialog] {
                if (m_dialog != gone)
                    return;
                m_withdrawn = false;
                std::exchange(m_dialog, nullptr)->done(QDialog::Accepted);
                look();
            });
            return;
        }
        std::exchange(m_dialog, nullptr)->done(QDialog::Accepted);
    }
    if (questions.isEmpty())
        return;
    const CredentialQuestion &question = questions.first();
    QStringList names;
    for (const QString &machine : question.machines)
        names.append(m_names(machine));
    m_dialog = new CredentialDialog(question, names, m_window);
    m_dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(m_dialog, &CredentialDialog::answered, this, [this, id = question.id](const CredentialAnswer &answer) { m_port.answer(id, answer); });
    connect(m_dialog, &QDialog::rejected, this, [this, id = question.id] {
        m_dialog = nullptr;
        if (!std::exchange(m_withdrawn, false))
            return m_port.refuse(id);
        look();
    });
    m_dialog->open();
}

} // namespace bellwether
