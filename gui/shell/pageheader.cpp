#include "shell/pageheader.h"

#include "widgets/icons.h"

#include <QBoxLayout>
#include <QPainter>
#include <QStackedWidget>

namespace bellwether {

namespace {

// As high and wide as what it shows now, not as the largest of its pages.
class TightStack final : public QStackedWidget {
public:
    QSize sizeHint() const override { return currentWidget() ? currentWidget()->sizeHint() : QSize(); }
    QSize minimumSizeHint() const override { return currentWidget() ? currentWidget()->minimumSizeHint() : QSize(); }
};

} // namespace

PaletteField::PaletteField(QWidget *parent) : QPushButton(parent)
{
    setAccessibleName(tr("Command or host, Ctrl+K"));
    setToolTip(tr("Command or host (Ctrl+K)"));
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void PaletteField::setSmall(bool isSmall)
{
    m_small = isSmall;
    updateGeometry();
    update();
}

QSize PaletteField::sizeHint() const { return {m_small ? theme().px(32) : theme().px(200), theme().metric(Metric::Control)}; }

void PaletteField::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(theme().colour(Role::Control));
    painter.setBrush(underMouse() ? theme().colour(Role::Sunken) : theme().colour(Role::Raised));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    const int icon = theme().px(14), x = theme().px(9);
    paintIcon(painter, QRectF(x, (height() - icon) / 2.0, icon, icon), QStringLiteral("ui/search"), theme().colour(Role::Muted));
    if (m_small)
        return;
    painter.setPen(theme().colour(Role::Muted));
    painter.setFont(theme().font(TextRole::Table));
    painter.drawText(rect().adjusted(x + icon + theme().px(6), 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine, tr("Command or host"));
    painter.setFont(theme().font(TextRole::Small));
    const QString key = QStringLiteral("Ctrl+K");
    const int w = painter.fontMetrics().horizontalAdvance(key) + theme().px(8), h = theme().px(16);
    const QRectF cap(width() - w - theme().px(8) + 0.5, (height() - h) / 2 + 0.5, w, h);
    painter.setBrush(theme().colour(Role::Surface));
    painter.setPen(theme().colour(Role::Border));
    painter.drawRoundedRect(cap, 3, 3);
    painter.setPen(theme().colour(Role::Muted));
    painter.drawText(cap, Qt::AlignCenter, key);
}

PageHeader::PageHeader(QWidget *parent)
    : QWidget(parent), m_title(new Label({}, TextRole::Title)), m_about(new Label({}, TextRole::Body, Role::Muted)),
      m_after(new Label({}, TextRole::Body, Role::Muted)), m_sub(new Label({}, TextRole::Table, Role::Muted)),
      m_chip(new StateLabel(true)), m_middle(new TightStack), m_actions(new TightStack), m_palette(new PaletteField),
      m_row(new QHBoxLayout), m_second(new QHBoxLayout)
{
    setObjectName(QStringLiteral("page-header"));
    setAccessibleName(tr("Page header"));
    m_title->setElided(true, 340);
    m_title->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    m_about->setElided(true, 56);
    m_about->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    m_after->setElided(true);
    m_after->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    m_sub->setElided(true);
    auto *line = new QHBoxLayout;
    line->setSpacing(theme().px(12));
    line->addWidget(m_title);
    line->addWidget(m_about);
    line->addWidget(m_chip);
    line->addWidget(m_after);
    line->addStretch();
    auto *left = new QVBoxLayout;
    left->setSpacing(0);
    left->addStretch();
    left->addLayout(line);
    left->addWidget(m_sub);
    left->addStretch();
    m_row->setSpacing(theme().px(12));
    m_row->addLayout(left, 1);
    m_row->addWidget(m_middle);
    m_row->addWidget(m_palette);
    m_row->addWidget(m_actions);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(theme().px(16), 0, theme().px(12), 0);
    all->setSpacing(0);
    all->addLayout(m_row, 1);
    all->addLayout(m_second);
    m_second->addStretch();
    m_actions->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Preferred);
    m_middle->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Preferred);
    connect(&theme(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

int PageHeader::addPage(Page &page)
{
    auto *actions = new QWidget;
    auto *row = new QHBoxLayout(actions);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(theme().px(8));
    for (QWidget *widget : page.headerActions())
        row->addWidget(widget);
    m_actions->addWidget(actions);
    QWidget *middle = page.headerMiddle();
    return m_middle->addWidget(middle ? middle : new QWidget);
}

void PageHeader::show(const Page &page, int index)
{
    m_actions->setCurrentIndex(index);
    m_middle->setCurrentIndex(index);
    m_title->setFullText(page.title());
    m_about->setFullText(page.headerAbout());
    m_about->setVisible(!page.headerAbout().isEmpty());
    m_after->setFullText(page.afterChip());
    m_after->setVisible(!page.afterChip().isEmpty());
    const auto chip = page.chip();
    m_chip->setVisible(chip.has_value());
    m_chip->setElidable(!page.subline().isEmpty()); // beside a subline it may say why; alone it is a word or two
    if (chip)
        m_chip->set(chip->role, chip->icon, chip->word);
    m_sub->setVisible(!page.subline().isEmpty());
    m_sub->setFullText(page.subline());
    m_actions->updateGeometry();
    m_middle->updateGeometry();
    fit();
}

// With a second line the header is full: the palette is then its icon only. In a narrow window the actions of a full
// header get a row of their own; which it is depends on the width alone, so that no button moves while a state changes.
void PageHeader::fit()
{
    const bool full = m_sub->isVisibleTo(this), below = full && width() < theme().px(1320);
    m_palette->setSmall(full || width() < theme().px(1020));
    if (below != (m_second->indexOf(m_actions) >= 0)) {
        (below ? m_row : m_second)->removeWidget(m_actions);
        (below ? m_second : m_row)->addWidget(m_actions);
        m_second->setContentsMargins(0, 0, 0, below ? theme().px(8) : 0);
    }
    setFixedHeight(theme().metric(full ? Metric::PageHeaderTall : Metric::PageHeader) + (below ? theme().metric(Metric::Control) + theme().px(8) : 0));
}

void PageHeader::resizeEvent(QResizeEvent *event)
{
    fit();
    QWidget::resizeEvent(event);
}

void PageHeader::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().colour(Role::Raised));
    painter.setPen(theme().colour(Role::Border));
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

} // namespace bellwether
