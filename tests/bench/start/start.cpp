// From exec to the Fleet page with its rows on the screen, seen from outside: an X client that looks at the pixels of the
// table's place every few milliseconds while the real program starts on a folder of N hosts with facts. The peer is the
// smallest Qt program that shows a table of as many rows, in the same run on the same X server (one of its own).
#include "fakeconsole.h"
#include "journal/journal.h"
#include "journalhelp.h"
#include "story.h"

#include <QDateTime>
#include <QElapsedTimer>
#include <QGuiApplication>
#include <QImage>
#include <QPixmap>
#include <QProcess>
#include <QScreen>
#include <QTemporaryDir>
#include <QThread>

#include <algorithm>
#include <cstdio>

using namespace bellwether;

namespace {

const QRect place(300, 380, 640, 420); // inside the table of both

// Hosts, their keys and what was measured on them, as the program would have written it; `story`: and a rollout that
// went over all of them, 24 events each.
bool fill(const QString &folder, int hosts, bool story)
{
    const auto writer = JournalWriter::open(folder);
    if (!writer)
        return false;
    const qint64 nowMs = QDateTime::currentMSecsSinceEpoch();
    const ConsoleSnapshot fleet = madeUpFleet(hosts, nowMs, false);
    QList<NewEvent> events;
    FleetImported imported;
    imported.source = QStringLiteral("bench");
    for (const FleetRow &row : fleet.fleet)
        imported.installations.append(row.installation);
    events.append({0, nowMs, 1, QStringLiteral("bench"), imported});
    for (const FleetRow &row : fleet.fleet) {
        HostTrusted trusted;
        trusted.machine = row.installation.endpoint.machine();
        trusted.keyType = QStringLiteral("ssh-ed25519");
        trusted.fingerprint = row.keyFingerprint;
        events.append({0, nowMs, 1, QStringLiteral("bench"), trusted});
        FactsMeasured measured;
        measured.host = row.installation.name;
        measured.phase = QStringLiteral("check");
        measured.facts = row.facts;
        events.append({0, nowMs, 1, QStringLiteral("bench"), measured});
    }
    if (story) {
        for (const Event &event : support::manyHostsStory(hosts))
            events.append({event.rollout, event.wallMs, event.monoMs, event.actor, event.body});
    }
    return support::appendAndWait(**writer, events).has_value();
}

QImage look()
{
    return QGuiApplication::primaryScreen()->grabWindow(0, place.x(), place.y(), place.width(), place.height()).toImage().convertToFormat(QImage::Format_RGB32);
}

double alike(const QImage &a, const QImage &b)
{
    qint64 same = 0;
    for (int y = 0; y < place.height(); ++y) {
        const auto *p = static_cast<const QRgb *>(static_cast<const void *>(a.constScanLine(y))), *q = static_cast<const QRgb *>(static_cast<const void *>(b.constScanLine(y)));
        for (int x = 0; x < place.width(); ++x)
            same += p[x] == q[x];
    }
    return double(same) / (place.width() * place.height());
}

struct Start {
    double rowsMs = -1; // the rows stand where they stay
    qint64 cpuMs = 0;   // user and system, up to the end of the watch
    QImage final;
};

Start watch(const QString &program, const QStringList &arguments)
{
    Start start;
    std::vector<std::pair<double, QImage>> seen{{0, look()}};
    QProcess process;
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    QElapsedTimer time;
    time.start();
    process.start(program, arguments);
    double changed = 0;
    while (time.elapsed() < 30'000 && (seen.size() < 2 || time.elapsed() - changed < 1500)) {
        QImage image = look();
        if (image != seen.back().second) {
            changed = double(time.nsecsElapsed()) / 1e6;
            seen.emplace_back(changed, std::move(image));
        }
        QThread::msleep(8);
        if (seen.size() > 1 && time.elapsed() - seen[1].first > 4000)
            break; // ages of hosts change for ever
    }
    QFile stat(QStringLiteral("/proc/%1/stat").arg(process.processId()));
    if (stat.open(QIODevice::ReadOnly)) {
        const QList<QByteArray> fields = stat.readAll().split(' ');
        start.cpuMs = 1000 * (fields.value(13).toLongLong() + fields.value(14).toLongLong()) / sysconf(_SC_CLK_TCK);
    }
    process.terminate();
    if (!process.waitForFinished(10'000))
        process.kill();
    start.final = seen.back().second;
    if (seen.size() > 1)
        for (const auto &[ms, image] : seen)
            if (start.rowsMs < 0 && alike(image, start.final) >= 0.995)
                start.rowsMs = ms;
    for (int i = 0; i < 200 && alike(look(), seen.front().second) < 1; ++i)
        QThread::msleep(10); // the window is gone
    return start;
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

} // namespace

int main(int argc, char **argv)
{
    QProcess server;
    server.start(QStringLiteral("Xvfb"), {QStringLiteral("-displayfd"), QStringLiteral("1"), QStringLiteral("-screen"), QStringLiteral("0"), QStringLiteral("1440x900x24"), QStringLiteral("-nolisten"), QStringLiteral("tcp")});
    if (!server.waitForReadyRead(10'000)) {
        std::fprintf(stderr, "Xvfb did not start\n");
        return 1;
    }
    qputenv("DISPLAY", ":" + server.readAllStandardOutput().trimmed());
    qputenv("QT_QPA_PLATFORM", "xcb");
    const int hosts = argc > 1 ? atoi(argv[1]) : 2000, rounds = argc > 2 ? atoi(argv[2]) : 5;
    int status = 0;
    {
        QGuiApplication app(argc, argv);
        QTemporaryDir home, plain, told;
        qputenv("HOME", home.path().toUtf8());
        qputenv("XDG_RUNTIME_DIR", home.path().toUtf8());
        qputenv("XDG_CONFIG_HOME", home.path().toUtf8());
        if (!fill(plain.path(), hosts, false) || !fill(told.path(), hosts, true)) {
            std::fprintf(stderr, "cannot write the data folder\n");
            return 1;
        }
        struct Case {
            QString name, program;
            QStringList arguments;
        };
        const QString programs = QStringLiteral(BELLWETHER_BINARY_DIR);
        std::vector<Case> cases{{QStringLiteral("a table of %1 rows").arg(hosts), programs + QStringLiteral("/bench/bench_start_peer"), {QString::number(hosts)}},
                                {QStringLiteral("bellwether, %1 hosts").arg(hosts), programs + QStringLiteral("/bin/bellwether"), {QStringLiteral("--data"), plain.path()}},
                                {QStringLiteral("and %1 events").arg(hosts * 24), programs + QStringLiteral("/bin/bellwether"), {QStringLiteral("--data"), told.path()}}};
        std::printf("%-26s %9s %9s %9s %9s\n", "", "rows ms", "slowest", "CPU ms", "times");
        double base = 0;
        for (Case &one : cases) {
            std::vector<double> times, cpu;
            QImage picture;
            for (int round = 0; round < rounds; ++round) {
                const Start start = watch(one.program, one.arguments);
                if (start.rowsMs < 0)
                    status = 1;
                times.push_back(start.rowsMs);
                cpu.push_back(double(start.cpuMs));
                picture = start.final;
            }
            const double middle = median(times);
            base = base > 0 ? base : middle;
            std::printf("%-26s %9.0f %9.0f %9.0f %9.2f\n", qPrintable(one.name), middle, *std::max_element(times.begin(), times.end()), median(cpu), middle / base);
            std::fflush(stdout);
            if (const QString pictures = qEnvironmentVariable("BELLWETHER_PICTURES"); !pictures.isEmpty())
                picture.save(QStringLiteral("%1/start-%2.png").arg(pictures, QFileInfo(one.program).fileName()));
        }
    }
    server.terminate();
    server.waitForFinished(5'000);
    return status;
}
