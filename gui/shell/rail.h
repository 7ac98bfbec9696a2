#pragma once
// The vertical bar of pages at the left: icon over word, a mark at the current one, keys at the foot.
#include "shell/page.h"

#include <QToolBar>
#include <QToolButton>

class QVBoxLayout;

namespace bellwether {

class RailButton final : public QToolButton {
    Q_OBJECT

public:
    RailButton(const QString &icon, const QString &word, QWidget *parent = nullptr);
    void setBadge(int count);
    void setKeyCap(const QString &key); // drawn in place of an icon
    void setWord(const QString &word);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    QString m_icon, m_word, m_key;
    int m_badge = 0;
};

class Rail final : public QToolBar {
    Q_OBJECT

public:
    explicit Rail(QWidget *parent = nullptr);
    RailButton *addPage(const Page &page);
    RailButton *addFoot(const QString &key, const QString &word, const QString &icon = {}); // a key's cap, or an icon
    void setCurrent(int index);
    RailButton *button(int index) const { return m_buttons.at(index); }

Q_SIGNALS:
    void chosen(int index);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void measure();
    QWidget *m_spacer;
    QAction *m_spacerAction;
    QList<RailButton *> m_buttons;
};

} // namespace bellwether
