// The command line as a contract: the real program, run as a process.
#include "cliprocess.h"
#include "engineworld.h"
#include "fakeconsole.h"
#include "journalhelp.h"
#include "story.h"
#include "testsshd.h"

#include "headless/commandline.h"
#include "headless/ownersocket.h"
#include "journal/journal.h"

#include <QDirIterator>
#include <QFileInfo>
#include <QJsonArray>
#include <QTest>
#include <csignal>
#include <sys/stat.h>

using namespace bellwether;

namespace {

const QByteArray goodFleet = R"(hosts:
  - name: berlin-1
    address: 127.0.1.1
    port: 2222
    user: ops
    groups: [eu, canary-pool]
    labels: {site: berlin}
    product: sample
    directory: /srv/sample
    domain: berlin.example.org
  - name: york-1
    address: 127.0.1.2
    port: 2222
    user: ops
    groups: [us]
    product: sample
    directory: /srv/sample
    domain: york.example.org
)";

QStringList words(const char *text)
{
    return QString::fromUtf8(text).split(u' ', Qt::SkipEmptyParts);
}

QStringList namesOf(const QJsonObject &document)
{
    QStringList names;
    for (const QJsonValue host : document.value(QStringLiteral("hosts")).toArray())
        names.append(host.toObject().value(QStringLiteral("name")).toString());
    return names;
}

} // namespace

class TestCli : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyCommandHasHelp();
    void badUsageIsOneLine_data();
    void badUsageIsOneLine();
    void laterFeaturesSaySo_data();
    void laterFeaturesSaySo();
    void withoutDisplayItSaysSo();
    void hostileFilesChangeNothing_data();
    void hostileFilesChangeNothing();
    void aFleetIsImportedListedAndExported();
    void dryRunChangesNothing();
    void inventoriesOfOthersAreImported();
    void changesOfTheFleetAreTakenBack();
    void knownHostsAreImported();
    void anotherKeyNeedsAReason();
    void certificatesAreShown_data();
    void certificatesAreShown();
    void keysOfAFleetAreTheContract();
    void hostsAreSetAndRemoved();
    void shellPrintsAQuotedCommand();
    void readOnlyRefusesWhatWrites_data();
    void readOnlyRefusesWhatWrites();
    void unreachableHostsAreSaidSo();
    void untrustedHostsAreNotPlanned();
    void theOperatorStandsInTheJournal();
    void filesAreForTheirOwnerAlone();
    void outputThatGoesNowhereIsSaid_data();
    void outputThatGoesNowhereIsSaid();
    void aFolderThatIsNoDataFolderIsLeftAlone();
    void aTamperedJournalIsFound();
    void everythingIsStoppedAndReleased();
    void hostsOfASilentConsoleAreTakenOver();
    void exportsFollowNoLink();
    void logsAreReadByTheProfile();
    void aLogIsShownAsInTheWindow();
    void aSecondProcessIsAnsweredByTheOwner_data();
    void aSecondProcessIsAnsweredByTheOwner();
    void aSocketLeftBehindIsReplaced();
};

void TestCli::everyCommandHasHelp()
{
    const Cli cli;
    int commands = 0;
    for (const CommandSpec &command : commandTable()) {
        if (!command.run)
            continue;
        ++commands;
        const CliResult result = cli.run(command.name.split(u' ') + QStringList{QStringLiteral("--help")});
        QVERIFY2(result.exitCode == 0, result.told());
        QVERIFY2(result.out.startsWith("usage: bellwether " + command.name.toUtf8()), result.told());
        for (const OptionSpec &option : command.options)
            QVERIFY2(result.out.contains("--" + option.name.toUtf8()), result.told());
    }
    QCOMPARE(commands, 38);
    const CliResult all = cli.run({QStringLiteral("--help")});
    QCOMPARE(all.exitCode, 0);
    QVERIFY(all.out.contains("exit codes") && !all.out.contains("drill") && all.out.contains("stop-all"));
    QVERIFY(!QFileInfo::exists(cli.data())); // asking for help leaves no trace
}

void TestCli::badUsageIsOneLine_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char *line, const char *says) { QTest::newRow(line) << words(line) << QByteArray(says); };
    row("nonsense", "no command \"nonsense\"");
    row("fleet", "\"fleet\" needs one of");
    row("fleet imprt", "no command \"fleet imprt\"");
    row("fleet import", "needs FILE");
    row("fleet list extra", "takes no argument");
    row("fleet list --nonsense", "no option \"--nonsense\"");
    row("fleet list -x", "no option \"-x\"");
    row("fleet list --step x", "has no option --step");
    row("fleet list --json=1", "takes no value");
    row("fleet list --filter", "--filter needs a value");
    row("fleet list --filter --json", "--filter needs a value");
    row("fleet list --json --json", "given twice");
    row("--json", "needs a command");
    row("plan", "needs --product");
    row("plan --product sample", "needs --product P and --to V");
    row("plan --product sample --to one", "\"one\" is not a version");
    row("plan --product nope --to 1.5.0", "no product named \"nope\"");
    row("plan --product sample --to 9.9.9", "no release 9.9.9");
    row("plan --product sample --to 1.5.0 --strategy nope", "no strategy named \"nope\"");
    row("run", "needs PLAN");
    row("run a b", "no more than 1 argument");
    row("run /nope.yaml --bake-scale nan", "--bake-scale must be a number");
    row("run /nope.yaml --bake-scale 0", "--bake-scale must be a number");
    row("run /nope.yaml --bake-scale -1", "--bake-scale must be a number");
    row("run /nope.yaml", "/nope.yaml cannot be read");
    row("status R-0009", "no rollout \"R-0009\"");
    row("status ../../etc", "no rollout");
    row("rollback R-0001 --way sideways", "--way must be");
    row("pause R-0001", "no rollout");
    row("take-over", "needs ROLLOUT");
    row("take-over R-0001", "\"take-over\" needs --reason TEXT");
    row("take-over R-0001 --host berlin-1", "\"take-over\" needs --reason TEXT");
    row("take-over R-0001 --reason late", "no rollout \"R-0001\"");
    row("logs R-0001", "needs ROLLOUT HOST");
    row("report R-0001", "needs --format");
    row("report R-0001 --format docx --out x", "not a report format");
    row("host trust nobody", "no host named \"nobody\"");
    row("fleet remove nobody", "no host named \"nobody\"");
    row("fleet set nobody port=1", "no host named \"nobody\"");
    row("profiles show nobody", "no product named");
    row("profiles check /nope.yaml", "cannot be read");
    row("profiles read-log sample /nope.log", "cannot be read");
    row("profiles read-log sample /proc", "cannot be read");
    row("releases list nobody", "no product named");
    row("verify a --journal", "not both");
    row("verify /nope.json", "cannot be read");
    row("verify", "no journal yet");
    row("demo up --hosts 0", "--hosts must be a number");
    row("demo up --hosts x", "--hosts must be a number");
    row("demo up --port 70000", "--port must be a number");
    row("--lang xx fleet list", "no texts in the language");
    QTest::newRow("take-over for no reason") << QStringList{QStringLiteral("take-over"), QStringLiteral("R-0001"), QStringLiteral("--reason"), QStringLiteral("  ")}
                                             << QByteArray("\"take-over\" needs --reason TEXT");
    QTest::newRow("run --take-over for no reason") << QStringList{QStringLiteral("run"), QStringLiteral("/nope.yaml"), QStringLiteral("--take-over"), QStringLiteral("  ")}
                                                   << QByteArray("--take-over needs the reason");
}

void TestCli::badUsageIsOneLine()
{
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, says);
    const Cli cli;
    const CliResult result = cli.run(arguments);
    QVERIFY2(result.exitCode == 2, result.told());
    QVERIFY2(result.out.isEmpty(), result.told());
    QVERIFY2(result.err.count('\n') == 1 && result.err.startsWith("bellwether: "), result.told());
    QVERIFY2(result.err.contains(says), result.told());
    QVERIFY2(!QFileInfo::exists(cli.data() + QStringLiteral("/journal.db")), "bad usage made a journal");
}

void TestCli::laterFeaturesSaySo_data()
{
    QTest::addColumn<QStringList>("arguments");
    for (const char *line : {"drill berlin-1", "drill", "releases import https://example.org/r.yaml",
                             "--data postgresql://x/y fleet list"})
        QTest::newRow(line) << words(line);
}

void TestCli::laterFeaturesSaySo()
{
    QFETCH(QStringList, arguments);
    const Cli cli;
    QProcess process;
    process.start(Cli::program(), arguments.first() == QLatin1String("--data") ? arguments : QStringList{QStringLiteral("--data"), cli.data()} + arguments);
    QVERIFY(process.waitForFinished());
    const QByteArray err = process.readAllStandardError();
    QCOMPARE(process.exitCode(), 2);
    QVERIFY2(err.contains("not in this version") && err.count('\n') == 1, err);
}

void TestCli::withoutDisplayItSaysSo()
{
    const CliResult result = Cli().run({});
    QCOMPARE(result.exitCode, 2);
    QVERIFY2(result.err.contains("no display") && result.err.count('\n') == 1, result.told());
}

void TestCli::hostileFilesChangeNothing_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QByteArray>("place"); // after the file's name
    const QByteArray host = "hosts:\n  - name: a\n    address: 127.0.0.1\n    user: ops\n    product: sample\n    directory: /srv\n";
    const auto row = [](const char *name, const QByteArray &content, const char *place) { QTest::newRow(name) << content << QByteArray(place); };
    row("empty", "", "");
    row("unknown key", host + "    prot: 22\n", ":7:5: ");
    row("duplicate key", host + "    user: root\n", ":7:");
    row("port beyond", host + "    port: 65536\n", ":7:");
    row("port octal", host + "    port: 022\n", ":7:");
    row("tab", "hosts:\n\t- name: a\n", ":2:");
    row("alias", "hosts: &a [*a]\n", ":1:");
    row("two documents", host + "---\nhosts: []\n", ":7:");
    row("not a list", "hosts: 7\n", ":1:");
    row("address with option", "hosts:\n  - name: a\n    address: -oProxyCommand=x\n", ":3:");
    row("name with a path", "hosts:\n  - name: ../../x\n    address: 127.0.0.1\n", ":2:");
    row("same name twice", host + host.mid(7), ":7:");
    row("deep", QByteArray(100'000, '['), ":1:");
    row("NUL", QByteArray("hosts:\0\n", 8), "");
    row("tag", "hosts: !!python/object/apply:os.system [\"id\"]\n", ":1:");
}

void TestCli::hostileFilesChangeNothing()
{
    QFETCH(QByteArray, content);
    QFETCH(QByteArray, place);
    const Cli cli;
    const QString file = cli.write(QStringLiteral("fleet.yaml"), content);
    const CliResult result = cli.run({QStringLiteral("fleet"), QStringLiteral("import"), file});
    QVERIFY2(result.exitCode == 2, result.told());
    QVERIFY2(result.err.count('\n') == 1, result.told());
    QVERIFY2(result.err.contains(file.toUtf8() + place), result.told());
    QVERIFY(!QFileInfo::exists(cli.data() + QStringLiteral("/journal.db")));
}

void TestCli::aFleetIsImportedListedAndExported()
{
    const Cli cli;
    const QString file = cli.write(QStringLiteral("fleet.yaml"), goodFleet);
    const CliResult imported = cli.run({QStringLiteral("fleet"), QStringLiteral("import"), file, QStringLiteral("--json")});
    QVERIFY2(imported.exitCode == 0, imported.told());
    QCOMPARE(imported.json().value(QStringLiteral("added")).toArray().size(), 2);
    const QStringList list = words("fleet list --json");
    QCOMPARE(namesOf(cli.run(list).json()), (QStringList{QStringLiteral("berlin-1"), QStringLiteral("york-1")}));
    QCOMPARE(namesOf(cli.run(list + QStringList{QStringLiteral("--filter"), QStringLiteral("group:eu")}).json()), (QStringList{QStringLiteral("berlin-1")}));
    const CliResult badFilter = cli.run(list + QStringList{QStringLiteral("--filter"), QStringLiteral("version<<")});
    QVERIFY2(badFilter.exitCode == 2 && badFilter.err.contains("column"), badFilter.told());
    const CliResult again = cli.run({QStringLiteral("fleet"), QStringLiteral("import"), file, QStringLiteral("--json")});
    QCOMPARE(again.json().value(QStringLiteral("unchanged")).toInt(), 2);
    const QString out = cli.file(QStringLiteral("out.yaml"));
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("export"), out}).exitCode, 0);
    const Cli other;
    QCOMPARE(other.run({QStringLiteral("fleet"), QStringLiteral("import"), out}).exitCode, 0);
    QCOMPARE(other.run(list).json(), cli.run(list).json());
}

void TestCli::dryRunChangesNothing()
{
    const Cli cli;
    const QString file = cli.write(QStringLiteral("fleet.yaml"), goodFleet);
    const CliResult result = cli.run({QStringLiteral("fleet"), QStringLiteral("import"), file, QStringLiteral("--dry-run"), QStringLiteral("--json")});
    QCOMPARE(result.exitCode, 0);
    QCOMPARE(result.json().value(QStringLiteral("added")).toArray().size(), 2);
    QVERIFY(!QFileInfo::exists(cli.data() + QStringLiteral("/journal.db")));
}

void TestCli::inventoriesOfOthersAreImported()
{
    const Cli cli;
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)}).exitCode, 0);
    const auto import = [&cli](const char *name, const QByteArray &text, const char *more) {
        return cli.run(QStringList{QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QString::fromLatin1(name), text), QStringLiteral("--json")} + words(more));
    };
    const QByteArray witness = cli.file(QStringLiteral("pwned")).toUtf8();
    const QByteArray config = "Host berlin-1\n  HostName 127.0.1.9\nHost gate\n  HostName 127.0.1.8\nHost hidden\n  ProxyCommand touch " + witness + "\nHost new\n  ProxyJump gate\nMatch exec \"touch " + witness + "\"\n  Port 1\n";
    const CliResult dry = import("config", config, "--dry-run");
    QVERIFY2(dry.exitCode == 0, dry.told());
    const QJsonObject json = dry.json();
    QCOMPARE(json.value(QStringLiteral("added")).toArray(), (QJsonArray{QStringLiteral("gate"), QStringLiteral("new")}));
    QCOMPARE(json.value(QStringLiteral("unchanged")).toInt(-1), 0);
    const QJsonObject changed = json.value(QStringLiteral("changed")).toArray().first().toObject();
    QCOMPARE(changed.value(QStringLiteral("name")).toString(), QStringLiteral("berlin-1"));
    QCOMPARE(changed.value(QStringLiteral("keys")).toObject(), (QJsonObject{{QStringLiteral("address"), QJsonObject{{QStringLiteral("from"), QStringLiteral("127.0.1.1")}, {QStringLiteral("to"), QStringLiteral("127.0.1.9")}}}}));
    const QJsonArray skipped = json.value(QStringLiteral("skipped")).toArray();
    QCOMPARE(skipped.size(), 3);
    for (const QJsonValue one : skipped)
        for (const char *key : {"where", "what", "why"})
            QVERIFY2(!one.toObject().value(QLatin1String(key)).toString().isEmpty(), key);
    QVERIFY(std::any_of(skipped.begin(), skipped.end(), [](const QJsonValue &one) { return one.toObject().value(QStringLiteral("where")).toString().endsWith(QLatin1String("/config:6")); }));
    QCOMPARE(json.value(QStringLiteral("files")).toArray().first().toObject().value(QStringLiteral("format")).toString(), QStringLiteral("ssh-config"));
    QCOMPARE(namesOf(cli.run(words("fleet list --json")).json()).size(), 2);

    const CliResult told = cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.file(QStringLiteral("config")), QStringLiteral("--dry-run")});
    QVERIFY2(told.out.contains("~ berlin-1  address: 127.0.1.1 -> 127.0.1.9") && told.out.contains("Would be: 2 added, 1 changed, 0 unchanged, 3 skipped"), told.told());
    QVERIFY2(told.err.contains("read as ssh-config"), told.told());
    QCOMPARE(import("config", config, "").exitCode, 0);
    QCOMPARE(import("hosts", "[web]\nansible-1 ansible_host=127.0.1.20 ansible_user=ops\n", "").exitCode, 0);
    QCOMPARE(import("more.csv", "name;address;label:site;domain\ncsv-1;127.0.1.30;oslo;csv.example.org\n", "--format csv").exitCode, 0);
    QCOMPARE(namesOf(cli.run(words("fleet list --json")).json()),
             (QStringList{QStringLiteral("ansible-1"), QStringLiteral("berlin-1"), QStringLiteral("csv-1"), QStringLiteral("gate"), QStringLiteral("new"), QStringLiteral("york-1")}));
    const QJsonObject berlin = cli.run(words("fleet list --filter berlin --json")).json().value(QStringLiteral("hosts")).toArray().first().toObject();
    QCOMPARE(berlin.value(QStringLiteral("product")).toString(), QStringLiteral("sample")); // ssh's file does not speak of it
    QCOMPARE(berlin.value(QStringLiteral("port")).toInt(), 2222);
    QVERIFY(!QFileInfo::exists(cli.file(QStringLiteral("pwned"))));
    const CliResult wrong = import("bad.csv", "name,address,port\na,x,022\n", "");
    QVERIFY2(wrong.exitCode == 2 && wrong.err.contains("bad.csv:2:5: "), wrong.told());
    const CliResult unknown = import("what", "what is this\n", "");
    QVERIFY2(unknown.exitCode == 2 && unknown.err.contains("--format"), unknown.told());
    const CliResult circle = cli.run(words("fleet set gate jump=new"));
    QVERIFY2(circle.exitCode == 2 && circle.err.contains("lead back"), circle.told());
}

void TestCli::changesOfTheFleetAreTakenBack()
{
    const Cli cli;
    const CliResult nothing = cli.run(words("fleet undo"));
    QVERIFY2(nothing.exitCode == 3, nothing.told());
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)}).exitCode, 0);
    const QJsonObject before = cli.run(words("fleet list --json")).json();
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("config"), "Host berlin-1 x\nPort 5\n")}).exitCode, 0);
    QCOMPARE(cli.run(words("fleet remove york-1")).exitCode, 0);
    const CliResult dry = cli.run(words("fleet undo --dry-run"));
    QVERIFY2(dry.exitCode == 0 && dry.out.contains("< york-1"), dry.told());
    QCOMPARE(namesOf(cli.run(words("fleet list --json")).json()), (QStringList{QStringLiteral("berlin-1"), QStringLiteral("x")}));
    QCOMPARE(cli.run(words("fleet undo")).exitCode, 0); // the removal
    const CliResult second = cli.run(words("fleet undo --json"));
    QCOMPARE(second.json().value(QStringLiteral("source")).toString(), QStringLiteral("config"));
    QCOMPARE(second.json().value(QStringLiteral("removed")).toArray(), QJsonArray{QStringLiteral("x")});
    QCOMPARE(cli.run(words("fleet list --json")).json(), before);
    QCOMPARE(cli.run(words("verify --json")).json().value(QStringLiteral("intact")), QJsonValue(true)); // nothing was taken out of the journal
    QCOMPARE(cli.run(words("fleet undo")).exitCode, 0); // the first import
    QVERIFY(namesOf(cli.run(words("fleet list --json")).json()).isEmpty());
    QCOMPARE(cli.run(words("fleet undo")).exitCode, 3);
}

void TestCli::knownHostsAreImported()
{
    const Cli cli;
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)}).exitCode, 0);
    QList<QByteArray> keys;
    for (const char *name : {"one", "two", "three"}) {
        QProcess keygen;
        keygen.start(QStringLiteral("ssh-keygen"), {QStringLiteral("-q"), QStringLiteral("-t"), QStringLiteral("ed25519"), QStringLiteral("-N"), QString(), QStringLiteral("-C"), QString(), QStringLiteral("-f"), cli.file(QString::fromLatin1(name))});
        QVERIFY(keygen.waitForFinished(30'000) && keygen.exitCode() == 0);
        QFile file(cli.file(QString::fromLatin1(name) + QStringLiteral(".pub")));
        QVERIFY(file.open(QIODevice::ReadOnly));
        keys.append(file.readAll().trimmed());
    }
    const auto trust = [&cli](const QByteArray &text, const char *more) {
        return cli.run(QStringList{QStringLiteral("host"), QStringLiteral("trust"), QStringLiteral("--import"), cli.write(QStringLiteral("known_hosts"), text), QStringLiteral("--json")} + words(more));
    };
    const auto keyOf = [&cli](int host) { return cli.run(words("fleet list --json")).json().value(QStringLiteral("hosts")).toArray()[host].toObject().value(QStringLiteral("key")).toString(); };
    const QByteArray file = "[127.0.1.1]:2222 " + keys[0] + "\nstranger " + keys[1] + "\n@revoked * " + keys[2] + "\n@cert-authority * " + keys[1] + "\n";
    const CliResult dry = trust(file, "--dry-run");
    QVERIFY2(dry.exitCode == 0, dry.told());
    QCOMPARE(keyOf(0), QStringLiteral("unknown"));
    const QJsonObject taken = trust(file, "").json();
    QCOMPARE(taken.value(QStringLiteral("trusted")).toArray().size(), 1);
    QCOMPARE(taken.value(QStringLiteral("revoked")).toArray().size(), 1);
    QCOMPARE(taken.value(QStringLiteral("strangers")).toInt(), 1);
    QCOMPARE(taken.value(QStringLiteral("skipped")).toArray().size(), 1);
    QCOMPARE(keyOf(0), QStringLiteral("trusted"));
    QCOMPARE(keyOf(1), QStringLiteral("unknown"));
    // another key never takes its place, and the revoked one is remembered
    const QJsonObject again = trust("[127.0.1.1]:2222 " + keys[1] + "\n[127.0.1.2]:2222 " + keys[2] + "\n", "").json();
    QCOMPARE(again.value(QStringLiteral("conflicts")).toArray().size(), 1);
    QVERIFY(again.value(QStringLiteral("trusted")).toArray().isEmpty());
    QCOMPARE(keyOf(1), QStringLiteral("unknown"));
    // a list of fingerprints, by name and as ssh-keygen prints them; without a terminal nobody is asked
    QProcess keygen;
    keygen.start(QStringLiteral("ssh-keygen"), {QStringLiteral("-lf"), cli.file(QStringLiteral("two.pub"))});
    QVERIFY(keygen.waitForFinished(30'000) && keygen.exitCode() == 0);
    const QByteArray two = keygen.readAllStandardOutput().split(' ').value(1);
    const QString list = cli.write(QStringLiteral("fingerprints"), "york-1 " + two + "\nberlin-1 " + two + "\nyork-1  SHA256:cut\n256 " + two + " [127.0.1.2]:2222 (ED25519)\n");
    const CliResult prints = cli.run(words("host trust --import") + QStringList{list});
    QVERIFY2(prints.exitCode == 0, prints.told());
    QVERIFY2(prints.out.contains("+ 127.0.1.2:2222  ssh-ed25519 " + two) && prints.out.contains("differs from the trusted"), prints.told());
    QVERIFY2(prints.out.contains(list.toUtf8() + ":3:9: ") && prints.out.contains("\n1 trusted, 0 revoked, 1 in conflict"), prints.told());
    QCOMPARE(keyOf(1), QStringLiteral("trusted"));
    for (const char *bad : {"host trust", "host trust --dry-run berlin-1", "host trust --yes berlin-1", "host trust berlin-1 --import x"})
        QCOMPARE(cli.run(words(bad)).exitCode, 2);
}

void TestCli::anotherKeyNeedsAReason()
{
    // [fault 30] It is refused, both fingerprints stand in the journal, and so does why it was replaced.
    TestSshd host;
    QVERIFY2(host.isRunning(), qPrintable(host.failure()));
    const Cli cli;
    QByteArray fleet = goodFleet;
    fleet = fleet.left(fleet.indexOf("  - name: york-1"));
    fleet.replace("127.0.1.1", "127.0.0.1").replace("2222", QByteArray::number(host.port())).replace("user: ops", "identity: " + host.endpoint().identity.toUtf8());
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), fleet)}).exitCode, 0);
    const auto trust = [&cli](const QString &fingerprint, const QStringList &more = {}) {
        return cli.run(words("host trust berlin-1 --fingerprint") + QStringList{fingerprint} + more);
    };
    const auto events = [&cli] {
        const auto reader = JournalReader::open(cli.data());
        return reader ? (*reader)->read().value_or(QList<Event>()) : QList<Event>();
    };
    const auto trusted = [&events] {
        QList<HostTrusted> all;
        for (const Event &event : events())
            if (const auto *e = std::get_if<HostTrusted>(&event.body))
                all.append(*e);
        return all;
    };
    const QString before = host.fingerprint();
    const CliResult first = trust(before);
    QVERIFY2(first.exitCode == 0, first.told());
    host.restartWithNewHostKey();
    QVERIFY2(host.isRunning(), qPrintable(host.failure()));
    const QString now = host.fingerprint();
    const CliResult checked = cli.run(words("fleet check --json"));
    QVERIFY2(checked.exitCode == 9, checked.told());
    bool audited = false;
    for (const Event &event : events())
        if (const auto *e = std::get_if<FactsMeasured>(&event.body))
            audited = e->host == QLatin1String("berlin-1") && e->facts.error == QLatin1String("host-key-changed") && e->facts.errorArgs.mid(2) == QStringList({now, before});
    QVERIFY(audited);
    for (const QStringList &more : {QStringList(), QStringList{QStringLiteral("--reason"), QStringLiteral(" ")}}) {
        const CliResult refused = trust(now, more);
        QVERIFY2(refused.exitCode == 3 && refused.err.contains("needs --reason"), refused.told());
        QVERIFY2(refused.out.contains(now.toUtf8()) && refused.out.contains(before.toUtf8()), refused.told());
    }
    QCOMPARE(trusted().size(), 1);
    const CliResult taken = trust(now, {QStringLiteral("--reason"), QStringLiteral("set up anew, ticket 7")});
    QVERIFY2(taken.exitCode == 0, taken.told());
    QCOMPARE(trusted().size(), 2);
    QCOMPARE(trusted().last().replaced, before);
    QCOMPARE(trusted().last().fingerprint, now);
    QCOMPARE(trusted().last().reason, QStringLiteral("set up anew, ticket 7"));
}

void TestCli::certificatesAreShown_data()
{
    QTest::addColumn<QByteArray>("identity"); // empty: ~/.ssh/id_ed25519 is found
    QTest::addColumn<QString>("validity");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("valid") << QByteArray("    identity: ~/.ssh/id_ed25519\n") << QStringLiteral("20200102030405Z:20990102030405Z") << QByteArray("certificate until 2099-01-02");
    QTest::newRow("by default, expired") << QByteArray() << QStringLiteral("20200102030405Z:20210102030405Z") << QByteArray("its certificate expired on 2021-01-02");
}

void TestCli::certificatesAreShown()
{
    QFETCH(QByteArray, identity);
    QFETCH(QString, validity);
    QFETCH(QByteArray, says);
    Cli cli;
    const QString home = cli.file(QStringLiteral("home")), key = home + QStringLiteral("/.ssh/id_ed25519"), ca = cli.file(QStringLiteral("ca"));
    QVERIFY(QDir().mkpath(home + QStringLiteral("/.ssh")));
    cli.setEnvironment(QStringLiteral("HOME"), home);
    const auto keygen = [](const QStringList &arguments) {
        QProcess process;
        process.start(QStringLiteral("ssh-keygen"), QStringList{QStringLiteral("-q")} + arguments);
        return process.waitForFinished(30'000) && process.exitCode() == 0;
    };
    for (const QString &file : {key, ca})
        QVERIFY(keygen({QStringLiteral("-t"), QStringLiteral("ed25519"), QStringLiteral("-N"), QString(), QStringLiteral("-f"), file}));
    QVERIFY(keygen({QStringLiteral("-s"), ca, QStringLiteral("-I"), QStringLiteral("night shift"), QStringLiteral("-n"), QStringLiteral("ops"), QStringLiteral("-V"), validity, key + QStringLiteral(".pub")}));
    QByteArray fleet = goodFleet.left(goodFleet.indexOf("  - name: york-1"));
    fleet.replace("2222", "1"); // nothing listens there
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), fleet + identity)}).exitCode, 0);
    const CliResult checked = cli.run(words("fleet check"));
    QVERIFY2(checked.out.contains(says), checked.told());
    const QJsonObject certificate = cli.run(words("fleet list --json")).json().value(QStringLiteral("hosts")).toArray().first().toObject()
                                        .value(QStringLiteral("facts")).toObject().value(QStringLiteral("certificate")).toObject();
    QVERIFY(certificate.value(QStringLiteral("path")).toString().endsWith(QLatin1String("id_ed25519-cert.pub")));
    QCOMPARE(certificate.value(QStringLiteral("id")).toString(), QStringLiteral("night shift"));
    QCOMPARE(certificate.value(QStringLiteral("principals")).toArray(), QJsonArray{QStringLiteral("ops")});
    QCOMPARE(certificate.value(QStringLiteral("until")).toInteger() / 1000 % 60, 5);
}

void TestCli::keysOfAFleetAreTheContract()
{
    const Cli cli;
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)}).exitCode, 0);
    const QJsonObject host = cli.run(words("fleet list --json")).json().value(QStringLiteral("hosts")).toArray().first().toObject();
    for (const char *key : {"name", "address", "port", "domain", "product", "version", "health", "reachable", "groups", "labels", "error", "facts"})
        QVERIFY2(host.contains(QLatin1String(key)), key);
    for (const char *key : {"disk_free", "database_size", "database_server", "backup", "ledger"})
        QVERIFY2(host.value(QStringLiteral("facts")).toObject().contains(QLatin1String(key)), key);
    QCOMPARE(host.value(QStringLiteral("port")).toInt(), 2222);
    QVERIFY(host.value(QStringLiteral("version")).isNull()); // never measured is not a guess
    QVERIFY(cli.run(words("status --json")).json().value(QStringLiteral("rollouts")).isArray());
    const QJsonObject verified = cli.run(words("verify --json")).json();
    QCOMPARE(verified.value(QStringLiteral("intact")), QJsonValue(true));
    QVERIFY(verified.value(QStringLiteral("events")).toInt() > 0 && verified.contains(QStringLiteral("first_broken")));
    QCOMPARE(verified.value(QStringLiteral("signature")), QJsonValue(QStringLiteral("none")));
}

void TestCli::hostsAreSetAndRemoved()
{
    const Cli cli;
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)}).exitCode, 0);
    QCOMPARE(cli.run(words("fleet set berlin-1 port=2022 labels.tier=gold groups=eu,test")).exitCode, 0);
    QJsonObject host = cli.run(words("fleet list --json")).json().value(QStringLiteral("hosts")).toArray().first().toObject();
    QCOMPARE(host.value(QStringLiteral("port")).toInt(), 2022);
    QCOMPARE(host.value(QStringLiteral("groups")).toArray().size(), 2);
    QCOMPARE(host.value(QStringLiteral("labels")).toObject().value(QStringLiteral("tier")), QJsonValue(QStringLiteral("gold")));
    for (const char *bad : {"port=0", "nonsense=1", "address=-oProxyCommand=x", "environment=maybe", "port", "address="}) {
        const CliResult result = cli.run(words("fleet set berlin-1") + QStringList{QString::fromLatin1(bad)});
        QVERIFY2(result.exitCode == 2 && result.err.count('\n') == 1, result.told());
    }
    // Jump hosts lead somewhere else, also over several of them; and one that others need stays.
    QCOMPARE(cli.run(words("fleet set york-1 jump=berlin-1")).exitCode, 0);
    for (const char *bad : {"fleet set berlin-1 jump=york-1", "fleet set berlin-1 jump=berlin-1"}) {
        const CliResult result = cli.run(words(bad));
        QVERIFY2(result.exitCode == 2 && result.err.contains("does not lead back to"), result.told());
    }
    const CliResult needed = cli.run(words("fleet remove berlin-1 --reason gone"));
    QVERIFY2(needed.exitCode == 3 && needed.err.contains("york-1 is reached through berlin-1"), needed.told());
    QCOMPARE(cli.run(words("fleet set york-1 jump=")).exitCode, 0);
    QCOMPARE(cli.run(words("fleet remove berlin-1 --reason gone")).exitCode, 0);
    QCOMPARE(namesOf(cli.run(words("fleet list --json")).json()), (QStringList{QStringLiteral("york-1")}));
}

void TestCli::shellPrintsAQuotedCommand()
{
    const Cli cli;
    QByteArray fleet = goodFleet;
    fleet.replace("    port: 2222\n    user: ops\n    groups: [us]", "    port: 2222\n    user: ops\n    jump: berlin-1\n    identity: \"/home/a b/key\"");
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), fleet)}).exitCode, 0);
    const CliResult result = cli.run(words("host shell york-1"));
    QCOMPARE(result.out, QByteArray("ssh -p 2222 -i '/home/a b/key' -J ops@127.0.1.1:2222 -- ops@127.0.1.2\n"));
}

void TestCli::readOnlyRefusesWhatWrites_data()
{
    QTest::addColumn<QStringList>("arguments");
    for (const char *line : {"fleet set berlin-1 port=1", "fleet remove berlin-1", "fleet check", "host trust berlin-1", "demo up"})
        QTest::newRow(line) << words(line);
}

void TestCli::readOnlyRefusesWhatWrites()
{
    QFETCH(QStringList, arguments);
    const Cli cli;
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)}).exitCode, 0);
    const QJsonObject before = cli.run(words("verify --json")).json();
    const CliResult result = cli.run(QStringList{QStringLiteral("--read-only")} + arguments);
    QVERIFY2(result.exitCode == 3 && result.err.contains("--read-only"), result.told());
    QCOMPARE(cli.run(words("verify --json")).json(), before);
    QCOMPARE(cli.run(words("--read-only fleet list --json")).exitCode, 0);
}

void TestCli::unreachableHostsAreSaidSo()
{
    const Cli cli;
    QByteArray fleet = goodFleet;
    fleet.replace("2222", "1"); // nothing listens there
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), fleet)}).exitCode, 0);
    const CliResult result = cli.run(words("fleet check --json"));
    QVERIFY2(result.exitCode == 9, result.told());
    const QJsonObject host = result.json().value(QStringLiteral("hosts")).toArray().first().toObject();
    QCOMPARE(host.value(QStringLiteral("reachable")), QJsonValue(false));
    QVERIFY2(host.value(QStringLiteral("error")).toString().contains(QLatin1String("cannot be reached")), result.told());
    const CliResult trust = cli.run(words("host trust berlin-1"));
    QVERIFY2(trust.exitCode == 9 && trust.err.contains("berlin-1"), trust.told());
}

void TestCli::untrustedHostsAreNotPlanned()
{
    const Cli cli;
    QByteArray fleet = goodFleet;
    fleet.replace("2222", "1");
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), fleet)}).exitCode, 0);
    const QString out = cli.file(QStringLiteral("plan.yaml"));
    const CliResult result = cli.run(words("plan --product sample --to 1.5.0 --strategy demo --json") + QStringList{QStringLiteral("--out"), out});
    QVERIFY2(result.exitCode == 3, result.told());
    const QJsonObject plan = result.json();
    QCOMPARE(plan.value(QStringLiteral("accepted")), QJsonValue(false));
    QVERIFY(!plan.value(QStringLiteral("refusals")).toArray().isEmpty());
    for (const char *key : {"plan", "hash", "product", "to", "accepted", "refusals", "waves", "hosts"})
        QVERIFY2(plan.contains(QLatin1String(key)), key);
    QVERIFY(!QFileInfo::exists(out)); // a refused plan is not for carrying out
}

void TestCli::theOperatorStandsInTheJournal()
{
    Cli cli;
    cli.setEnvironment(QStringLiteral("BELLWETHER_OPERATOR"), QStringLiteral("Ada of the night shift"));
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)}).exitCode, 0);
    const auto reader = JournalReader::open(cli.data());
    QVERIFY(reader.has_value());
    const QList<Event> events = (*reader)->read().value();
    bool found = false;
    for (const Event &event : events) {
        if (std::holds_alternative<FleetImported>(event.body))
            found = event.actor == QLatin1String("Ada of the night shift");
    }
    QVERIFY(found);
}

void TestCli::outputThatGoesNowhereIsSaid_data()
{
    QTest::addColumn<QString>("where");
    QTest::newRow("closed") << QStringLiteral(">&-");
    QTest::newRow("full disk") << QStringLiteral(">/dev/full");
}

void TestCli::outputThatGoesNowhereIsSaid()
{
    QFETCH(QString, where);
    Cli cli;
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)}).exitCode, 0);
    QProcess shell;
    shell.start(QStringLiteral("sh"), {QStringLiteral("-c"), QStringLiteral("exec \"$0\" --data \"$1\" fleet list ") + where, Cli::program(), cli.data()});
    QVERIFY(shell.waitForFinished(60'000));
    const QByteArray err = shell.readAllStandardError();
    QVERIFY2(shell.exitCode() == 1 && err.contains("could not be written"), err.constData());
    // And no file of ours took what was meant for the terminal.
    QDirIterator files(cli.data(), QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        QFile file(files.next());
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY2(!file.readAll().contains("MACHINE "), qPrintable(file.fileName()));
    }
}

void TestCli::aFolderThatIsNoDataFolderIsLeftAlone()
{
    Cli cli; // --data with a slip of the pen: somebody's own folder, with logs of his own in it
    QVERIFY(QDir().mkpath(cli.data() + QStringLiteral("/logs")));
    QFile::setPermissions(cli.data() + QStringLiteral("/logs"), QFile::Permissions(0x7755));
    QCOMPARE(cli.run(words("status")).exitCode, 0);
    QVERIFY(QFile::permissions(cli.data() + QStringLiteral("/logs")).testFlag(QFile::ReadOther));
    QCOMPARE(QDir(cli.data()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList{QStringLiteral("logs")});
    QVERIFY(QDir(cli.data() + QStringLiteral("/logs")).isEmpty());
}

void TestCli::filesAreForTheirOwnerAlone()
{
    const Cli cli;
    const mode_t before = ::umask(0);
    const CliResult imported = cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)});
    const CliResult exported = cli.run({QStringLiteral("fleet"), QStringLiteral("export"), cli.file(QStringLiteral("out.yaml"))});
    ::umask(before);
    QCOMPARE(imported.exitCode + exported.exitCode, 0);
    const QFile::Permissions others = QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther | QFile::WriteOther | QFile::ExeOther;
    for (const QString &path : {cli.data(), cli.data() + QStringLiteral("/journal.db"), cli.file(QStringLiteral("out.yaml"))})
        QVERIFY2(!(QFile::permissions(path) & others), qPrintable(path));
}

void TestCli::aTamperedJournalIsFound()
{
    const Cli cli;
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)}).exitCode, 0);
    QFile journal(cli.data() + QStringLiteral("/journal.db"));
    QVERIFY(journal.open(QIODevice::ReadWrite));
    QByteArray bytes = journal.readAll();
    const qsizetype at = bytes.indexOf("berlin.example.org");
    QVERIFY(at > 0);
    bytes[at] = 'B';
    journal.seek(0);
    journal.write(bytes);
    journal.close();
    const CliResult result = cli.run(words("verify --journal --json"));
    QVERIFY2(result.exitCode == 7, result.told());
    QCOMPARE(result.json().value(QStringLiteral("intact")), QJsonValue(false));
    QVERIFY(result.json().value(QStringLiteral("first_broken")).toInt() > 0);
    QVERIFY2(result.errorLine().contains("broken at event"), result.told());
    const QByteArray broken = [&] { return journal.open(QIODevice::ReadOnly) ? journal.readAll() : QByteArray(); }();
    journal.close();
    // [fault 48] it can be looked at, with a warning; nothing is built on a broken chain
    for (const char *line : {"fleet list", "fleet list --json", "status", "host shell york-1"}) {
        const CliResult read = cli.run(words(line));
        QVERIFY2(read.exitCode == 0, read.told());
        QVERIFY2(read.err.contains("warning: ") && read.err.contains("broken at event"), read.told());
        QVERIFY2(!read.out.isEmpty(), read.told());
    }
    for (const char *line : {"fleet remove york-1", "fleet set york-1 port=23", "stop-all --reason fire", "fleet check", "host trust york-1"}) {
        const CliResult write = cli.run(words(line));
        QVERIFY2(write.exitCode == 7, write.told());
        QVERIFY2(write.errorLine().contains("broken at event"), write.told());
    }
    QVERIFY(journal.open(QIODevice::ReadOnly));
    QVERIFY(journal.readAll() == broken);
}

void TestCli::everythingIsStoppedAndReleased() // [OPS-03]
{
    const Cli cli;
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)}).exitCode, 0);
    QCOMPARE(cli.run(words("stop-all")).exitCode, 2);
    const CliResult early = cli.run(words("release --reason over"));
    QVERIFY2(early.exitCode == 3 && early.errorLine().contains("nothing is stopped"), early.told());
    const CliResult stopped = cli.run({QStringLiteral("stop-all"), QStringLiteral("--reason"), QStringLiteral("the vendor called")});
    QVERIFY2(stopped.exitCode == 0 && stopped.out.contains("Everything is stopped") && stopped.err.contains("berlin-1"), stopped.told()); // not reached, and said so
    const CliResult again = cli.run(words("stop-all --reason twice"));
    QVERIFY2(again.exitCode == 3 && again.errorLine().contains("the vendor called"), again.told());
    const CliResult status = cli.run(words("status --json"));
    QCOMPARE(status.json().value(QStringLiteral("hold")).toObject().value(QStringLiteral("reason")).toString(), QStringLiteral("the vendor called"));
    QVERIFY(cli.run(words("status")).out.contains("the vendor called"));
    QCOMPARE(cli.run(words("release")).exitCode, 2);
    const CliResult released = cli.run(words("release --reason over"));
    QVERIFY2(released.exitCode == 0 && released.out.contains("Released"), released.told());
    QVERIFY(cli.run(words("status --json")).json().value(QStringLiteral("hold")).isNull());
    QCOMPARE(cli.run(words("verify --journal")).exitCode, 0);
}

void TestCli::hostsOfASilentConsoleAreTakenOver() // [fault 26]
{
    Cli cli;
    cli.setEnvironment(QStringLiteral("BELLWETHER_OPERATOR"), QStringLiteral("anna"));
    const Plan plan = support::sixHosts(QStringLiteral("1.4.0"), QStringLiteral("1.5.0"), {});
    const QString host = plan.hosts.first().installation.name;
    RolloutStarted started;
    started.plan = toJson(plan);
    started.planHash = planHash(plan);
    {
        const auto writer = JournalWriter::open(cli.data());
        QVERIFY(writer.has_value());
        QVERIFY(support::appendAndWait(**writer, {NewEvent{1, 1'790'000'000'000, 1'000, QStringLiteral("tester"), started}}).has_value());
    }
    const QStringList command{QStringLiteral("take-over"), QStringLiteral("R-0001"), QStringLiteral("--host"), host, QStringLiteral("--reason"), QStringLiteral("ann is on a plane")};
    const CliResult early = cli.run(command); // nobody else has any of its hosts
    QVERIFY2(early.exitCode == 3 && early.errorLine().contains("gone silent"), early.told());
    const CliResult readOnly = cli.run(QStringList{QStringLiteral("--read-only")} + command);
    QVERIFY2(readOnly.exitCode == 3 && readOnly.errorLine().contains("--read-only"), readOnly.told());

    FakeConsole owner;
    owner.answer(QStringLiteral("take-over"), [](const Request &request) { return Reply(QJsonObject{{QStringLiteral("hosts"), request.args.value(QStringLiteral("hosts"))}}); });
    const auto server = OwnerServer::listen(cli.data(), owner);
    QVERIFY(server.has_value());
    const CliResult taken = cli.run(command);
    QVERIFY2(taken.exitCode == 0, taken.told());
    QVERIFY2(taken.out.contains("R-0001: take-over recorded"), taken.told());
    const auto requests = owner.requests();
    QCOMPARE(requests.size(), std::size_t(1));
    QCOMPARE(requests[0].verb, QStringLiteral("take-over"));
    QCOMPARE(requests[0].actor, QStringLiteral("anna"));
    const QJsonObject wanted{{QStringLiteral("rollout"), QStringLiteral("R-0001")}, {QStringLiteral("hosts"), QJsonArray{host}}, {QStringLiteral("reason"), QStringLiteral("ann is on a plane")}};
    QCOMPARE(requests[0].args, wanted);
}

void TestCli::exportsFollowNoLink()
{
    const Cli cli;
    const QString victim = cli.write(QStringLiteral("victim"), "precious");
    const QString link = cli.file(QStringLiteral("link.yaml"));
    QVERIFY(QFile::link(victim, link));
    const CliResult result = cli.run({QStringLiteral("fleet"), QStringLiteral("export"), link});
    QVERIFY2(result.exitCode == 2 && result.err.contains("symbolic link"), result.told());
    QFile file(victim);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), QByteArray("precious"));
}

void TestCli::logsAreReadByTheProfile()
{
    const Cli cli;
    const QString file = cli.write(QStringLiteral("rubbish.log"), QByteArray("what is this\n\x1b[2J\xff\xfe\n") + QByteArray(100'000, 'x'));
    const CliResult result = cli.run({QStringLiteral("profiles"), QStringLiteral("read-log"), QStringLiteral("sample"), file, QStringLiteral("--json")});
    QVERIFY2(result.exitCode == 0, result.told());
    const QJsonObject json = result.json();
    QCOMPARE(json.value(QStringLiteral("outcome")), QJsonValue(QStringLiteral("unknown"))); // rubbish is never success
    QCOMPARE(json.value(QStringLiteral("migrations")).toArray().size(), 0);
    QVERIFY(json.value(QStringLiteral("unread_lines")).toInt() >= 2);
    QVERIFY(json.value(QStringLiteral("problems")).isArray());
}

void TestCli::aLogIsShownAsInTheWindow()
{
    const Cli cli;
    QCOMPARE(cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)}).exitCode, 0);
    {
        const auto writer = JournalWriter::open(cli.data());
        QVERIFY(writer.has_value());
        PlanSketch sketch;
        sketch.hosts = 1;
        RolloutStarted started;
        started.plan = toJson(sketchPlan(sketch));
        StepIntended intended;
        intended.host = QStringLiteral("demo-01");
        intended.token = QStringLiteral("t");
        intended.step = QStringLiteral("backup");
        intended.kind = StepKind::Backup;
        intended.index = 1;
        const QString actor = QStringLiteral("tester");
        QVERIFY(support::appendAndWait(**writer, {NewEvent{1, 1000, 1000, actor, started}, NewEvent{1, 1000, 1000, actor, intended}}).has_value());
    }
    const QString path = stepLogPath(cli.data(), 1, QStringLiteral("demo-01"), QStringLiteral("t"));
    QVERIFY(QDir().mkpath(QFileInfo(path).path()));
    const QByteArray longLine = QByteArray((16 << 10) - 2, 'x') + "\xc3\xbc and its end\n"; // in no piece of it a character is cut
    const QByteArray log = "Traceback:\n  File \"x.py\"\n\x1b[31mred\x1b[0m\r\n10%\r20%\r30%\n\n" + longLine + longLine.repeated(4) + "last";
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(log), log.size());
    file.close();
    const CliResult shown = cli.run(words("logs R-0001 demo-01"));
    QVERIFY2(shown.exitCode == 0 && shown.out.startsWith("== backup"), shown.told());
    QCOMPARE(shown.out.mid(shown.out.indexOf('\n') + 1),
             "Traceback:\n  File \"x.py\"\nred\n\xe2\x87\xa4" "30%\n\n" + longLine + longLine.repeated(4) + "last\n");
    const CliResult raw = cli.run(words("logs R-0001 demo-01 --raw"));
    QVERIFY2(raw.exitCode == 0, raw.told());
    QCOMPARE(raw.out, log);
}

void TestCli::aSecondProcessIsAnsweredByTheOwner_data()
{
    QTest::addColumn<int>("length");
    QTest::newRow("short path") << 0;
    QTest::newRow("path longer than a socket address") << 200;
}

void TestCli::aSecondProcessIsAnsweredByTheOwner()
{
    QFETCH(int, length);
    Cli cli;
    cli.setData(cli.file(QStringLiteral("d") + QString(length, u'x')));
    cli.setEnvironment(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
    const auto owner = cli.start({}); // the desktop console, without a screen
    const QString socket = cli.data() + QStringLiteral("/owner.sock");
    QTRY_VERIFY_WITH_TIMEOUT(QFileInfo::exists(socket), 20'000);
    struct stat info = {};
    QCOMPARE(::lstat(QFile::encodeName(socket).constData(), &info), 0);
    QVERIFY(S_ISSOCK(info.st_mode) && (info.st_mode & 0777) == 0600);
    const CliResult imported = cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)});
    QVERIFY2(imported.exitCode == 0, imported.told());
    const CliResult refused = cli.run(words("fleet set berlin-1 port=99999"));
    QCOMPARE(refused.exitCode, 2);
    QCOMPARE(namesOf(cli.run(words("fleet list --json")).json()).size(), 2);
    const QList<Event> events = (*JournalReader::open(cli.data()))->read().value();
    int consoles = 0; // one owner wrote all of it
    for (const Event &event : events)
        consoles += std::holds_alternative<ConsoleStarted>(event.body);
    QCOMPARE(consoles, 1);
    QCOMPARE(owner->state(), QProcess::Running);
    ::kill(static_cast<pid_t>(owner->processId()), SIGTERM);
    QVERIFY(owner->waitForFinished(20'000));
    QVERIFY2(owner->exitStatus() == QProcess::NormalExit, owner->readAllStandardError());
    QVERIFY(!QFileInfo::exists(socket));
}

void TestCli::aSocketLeftBehindIsReplaced()
{
    Cli cli;
    cli.setEnvironment(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
    const QString socket = cli.data() + QStringLiteral("/owner.sock");
    {
        const auto owner = cli.start({});
        QTRY_VERIFY_WITH_TIMEOUT(QFileInfo::exists(socket), 20'000);
        owner->kill();
        owner->waitForFinished();
    }
    QVERIFY(QFileInfo::exists(socket));
    const CliResult imported = cli.run({QStringLiteral("fleet"), QStringLiteral("import"), cli.write(QStringLiteral("fleet.yaml"), goodFleet)});
    QVERIFY2(imported.exitCode == 0, imported.told());
    QVERIFY(!QFileInfo::exists(socket));
}

QTEST_GUILESS_MAIN(TestCli)
#include "tst_cli.moc"
