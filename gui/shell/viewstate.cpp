#include "shell/viewstate.h"

#include <QSettings>

namespace bellwether {

namespace {
QString pathIn(const QString &dataFolder) { return dataFolder + QStringLiteral("/window.ini"); }
} // namespace

WindowState readWindowState(const QString &dataFolder)
{
    QSettings settings(pathIn(dataFolder), QSettings::IniFormat);
    WindowState state;
    for (const QString &group : settings.childGroups()) {
        settings.beginGroup(group);
        QVariantMap values;
        for (const QString &key : settings.childKeys())
            values.insert(key, settings.value(key));
        settings.endGroup();
        state.insert(group, ViewState(values));
    }
    return state;
}

void writeWindowState(const QString &dataFolder, const WindowState &state)
{
    QSettings settings(pathIn(dataFolder), QSettings::IniFormat);
    for (auto group = state.cbegin(); group != state.cend(); ++group) {
        const QVariantMap &values = group->values();
        for (auto it = values.cbegin(); it != values.cend(); ++it)
            settings.setValue(group.key() + QLatin1Char('/') + it.key(), it.value());
    }
}

} // namespace bellwether
