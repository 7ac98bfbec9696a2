#pragma once
// A field into which a domain is typed, and only typed: empty at first, no paste, no drop, no completion, no menu. Says
// how far the typing agrees. Enter goes on to the next field; it never presses a button.
#include "widgets/theme.h"

#include <QLineEdit>

namespace bellwether {

class DomainField final : public QLineEdit {
    Q_OBJECT

public:
    DomainField(const QString &host, const QString &domain, QWidget *parent = nullptr);
    QString host() const { return m_host; }
    bool matches() const { return !m_domain.isEmpty() && text() == m_domain; }
    QString state() const; // "matches", "9 of 17", "differs at character 4"

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    QString m_host, m_domain;
};

} // namespace bellwether
