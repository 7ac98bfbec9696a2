#pragma once
// A raised region with a 28 px header: icon, title, what it is about, and small controls at the right.
#include "widgets/label.h"

#include <QFrame>
#include <optional>

class QHBoxLayout;
class QVBoxLayout;

namespace bellwether {

class Panel : public QFrame {
    Q_OBJECT

public:
    explicit Panel(const QString &title, const QString &icon = {}, QWidget *parent = nullptr);
    void setTitle(const QString &title);
    void setAbout(const QString &text); // muted, beside the title; cut when narrow
    void addToHeader(QWidget *widget);  // at the right
    QVBoxLayout *body() const { return m_body; }
    QWidget *header() const { return m_header; }
    void setOutline(std::optional<StateRole> role); // a panel that passed or failed

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void measure();
    QWidget *m_header;
    QHBoxLayout *m_headerLayout;
    QVBoxLayout *m_body;
    Label *m_title, *m_about;
    std::optional<StateRole> m_outline;
};

// A small icon that follows the theme.
class IconLabel : public QWidget {
    Q_OBJECT

public:
    IconLabel(const QString &name, int size, Role role, QWidget *parent = nullptr);
    IconLabel(const QString &name, int size, StateRole role, QWidget *parent = nullptr);
    void set(const QString &name, StateRole role);
    QSize sizeHint() const override { return {theme().px(m_size), theme().px(m_size)}; }
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QString m_name;
    int m_size;
    std::variant<Role, StateRole> m_role;
};

} // namespace bellwether
