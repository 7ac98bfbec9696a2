#pragma once
// Asks before something that cannot be taken back. The safe answer is the default button and is called by what it does;
// nothing is prefilled. Opened, never executed: no nested event loop.
#include "widgets/button.h"
#include "widgets/label.h"

#include <QDialog>

class QLineEdit;
class QVBoxLayout;

namespace bellwether {

class ConfirmDialog : public QDialog {
    Q_OBJECT

public:
    struct Words {
        QString title;
        QString sentence; // large: what will happen, to how many
        QString detail;   // below it
        QString action;   // "Abort R-0001"
        QString keep;     // "Keep paused"
        bool destructive = false, production = false, needsReason = false;
    };
    explicit ConfirmDialog(const Words &words, QWidget *parent = nullptr);
    QString reason() const;
    QVBoxLayout *body() const { return m_body; } // for what else must be seen before deciding
    Button *actionButton() const { return m_action; }

private:
    QVBoxLayout *m_body;
    QLineEdit *m_reason = nullptr;
    Button *m_action;
};

} // namespace bellwether
