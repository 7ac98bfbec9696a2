#include "rolloutview/lanesaccessible.h"

#include "rolloutview/laneswidget.h"

#include <QAccessibleWidget>
#include <QPointer>
#include <map>
#include <memory>

namespace bellwether {
namespace {

class TileInterface final : public QAccessibleInterface {
public:
    TileInterface(LanesWidget *lanes, int index) : m_lanes(lanes), m_index(index) {}
    bool isValid() const override { return m_lanes && m_index < m_lanes->tileCount(); }
    QObject *object() const override { return nullptr; }
    QAccessibleInterface *parent() const override { return QAccessible::queryAccessibleInterface(m_lanes.data()); }
    QAccessibleInterface *child(int) const override { return nullptr; }
    QAccessibleInterface *childAt(int, int) const override { return nullptr; }
    int childCount() const override { return 0; }
    int indexOfChild(const QAccessibleInterface *) const override { return -1; }
    QAccessible::Role role() const override { return QAccessible::ListItem; }
    QString text(QAccessible::Text kind) const override
    {
        if (!isValid())
            return {};
        if (kind == QAccessible::Name)
            return m_lanes->tile(m_index).spoken();
        return kind == QAccessible::Description ? m_lanes->tile(m_index).toolTip : QString();
    }
    void setText(QAccessible::Text, const QString &) override {}
    QRect rect() const override
    {
        if (!isValid())
            return {};
        const QRect tile = m_lanes->tileRect(m_index);
        return {m_lanes->mapToGlobal(tile.topLeft()), tile.size()};
    }
    QAccessible::State state() const override
    {
        QAccessible::State state;
        state.selectable = state.focusable = true;
        if (isValid()) {
            state.selected = m_lanes->selected() == m_lanes->tile(m_index).host;
            state.focused = state.selected && m_lanes->hasFocus();
        } else {
            state.invalid = true;
        }
        return state;
    }

private:
    QPointer<LanesWidget> m_lanes;
    int m_index;
};

class LanesInterface final : public QAccessibleWidget {
public:
    explicit LanesInterface(LanesWidget *lanes) : QAccessibleWidget(lanes, QAccessible::List), m_lanes(lanes) {}
    ~LanesInterface() override
    {
        for (const auto &[index, id] : m_ids)
            QAccessible::deleteAccessibleInterface(id);
    }
    int childCount() const override { return m_lanes ? m_lanes->tileCount() : 0; }
    QAccessibleInterface *child(int index) const override
    {
        if (index < 0 || index >= childCount())
            return nullptr;
        const auto known = m_ids.find(index);
        if (known != m_ids.end())
            return QAccessible::accessibleInterface(known->second);
        auto *tile = new TileInterface(m_lanes, index);
        m_ids.emplace(index, QAccessible::registerAccessibleInterface(tile)); // owned by QAccessible from now on
        return tile;
    }
    QAccessibleInterface *childAt(int x, int y) const override
    {
        for (int i = 0; i < childCount(); ++i)
            if (child(i)->rect().contains(x, y))
                return child(i);
        return nullptr;
    }
    int indexOfChild(const QAccessibleInterface *wanted) const override
    {
        for (const auto &[index, id] : m_ids)
            if (QAccessible::accessibleInterface(id) == wanted)
                return index;
        return -1;
    }
    QAccessibleInterface *focusChild() const override
    {
        return m_lanes ? child(m_lanes->indexOf(m_lanes->selected())) : nullptr;
    }

private:
    QPointer<LanesWidget> m_lanes;
    mutable std::map<int, QAccessible::Id> m_ids;
};

QAccessibleInterface *make(const QString &, QObject *object)
{
    auto *lanes = qobject_cast<LanesWidget *>(object);
    return lanes ? new LanesInterface(lanes) : nullptr;
}

} // namespace

void installLanesAccessibility()
{
    static const bool once = [] {
        QAccessible::installFactory(make);
        return true;
    }();
    Q_UNUSED(once)
}

} // namespace bellwether
