#pragma once
// The one table of the window's actions: text, keys and icon of each; menus, palette and the overlay of keys read it.
#include <QAction>
#include <QObject>

namespace bellwether {

enum class ActionId {
    GoFleet, GoPlan, GoRollout, GoHistory, GoSettings, Palette, Filter, NextRegion, PreviousRegion, Escape, StopAll, Keys, Quit
};

class Actions final : public QObject {
    Q_OBJECT

public:
    explicit Actions(QWidget *window);
    QAction *action(ActionId id) const { return m_actions.at(static_cast<int>(id)); }
    const QList<QAction *> &all() const { return m_actions; }
    static QString keysText(const QAction &action); // "Ctrl+K" or "F1, ?"

private:
    QList<QAction *> m_actions;
};

} // namespace bellwether
