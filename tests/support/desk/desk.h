#pragma once
// A person's desk of their own: an X display with a window manager, a session bus with the accessibility bus on it, and a
// screen reader announced, so that programs describe themselves. Everything is started here and ended here, by its pid.
#include <QImage>
#include <QProcess>
#include <QTemporaryDir>
#include <memory>
#include <vector>

namespace bellwether {

class Desk {
public:
    Desk();
    ~Desk();
    QString error; // why it does not stand; empty when it does

    const QProcessEnvironment &environment() const { return m_environment; } // for programs on this desk
    QString accessibilityBus() const { return m_accessibilityBus; }           // its address
    QImage screen() const; // what is seen now
    // Starts a program on this desk; the caller ends it. Null when it does not start.
    std::unique_ptr<QProcess> start(const QString &program, const QStringList &arguments) const;

private:
    QString startServer(const QString &program, const QStringList &arguments); // the first line it prints
    bool announceScreenReader(const QString &sessionBus);

    QTemporaryDir m_folder;
    QProcessEnvironment m_environment;
    QString m_mark, m_accessibilityBus;
    std::vector<std::unique_ptr<QProcess>> m_servers;
};

} // namespace bellwether
