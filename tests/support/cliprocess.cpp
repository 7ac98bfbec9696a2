#include "cliprocess.h"

#include <QFile>
#include <QJsonDocument>

namespace bellwether {

QJsonObject CliResult::json() const
{
    return QJsonDocument::fromJson(out).object();
}

QByteArray CliResult::errorLine() const
{
    QByteArray found;
    for (const QByteArray &line : err.split('\n')) {
        if (line.startsWith("bellwether: "))
            found = line;
    }
    return found;
}

QByteArray CliResult::told() const
{
    return "exit " + QByteArray::number(exitCode) + "\n--- stdout\n" + out.left(6000) + "\n--- stderr\n" + err.right(6000);
}

Cli::Cli()
    : m_data(m_folder.filePath(QStringLiteral("data"))), m_environment(QProcessEnvironment::systemEnvironment())
{
    for (const char *name : {"BELLWETHER_DATA", "DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "BELLWETHER_OPERATOR"})
        m_environment.remove(QString::fromLatin1(name));
    m_environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C.UTF-8"));
    m_environment.insert(QStringLiteral("XDG_DATA_HOME"), m_folder.filePath(QStringLiteral("home")));
}

QString Cli::program()
{
    return QStringLiteral(BELLWETHER_BINARY_DIR "/bin/bellwether");
}

std::unique_ptr<QProcess> Cli::start(const QStringList &arguments) const
{
    auto process = std::make_unique<QProcess>(); // its destructor kills and waits
    process->setProcessEnvironment(m_environment);
    process->setStandardInputFile(QProcess::nullDevice());
    const QStringList words = m_starter + QStringList{program(), QStringLiteral("--data"), m_data} + arguments;
    process->start(words.first(), words.mid(1));
    process->waitForStarted();
    return process;
}

CliResult Cli::run(const QStringList &arguments, int timeoutMs) const
{
    const auto process = start(arguments);
    CliResult result;
    if (!process->waitForFinished(timeoutMs)) {
        result.err = "did not end in time\n" + process->readAllStandardError();
        result.out = process->readAllStandardOutput();
        return result;
    }
    result.exitCode = process->exitCode();
    result.crashed = process->exitStatus() == QProcess::CrashExit;
    result.out = process->readAllStandardOutput();
    result.err = process->readAllStandardError();
    return result;
}

QString Cli::write(const QString &name, const QByteArray &content) const
{
    QFile target(file(name));
    if (target.open(QIODevice::WriteOnly))
        target.write(content);
    return target.fileName();
}

} // namespace bellwether
