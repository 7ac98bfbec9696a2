#pragma once
// The 2 px ring around what has the focus, 1 px away from it, shown as soon as keys are used and hidden by the mouse.
#include <QFocusFrame>

namespace bellwether {

class FocusRing final : public QFocusFrame {
    Q_OBJECT

public:
    explicit FocusRing(QWidget *window);

protected:
    void paintEvent(QPaintEvent *event) override;
    bool eventFilter(QObject *object, QEvent *event) override;

private:
    void follow(QWidget *now);
    QWidget *m_window;
    static inline bool s_keys = false; // used last, anywhere: a dialog opened by keys shows its focus at once
    bool m_keys = s_keys;
};

} // namespace bellwether
