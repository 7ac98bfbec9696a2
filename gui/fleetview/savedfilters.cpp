#include "fleetview/savedfilters.h"

#include "shell/viewstate.h"
#include "widgets/button.h"
#include "widgets/filterfield.h"
#include "widgets/menubutton.h"

#include <QInputDialog>
#include <QMenu>
#include <QToolButton>

namespace bellwether {

SavedFilters::SavedFilters(FilterField &field, QWidget *page) : QObject(page), m_field(field), m_page(page), m_button(menuButton(tr("Saved")))
{
    m_button->setToolTip(plainToolTip(tr("Filters kept under a name")));
    connect(m_button->menu(), &QMenu::aboutToShow, this, &SavedFilters::fill);
}

void SavedFilters::fill()
{
    QMenu *menu = m_button->menu();
    menu->clear();
    menu->setToolTipsVisible(true);
    const auto names = m_filters.keys();
    for (const QString &name : names) {
        QAction *action = menu->addAction(name);
        action->setToolTip(plainToolTip(m_filters[name]));
        connect(action, &QAction::triggered, this, [this, name] { m_field.setExpression(m_filters.value(name)); });
    }
    if (!names.isEmpty())
        menu->addSeparator();
    QAction *keep = menu->addAction(tr("Save this filter…"));
    const QString now = m_field.text().trimmed();
    keep->setEnabled(m_field.isValid() && !now.isEmpty());
    keep->setToolTip(plainToolTip(keep->isEnabled() ? now : tr("Type a valid filter first")));
    connect(keep, &QAction::triggered, this, &SavedFilters::askName);
    if (names.isEmpty())
        return;
    QMenu *forget = menu->addMenu(tr("Forget"));
    for (const QString &name : names)
        connect(forget->addAction(name), &QAction::triggered, this, [this, name] { m_filters.remove(name); });
}

void SavedFilters::askName()
{
    auto *dialog = new QInputDialog(m_page->window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Save this filter"));
    dialog->setLabelText(tr("Name of the filter %1").arg(m_field.text().trimmed()));
    dialog->setOkButtonText(tr("Save"));
    connect(dialog, &QInputDialog::textValueSelected, this, [this, expression = m_field.text().trimmed()](const QString &name) { keep(name, expression); });
    dialog->open();
}

void SavedFilters::keep(const QString &name, const QString &expression)
{
    const QString kept = name.simplified().left(60);
    if (!kept.isEmpty())
        m_filters.insert(kept, expression);
}

void SavedFilters::save(ViewState &settings) const
{
    QStringList flat; // name, expression, name, expression: a name may hold what a key may not
    for (auto it = m_filters.cbegin(); it != m_filters.cend(); ++it)
        flat << it.key() << it.value();
    settings.setValue(QStringLiteral("saved"), flat);
}

void SavedFilters::restore(ViewState &settings)
{
    m_filters.clear();
    const QStringList flat = settings.value(QStringLiteral("saved")).toStringList();
    for (qsizetype i = 0; i + 1 < flat.size(); i += 2)
        keep(flat[i], flat[i + 1]);
}

} // namespace bellwether
