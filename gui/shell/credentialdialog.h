#pragma once
// Asks for what only a person can give: a key's passphrase, a password, the answer to a host's own question. What comes
// from a host is shown as plain text. Opened, never executed; what was typed is overwritten as soon as it was handed on.
#include "rollout/credentials.h"
#include "widgets/button.h"
#include "widgets/label.h"

#include <QDialog>
#include <functional>
#include <memory>

class QCheckBox;
class QLineEdit;

namespace bellwether {

class CredentialDialog final : public QDialog {
    Q_OBJECT

public:
    // names: what people call the machines that wait.
    CredentialDialog(const CredentialQuestion &question, const QStringList &names, QWidget *parent = nullptr);
    void show(const CredentialQuestion &question, const QStringList &names); // the same question, later
    qint64 id() const { return m_question.id; }
    bool isAnswered() const { return m_answered; }
    void withdraw(); // nobody waits for it any more: it takes what is being typed, and nothing comes of that

Q_SIGNALS:
    void answered(const CredentialAnswer &answer);

private:
    void submit();
    CredentialQuestion m_question;
    Label *m_sentence, *m_who, *m_problem, *m_keepNote;
    QList<QLineEdit *> m_fields;
    QCheckBox *m_keep, *m_forAll;
    Button *m_action, *m_cancel;
    bool m_answered = false;
};

// Listens for the console's questions and shows them on the window, one dialog at a time.
class CredentialAsker final : public QObject {
    Q_OBJECT

public:
    using Names = std::function<QString(const QString &machine)>;
    CredentialAsker(CredentialPort &port, Names names, QWidget *window);
    ~CredentialAsker() override; // nobody listens any more

protected:
    void customEvent(QEvent *event) override;

private:
    struct Wake;
    void look();
    CredentialPort &m_port;
    Names m_names;
    QWidget *m_window;
    CredentialDialog *m_dialog = nullptr;
    bool m_withdrawn = false; // its question is gone; it closes by itself
    std::shared_ptr<Wake> m_wake;
};

} // namespace bellwether
