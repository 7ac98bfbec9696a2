#pragma once
// Runs the real program as a process, in a data folder and an environment of its own.
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <memory>

namespace bellwether {

struct CliResult {
    int exitCode = -1;
    bool crashed = false;
    QByteArray out, err;
    QJsonObject json() const;
    QByteArray errorLine() const; // the last line of stderr that begins with "bellwether: "
    QByteArray told() const;      // everything, for a failing test
};

class Cli {
public:
    Cli(); // a fresh data folder
    CliResult run(const QStringList &arguments, int timeoutMs = 60'000) const;
    std::unique_ptr<QProcess> start(const QStringList &arguments) const; // ended by its pid when destroyed
    QString data() const { return m_data; }
    void setData(const QString &folder) { m_data = folder; }
    QString file(const QString &name) const { return m_folder.filePath(name); }
    QString write(const QString &name, const QByteArray &content) const; // its path
    void setEnvironment(const QString &name, const QString &value) { m_environment.insert(name, value); }
    void setStarter(const QStringList &words) { m_starter = words; } // a command that is given the program and its arguments
    static QString program();

private:
    QTemporaryDir m_folder;
    QString m_data;
    QProcessEnvironment m_environment;
    QStringList m_starter;
};

} // namespace bellwether
