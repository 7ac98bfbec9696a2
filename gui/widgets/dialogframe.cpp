#include "widgets/dialogframe.h"

#include "widgets/theme.h"

#include <QDialog>
#include <QEvent>
#include <QLayout>
#include <QPainter>
#include <QScreen>

#include <algorithm>

namespace bellwether {

namespace {

// Words are never cut: Qt opens a window at no more than two thirds of the screen's height, which on a small screen at
// 200 % is less than a few sentences need. It grows downwards as long as there is screen, then upwards.
void growToItsWords(QWidget *dialog)
{
    const QLayout *layout = dialog->layout();
    if (!layout || !layout->hasHeightForWidth())
        return;
    const QRect room = dialog->screen()->availableGeometry();
    const int wanted = std::min(layout->totalHeightForWidth(dialog->width()), room.height());
    if (dialog->height() >= wanted)
        return;
    dialog->resize(dialog->width(), wanted);
    if (const int below = dialog->geometry().bottom() - room.bottom(); below > 0)
        dialog->move(dialog->x(), std::max(room.top(), dialog->y() - below));
}

class Cover final : public QWidget { // lies over all of its parent and lets the mouse through
public:
    Cover(QWidget *over, bool veil) : QWidget(over), m_veil(veil)
    {
        setAttribute(Qt::WA_TransparentForMouseEvents);
        setGeometry(over->rect());
        over->installEventFilter(this);
    }

protected:
    bool eventFilter(QObject *object, QEvent *event) override
    {
        if (event->type() == QEvent::Resize)
            setGeometry(static_cast<QWidget *>(object)->rect());
        else if (!m_veil && (event->type() == QEvent::Show || event->type() == QEvent::LayoutRequest))
            growToItsWords(static_cast<QWidget *>(object));
        return false;
    }
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        if (m_veil) {
            painter.fillRect(rect(), QColor(18, 21, 25, 90));
            return;
        }
        painter.setPen(theme().colour(Role::Control));
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }

private:
    bool m_veil;
};

class TitleRow final : public QWidget {
public:
    TitleRow(const QString &title, bool production) : m_title(title), m_production(production)
    {
        setFixedHeight(theme().px(32));
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), theme().colour(m_production ? Role::ProductionFill : Role::Sunken));
        painter.setFont(theme().font(TextRole::BodyBold));
        painter.setPen(theme().colour(m_production ? Role::OnProduction : Role::Text));
        painter.drawText(rect().adjusted(theme().px(20), 0, -theme().px(20), 0), Qt::AlignVCenter | Qt::TextSingleLine, m_title);
    }

private:
    QString m_title;
    bool m_production;
};

} // namespace

void veilBehind(QDialog *dialog)
{
    if (!dialog->parentWidget())
        return;
    auto *veil = new Cover(dialog->parentWidget()->window(), true);
    QObject::connect(dialog, &QDialog::finished, veil, &QWidget::hide);
    QObject::connect(dialog, &QObject::destroyed, veil, &QObject::deleteLater);
    veil->show();
    veil->raise();
}

void frameDialog(QDialog *dialog)
{
    veilBehind(dialog);
    new Cover(dialog, false);
}

QWidget *makeDialogTitle(const QString &title, bool production) { return new TitleRow(title, production); }

} // namespace bellwether
