// The composition root: the one place that knows windows, commands and agents, and connects them.
#include "application.h"

#include "demo/demofleet.h"
#include "engine/consolestack.h"
#include "headless/headless.h"
#include "headless/readonlyconsole.h"
#include "journal/journal.h"
#include "logging/logging.h"
#include "shell/credentialdialog.h"
#include "shell/desktopkeychain.h"
#include "shell/mainwindow.h"
#include "shell/makewindow.h"
#include "text/errortext.h"
#include "text/words.h"
#include "widgets/theme.h"

#include <QApplication>
#include <QFileInfo>
#include <QIcon>
#include <QTimer>
#include <QTranslator>
#include <cstdio>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bellwether {

namespace {

// Secrets may be in memory: files are for their owner alone, and there are no core dumps.
void harden()
{
    ::umask(077);
    ::prctl(PR_SET_DUMPABLE, 0);
    // Started without one of the standard streams, the first file opened would take its place, and what is printed would
    // go into that file. Opened for reading, nothing can be printed, and the exit status says so.
    for (int fd = ::open("/dev/null", O_RDONLY); fd >= 0;) {
        if (fd > STDERR_FILENO) {
            ::close(fd);
            break;
        }
        fd = ::open("/dev/null", O_RDONLY);
    }
}

int sayAndEnd(const Error &error)
{
    Terminal().error(errorText(error));
    return exitCode(error.code);
}

class Owned final : public OwnedConsole {
public:
    explicit Owned(std::unique_ptr<ConsoleStack> stack) : m_stack(std::move(stack)) {}
    ConsolePort &port() override { return m_stack->port(); }
    CredentialPort &credentials() override { return m_stack->credentials(); }

private:
    std::unique_ptr<ConsoleStack> m_stack;
};

Result<std::unique_ptr<OwnedConsole>> own(const QString &dataFolder)
{
    auto stack = ConsoleStack::open(dataFolder, {}, std::make_unique<DesktopKeychain>());
    if (!stack)
        return std::unexpected(stack.error());
    return std::make_unique<Owned>(std::move(*stack));
}

DemoFleetInfo infoOf(const DemoFleet &fleet, const QList<DemoFleet::Host> &hosts)
{
    DemoFleetInfo info{fleet.folder(), fleet.fleetFile(), {}};
    for (const DemoFleet::Host &host : hosts)
        info.hosts.append({host.installation, host.keyType, host.fingerprint, host.sshdPid, host.running});
    return info;
}

Services services()
{
    Services all;
    all.own = own;
    all.demoUp = [](const QString &dataFolder, int hosts, int port, const QString &network, const std::function<void(QString)> &progress) -> Result<DemoFleetInfo> {
        DemoFleet fleet(dataFolder);
        DemoFleet::Options options;
        options.hosts = hosts;
        options.port = port;
        options.network = network;
        const auto up = fleet.up(options, progress);
        if (!up)
            return std::unexpected(up.error());
        return infoOf(fleet, *up);
    };
    all.demoStatus = [](const QString &dataFolder) -> Result<DemoFleetInfo> {
        const DemoFleet fleet(dataFolder);
        return infoOf(fleet, fleet.status());
    };
    all.demoDown = [](const QString &dataFolder) { return DemoFleet(dataFolder).down(); };
    return all;
}

Result<QString> dataFolderOf(const Invocation &invocation)
{
    const QString folder = invocation.value(QStringLiteral("data"), defaultDataFolder());
    if (folder.startsWith(QLatin1String("postgresql:")))
        return fail(ErrorCode::Usage, {QStringLiteral("A shared database is not in this version; --data takes a folder")});
    const QFileInfo info(folder);
    if (info.exists() && !info.isDir())
        return fail(ErrorCode::Usage, {QStringLiteral("--data must be a folder, and %1 is a file").arg(folder)});
    return info.absoluteFilePath();
}

Status useLanguage(const QString &language, QTranslator &translator)
{
    if (language.isEmpty() || language == QLatin1String("en"))
        return {};
    if (!translator.load(QStringLiteral(":/bellwether/translations/bellwether_%1.qm").arg(language)))
        return fail(ErrorCode::Usage, {QStringLiteral("There are no texts in the language \"%1\"").arg(language)});
    QCoreApplication::installTranslator(&translator);
    return {};
}

int runCommandLine(int argc, char **argv, const Invocation &invocation, const QString &dataFolder)
{
    // A PDF is painted, so it needs the fonts of a window system that is not there.
    const bool paints = invocation.value(QStringLiteral("format")) == QLatin1String("pdf");
    if (paints)
        qputenv("QT_QPA_PLATFORM", "offscreen");
    const std::unique_ptr<QCoreApplication> application(paints ? new QApplication(argc, argv) : new QCoreApplication(argc, argv));
    QTranslator translator;
    if (const Status language = useLanguage(invocation.value(QStringLiteral("lang")), translator); !language)
        return sayAndEnd(language.error());
    if (QFileInfo::exists(dataFolder + QStringLiteral("/journal.db"))) // nothing is left in a folder that is no data folder
        startLogging(dataFolder, true);
    const int code = runHeadless(invocation, dataFolder, services());
    stopLogging();
    return code;
}

struct Console { // what the window talks to; members end in reverse order
    std::unique_ptr<OwnedConsole> owned;
    std::unique_ptr<OwnerServer> server;
    std::unique_ptr<ReadOnlyConsole> shared;
    ConsolePort &port() { return owned ? owned->port() : *shared; }
};

Result<Console> openConsole(const QString &dataFolder, bool readOnly)
{
    Console console;
    QString why = QStringLiteral("this console was started with --read-only");
    if (!readOnly) {
        auto owned = own(dataFolder);
        if (owned) {
            auto server = OwnerServer::listen(dataFolder, (*owned)->port());
            if (!server)
                return std::unexpected(server.error());
            console.owned = std::move(*owned);
            console.server = std::move(*server);
            return console;
        }
        // A journal that is broken is opened to be looked at: whoever has to find out what happened needs to see it.
        const ErrorCode code = owned.error().code;
        if (code != ErrorCode::DataFolderInUse && code != ErrorCode::JournalTampered && code != ErrorCode::JournalOpen)
            return std::unexpected(owned.error());
        why = errorText(owned.error());
        readOnly = code != ErrorCode::DataFolderInUse;
    }
    auto shared = ReadOnlyConsole::open(dataFolder, why, !readOnly);
    if (!shared)
        return std::unexpected(shared.error());
    console.shared = std::move(*shared);
    return console;
}

int runDesktop(int argc, char **argv, const Invocation &invocation, const QString &dataFolder)
{
    const bool hasDisplay = qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY")
        || qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
    if (!hasDisplay)
        return sayAndEnd({ErrorCode::Usage, {QStringLiteral("There is no display for the desktop console; give a command to work without one")}, {}, nullptr});
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Bellwether"));
    QApplication::setApplicationVersion(QStringLiteral(BELLWETHER_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("bellwether"));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/bellwether/icons/logo.svg")));
    Theme::instance().install(application);
    QTranslator translator;
    if (const Status language = useLanguage(invocation.value(QStringLiteral("lang")), translator); !language)
        return sayAndEnd(language.error());
    auto console = openConsole(dataFolder, invocation.has(QStringLiteral("read-only")));
    if (!console)
        return sayAndEnd(console.error());
    startLogging(dataFolder, false);
    int code = 0;
    {
        const std::unique_ptr<MainWindow> window = makeMainWindow(console->port(), dataFolder, console->owned ? &console->owned->credentials() : nullptr);
        window->requests().setActor(operatorName());
        if (console->owned) // the owner's connections ask; a console that only looks has none
            new CredentialAsker(console->owned->credentials(), [&console](const QString &machine) {
                return nameOfMachine(*console->port().snapshot(), machine);
            }, window.get());
        window->showWhenRestored();
        QTimer signalWatch; // a signal handler may do no more than set a flag
        QObject::connect(&signalWatch, &QTimer::timeout, window.get(), [&window] {
            if (isInterrupted())
                window->close();
        });
        signalWatch.start(200);
        code = QApplication::exec();
    }
    console->port().setChanged({});
    stopLogging();
    return code;
}

} // namespace

int runBellwether(int argc, char **argv)
{
    harden();
    catchInterrupts();
    QStringList arguments;
    for (int i = 1; i < argc; ++i)
        arguments.append(QString::fromLocal8Bit(argv[i]));
    const auto invocation = parseCommandLine(arguments);
    if (!invocation)
        return sayAndEnd(invocation.error());
    if (invocation->help || invocation->version) {
        Terminal().raw(invocation->help ? helpText(invocation->helpTopic).toUtf8() : QByteArrayLiteral("bellwether " BELLWETHER_VERSION "\n"));
        return Terminal().flush() ? 0 : 1;
    }
    const auto dataFolder = dataFolderOf(*invocation);
    if (!dataFolder)
        return sayAndEnd(dataFolder.error());
    return invocation->command ? runCommandLine(argc, argv, *invocation, *dataFolder)
                               : runDesktop(argc, argv, *invocation, *dataFolder);
}

} // namespace bellwether
