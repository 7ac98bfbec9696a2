#pragma once
// Mouse and keyboard of a display, moved with real input events (the XTEST extension, by xdotool).
#include <QPoint>
#include <QProcessEnvironment>

namespace bellwether {

class Hands {
public:
    explicit Hands(QProcessEnvironment environment) : m_environment(std::move(environment)) {} // names the display
    bool click(const QPoint &where) const;
    bool press(const QString &key) const; // "Tab", "ctrl+2", "shift+F6": X's names
    bool type(const QString &text) const;

private:
    bool act(const QStringList &arguments) const;
    QProcessEnvironment m_environment;
};

} // namespace bellwether
