#pragma once
// Plain text in a token's type and colour. Text of others can never become markup: the format is fixed.
#include "widgets/theme.h"

#include <QLabel>
#include <variant>

namespace bellwether {

class Label : public QLabel {
    Q_OBJECT

public:
    explicit Label(const QString &text = {}, TextRole type = TextRole::Body, Role colour = Role::Text, QWidget *parent = nullptr);
    void setType(TextRole type);
    void setColour(Role role);
    void setColour(StateRole role);
    // Cuts at the end with … and shows all in the tooltip; never narrower than `least` logical pixels (or its text).
    void setElided(bool elided, int least = 24);
    void setFullText(const QString &text);
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void restyle();
    TextRole m_type;
    std::variant<Role, StateRole> m_colour;
    bool m_elided = false;
    int m_least = 24;
};

// Icon and word of a state, optionally as a chip with the state's tint.
struct ChipText {
    StateRole role;
    QString icon, word;
};
class StateLabel : public QWidget {
    Q_OBJECT

public:
    explicit StateLabel(bool chip = false, QWidget *parent = nullptr);
    void set(StateRole role, const QString &icon, const QString &word);
    void setElidable(bool elidable); // the word may be cut where there is no room; the tooltip has all of it
    void setFill(bool fill) { m_fill = fill; } // production: full colour with white text
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    StateRole m_role = StateRole::Waiting;
    QString m_icon, m_word;
    bool m_chip, m_fill = false, m_elidable = false;
};

} // namespace bellwether
