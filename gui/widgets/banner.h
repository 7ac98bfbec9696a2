#pragma once
// One line across the window: what is the matter, and what may be done about it.
#include "widgets/button.h"
#include "widgets/panel.h"

class QHBoxLayout;

namespace bellwether {

class Banner : public QWidget {
    Q_OBJECT

public:
    Banner(StateRole role, const QString &icon, QWidget *parent = nullptr);
    void setSentence(const QString &sentence);
    QString sentence() const { return m_text->text(); }
    Button *addButton(const QString &text, ButtonKind kind = ButtonKind::Outlined);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    StateRole m_role;
    Label *m_text;
    QHBoxLayout *m_layout;
};

} // namespace bellwether
