#include "shell/actions.h"

#include "widgets/icons.h"

#include <QWidget>

namespace bellwether {

namespace {

struct Row {
    ActionId id;
    const char *text, *icon;
    QList<const char *> keys;
};

const QList<Row> &rows()
{
    static const QList<Row> all{
        {ActionId::GoFleet, QT_TRANSLATE_NOOP("bellwether::Actions", "Go to Fleet"), "ui/fleet", {"Ctrl+1"}},
        {ActionId::GoPlan, QT_TRANSLATE_NOOP("bellwether::Actions", "Go to Plan"), "ui/plan", {"Ctrl+2"}},
        {ActionId::GoRollout, QT_TRANSLATE_NOOP("bellwether::Actions", "Go to Rollout"), "ui/rollout", {"Ctrl+3"}},
        {ActionId::GoHistory, QT_TRANSLATE_NOOP("bellwether::Actions", "Go to History"), "ui/history", {"Ctrl+4"}},
        {ActionId::GoSettings, QT_TRANSLATE_NOOP("bellwether::Actions", "Go to Settings"), "ui/settings", {"Ctrl+,"}},
        {ActionId::Palette, QT_TRANSLATE_NOOP("bellwether::Actions", "Command or host"), "ui/search", {"Ctrl+K"}},
        {ActionId::Filter, QT_TRANSLATE_NOOP("bellwether::Actions", "Filter this page"), "ui/search", {"/"}},
        {ActionId::NextRegion, QT_TRANSLATE_NOOP("bellwether::Actions", "Next region"), "ui/forward", {"F6"}},
        {ActionId::PreviousRegion, QT_TRANSLATE_NOOP("bellwether::Actions", "Previous region"), "ui/back", {"Shift+F6"}},
        {ActionId::Escape, QT_TRANSLATE_NOOP("bellwether::Actions", "Clear the filter, close, go back"), "ui/close", {"Esc"}},
        {ActionId::StopAll, QT_TRANSLATE_NOOP("bellwether::Actions", "Stop everything, or release it"), "ui/stop-all", {"Ctrl+Shift+."}},
        {ActionId::Keys, QT_TRANSLATE_NOOP("bellwether::Actions", "Keys of this view"), "ui/command", {"F1", "?"}},
        {ActionId::Quit, QT_TRANSLATE_NOOP("bellwether::Actions", "Quit"), "ui/close", {"Ctrl+Q"}},
    };
    return all;
}

} // namespace

Actions::Actions(QWidget *window) : QObject(window)
{
    for (const Row &row : rows()) {
        Q_ASSERT(static_cast<int>(row.id) == m_actions.size());
        auto *action = new QAction(themedIcon(QLatin1String(row.icon)), tr(row.text), this);
        QList<QKeySequence> keys;
        for (const char *key : row.keys)
            keys << QKeySequence(QLatin1String(key));
        action->setShortcuts(keys);
        action->setShortcutContext(Qt::WindowShortcut);
        window->addAction(action);
        m_actions << action;
    }
}

QString Actions::keysText(const QAction &action)
{
    QStringList keys;
    for (const QKeySequence &key : action.shortcuts())
        keys << key.toString(QKeySequence::NativeText);
    return keys.join(QStringLiteral(", "));
}

} // namespace bellwether
