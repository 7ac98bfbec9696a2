#include "demo/demofleet.h"

#include "config/files.h"
#include "demo/demosshd.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QRegularExpression>
#include <QUuid>

#include <algorithm>
#include <memory>
#include <vector>

namespace bellwether {

namespace {

constexpr int kAtOnce = 8; // products set up at the same time

QString samplePath(const QString &wanted)
{
    if (!wanted.isEmpty())
        return wanted;
    const QString named = qEnvironmentVariable("BELLWETHER_SAMPLE");
    return named.isEmpty() ? QCoreApplication::applicationDirPath() + QStringLiteral("/bellwether-sample") : named;
}

bool isFree(const DemoLayout &layout)
{
    for (int n = 1; n <= layout.hosts; ++n) {
        if (!canBind(layout.address(n), layout.port) || !canBind(layout.address(n), layout.servicePort))
            return false;
    }
    return true;
}

ProcessId serviceOf(const DemoLayout &layout, int n)
{
    QFile file(layout.hostPath(n, QStringLiteral("product/run/sample.pid")));
    const ProcessId id = file.open(QIODevice::ReadOnly) ? ProcessId::fromText(QString::fromLatin1(file.read(100))) : ProcessId{};
    return isRunning(id) ? id : ProcessId{};
}

Result<DemoLayout> newLayout(const QString &folder, const DemoFleet::Options &options)
{
    DemoLayout layout;
    layout.folder = folder;
    layout.hosts = options.hosts;
    layout.network = options.network.isEmpty() ? QStringLiteral("127.0.10") : options.network;
    layout.mark = QStringLiteral("BELLWETHER_DEMO=") + QUuid::createUuid().toString(QUuid::WithoutBraces);
    for (layout.port = options.port ? options.port : 2222;; ++layout.port) {
        layout.servicePort = demoServicePort(layout.port);
        if (isFree(layout))
            return layout;
        if (options.port || layout.port >= 2322)
            return demoFailed(QStringLiteral("the ports %1 and %2 of %3 to %4 are needed").arg(layout.port).arg(layout.servicePort).arg(layout.address(1), layout.address(layout.hosts)),
                              QStringLiteral("another program uses one of them; choose another with --port"));
    }
}

// The fleet as it was made, made larger where that is asked for; anything else would change hosts under way.
Result<DemoLayout> layoutFor(const QString &folder, const DemoFleet::Options &options)
{
    if (options.hosts < 1 || options.hosts > 250)
        return fail(ErrorCode::Usage, {QStringLiteral("A demo fleet has 1 to 250 hosts, not %1").arg(options.hosts)});
    if (options.port != 0 && (options.port < 1024 || options.port > 65535))
        return fail(ErrorCode::Usage, {QStringLiteral("The port must be from 1024 to 65535, not %1").arg(options.port)});
    static const QRegularExpression loopback(QStringLiteral("^127\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)$"));
    if (!options.network.isEmpty() && !loopback.match(options.network).hasMatch())
        return fail(ErrorCode::Usage, {QStringLiteral("The network must be three numbers of loopback, such as 127.0.10, not \"%1\"").arg(options.network)});
    if (!QFile::exists(folder + QStringLiteral("/demo.json")))
        return newLayout(folder, options);
    auto layout = readDemoLayout(folder);
    if (!layout)
        return layout;
    if ((options.port && options.port != layout->port) || options.hosts < layout->hosts || (!options.network.isEmpty() && options.network != layout->network))
        return demoFailed(QStringLiteral("it is up with %1 hosts on port %2").arg(layout->hosts).arg(layout->port),
                          QStringLiteral("it cannot be changed to %1 hosts on port %2").arg(options.hosts).arg(options.port));
    layout->hosts = options.hosts;
    return layout;
}

Status makeFolders(const DemoLayout &layout)
{
    for (const QString &relative : {QStringLiteral("keys"), QStringLiteral("registry"), QStringLiteral("hosts")}) {
        if (!QDir().mkpath(layout.path(relative)))
            return fail(ErrorCode::FileUnwritable, {layout.path(relative), QStringLiteral("the folder cannot be made")});
    }
    QFile::setPermissions(layout.folder, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    for (int n = 1; n <= layout.hosts; ++n) {
        for (const QString &own : {QStringLiteral("home"), QStringLiteral("product"), QStringLiteral("state")}) {
            if (!QDir().mkpath(layout.hostPath(n, own)))
                return fail(ErrorCode::FileUnwritable, {layout.hostPath(n, own), QStringLiteral("the folder cannot be made")});
        }
    }
    return {};
}

Status makeRegistry(const DemoLayout &layout, const QString &sample)
{
    QProcess process;
    process.start(sample, {QStringLiteral("registry"), layout.path(QStringLiteral("registry"))});
    if (process.waitForFinished(60'000) && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0)
        return {};
    return demoFailed(QStringLiteral("the releases of the sample product could not be laid out"),
                      process.error() == QProcess::FailedToStart ? QStringLiteral("%1 does not start").arg(sample)
                                                                 : QString::fromUtf8(process.readAllStandardError()).trimmed());
}

// Installs the product where there is none, and starts it. Values come as arguments, never as text of the script.
constexpr const char *kSetUp = R"(set -e
cd "$2"
if [ ! -e .env ]; then
    "$1" install --directory "$2" --host "$3" --domain "$4" --address "$5" --port "$6" --registry "$7" --version 1.4.0
    bin/pull 1.4.0
    bin/start 1.4.0
    bin/backup "$2/backups/nightly"
    rm -f effects.log
else
    bin/start
fi
)";

std::unique_ptr<QProcess> setUp(const DemoLayout &layout, int n, const QString &sample)
{
    const Installation host = layout.installation(n);
    auto process = std::make_unique<QProcess>();
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(layout.mark.section(u'=', 0, 0), layout.mark.section(u'=', 1));
    process->setProcessEnvironment(environment);
    process->setProcessChannelMode(QProcess::MergedChannels);
    process->setStandardInputFile(QProcess::nullDevice());
    process->setStandardOutputFile(layout.hostPath(n, QStringLiteral("set-up.log")));
    process->start(QStringLiteral("sh"), {QStringLiteral("-c"), QString::fromLatin1(kSetUp), QStringLiteral("set-up"), sample, host.directory, host.name,
                                          host.domain, host.endpoint.address, host.settings[QStringLiteral("port")],
                                          layout.path(QStringLiteral("registry"))});
    return process;
}

QString lastWords(const QString &file)
{
    QFile log(file);
    return log.open(QIODevice::ReadOnly) ? QString::fromUtf8(log.readAll().trimmed().split('\n').last()) : QString();
}

// A product that refuses to start again, say over a half-migrated database, is told, not an error of the fleet.
Status startProducts(const DemoLayout &layout, const QString &sample, const DemoFleet::Progress &progress)
{
    QList<int> due;
    for (int n = 1; n <= layout.hosts; ++n) {
        if (!serviceOf(layout, n).pid)
            due.append(n);
    }
    for (qsizetype from = 0; from < due.size(); from += kAtOnce) {
        std::vector<std::pair<int, std::unique_ptr<QProcess>>> batch;
        std::vector<bool> isNew;
        for (const int n : due.mid(from, kAtOnce)) {
            isNew.push_back(!QFile::exists(layout.hostPath(n, QStringLiteral("product/.env"))));
            batch.emplace_back(n, setUp(layout, n, sample));
        }
        for (size_t i = 0; i < batch.size(); ++i) {
            auto &[n, process] = batch[i];
            const bool done = process->waitForFinished(120'000) && process->exitStatus() == QProcess::NormalExit && process->exitCode() == 0;
            const QString words = lastWords(layout.hostPath(n, QStringLiteral("set-up.log")));
            if (!done && isNew[i])
                return demoFailed(QStringLiteral("the product of %1 could not be set up").arg(layout.name(n)), words);
            if (progress)
                progress(done ? QStringLiteral("%1 answers on %2:%3").arg(layout.name(n), layout.address(n)).arg(layout.port)
                              : QStringLiteral("the product of %1 did not start: %2").arg(layout.name(n), words));
        }
    }
    return {};
}

DemoFleet::Host hostOf(const DemoLayout &layout, int n)
{
    DemoFleet::Host host;
    host.installation = layout.installation(n);
    host.keyType = QStringLiteral("ssh-ed25519");
    host.fingerprint = demoFingerprint(layout.hostKey(n) + QStringLiteral(".pub")).value_or(QString());
    host.sshdPid = demoSshd(layout, n).pid;
    if (const ProcessId service = serviceOf(layout, n); service.pid)
        host.running = QFileInfo(QFile::symLinkTarget(QStringLiteral("/proc/%1/exe").arg(service.pid))).dir().dirName();
    return host;
}

struct Doomed {
    ProcessId id;
    QString line;
};

// Everything that belongs to the fleet: each sshd with its sessions, and whatever carries the fleet's mark.
QList<Doomed> processesOf(const DemoLayout &layout)
{
    QList<Doomed> found;
    auto add = [&found](const ProcessId &id, const QString &what) {
        const bool known = std::ranges::any_of(found, [&](const Doomed &d) { return d.id == id; });
        if (id.pid && !known)
            found.append({id, QStringLiteral("%1 (process %2)").arg(what).arg(id.pid)});
    };
    for (int n = 1; n <= layout.hosts; ++n) {
        const ProcessId sshd = demoSshd(layout, n);
        add(serviceOf(layout, n), QStringLiteral("bellwether-sample of %1").arg(layout.name(n)));
        add(sshd, QStringLiteral("sshd of %1").arg(layout.name(n)));
        for (const RunningProcess &child : descendantsOf(sshd))
            add(child.id, QStringLiteral("%1 under the sshd of %2").arg(child.command, layout.name(n)));
    }
    // An sshd overwrites its environment with its title, which names our configuration.
    for (const RunningProcess &process : allProcesses()) {
        QFile file(QStringLiteral("/proc/%1/cmdline").arg(process.id.pid));
        if (process.command == QLatin1String("sshd") && file.open(QIODevice::ReadOnly)
            && file.readAll().contains(QFile::encodeName(layout.path(QStringLiteral("hosts/")))))
            add(process.id, QStringLiteral("sshd that was not on record"));
    }
    for (const RunningProcess &process : withEnvironment(layout.mark.toLatin1()))
        add(process.id, QStringLiteral("%1 started on a demo host").arg(process.command));
    return found;
}

} // namespace

DemoFleet::DemoFleet(const QString &dataFolder) : m_folder(QDir(dataFolder).absolutePath() + QStringLiteral("/demo")) {}

QString DemoFleet::fleetFile() const
{
    return m_folder + QStringLiteral("/demo-fleet.yaml");
}

Result<QList<DemoFleet::Host>> DemoFleet::up(const Options &options, const Progress &progress)
{
    const QString sample = samplePath(options.sample);
    const auto layout = layoutFor(m_folder, options);
    if (!layout)
        return std::unexpected(layout.error());
    auto tell = [&](const QString &line) {
        if (progress)
            progress(line);
    };
    Status done = makeFolders(*layout);
    if (done)
        done = writeDemoLayout(*layout);
    if (done)
        done = makeDemoKeys(*layout);
    if (done)
        done = makeRegistry(*layout, sample);
    if (!done)
        return std::unexpected(done.error());
    const auto started = startDemoSshds(*layout);
    if (!started)
        return std::unexpected(started.error());
    tell(QStringLiteral("%1 hosts, %2 of them started now").arg(layout->hosts).arg(*started));
    done = startProducts(*layout, sample, progress);
    QList<Installation> installations;
    for (int n = 1; n <= layout->hosts; ++n)
        installations.append(layout->installation(n));
    if (done)
        done = writeOwnFile(fleetFile(), writeFleet(installations));
    if (!done)
        return std::unexpected(done.error());
    return status();
}

QList<DemoFleet::Host> DemoFleet::status() const
{
    QList<Host> hosts;
    if (const auto layout = readDemoLayout(m_folder)) {
        for (int n = 1; n <= layout->hosts; ++n)
            hosts.append(hostOf(*layout, n));
    }
    return hosts;
}

Result<QStringList> DemoFleet::down()
{
    QStringList lines;
    if (!QFile::exists(m_folder + QStringLiteral("/demo.json")))
        return lines;
    const auto layout = readDemoLayout(m_folder);
    if (!layout)
        return std::unexpected(layout.error());
    // Twice, since a step may have been starting something while the first round looked.
    for (int round = 0; round < 2; ++round) {
        QList<ProcessId> ids;
        for (const Doomed &doomed : processesOf(*layout)) {
            ids.append(doomed.id);
            lines.append(doomed.line);
        }
        if (!endProcesses(ids, 10'000))
            return demoFailed(QStringLiteral("its processes are being ended"), QStringLiteral("some of them cannot be"));
    }
    QDir(layout->path(QStringLiteral("hosts"))).removeRecursively();
    QFile::remove(fleetFile());
    QFile::remove(layout->path(QStringLiteral("demo.json")));
    return lines;
}

} // namespace bellwether
