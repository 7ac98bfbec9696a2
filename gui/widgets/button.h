#pragma once
// Buttons of the design: one filled at most per view, destructive ones outlined and never filled. A button that may not
// be pressed keeps its place, is dashed and says why in tooltip, status tip and to a screen reader.
#include "widgets/theme.h"

#include <QPushButton>

namespace bellwether {

enum class ButtonKind { Outlined, Primary, Destructive };
enum class ButtonSize { Normal, Tool, Panel };

class Button : public QPushButton {
    Q_OBJECT

public:
    explicit Button(const QString &text, ButtonKind kind = ButtonKind::Outlined, ButtonSize size = ButtonSize::Normal,
                    QWidget *parent = nullptr);
    // Empty reason: it may be pressed. The button stays in the focus chain so that its reason can be read.
    void setBlocked(const QString &reason);
    bool isBlocked() const { return !m_reason.isEmpty(); }
    QString reason() const { return m_reason; }
    void setHint(const QString &hint); // what it does, shown while it may be pressed
    void setIconName(const QString &name);
    QSize sizeHint() const override;

protected:
    bool event(QEvent *event) override;

private:
    void describe();
    ButtonKind m_kind;
    QString m_reason, m_hint;
};

// Text as a tooltip that cannot become markup.
QString plainToolTip(const QString &text);

} // namespace bellwether
