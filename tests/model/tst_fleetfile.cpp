#include "config/files.h"

#include <QTemporaryDir>
#include <QTest>

using namespace bellwether;

Q_DECLARE_METATYPE(ErrorCode)

namespace {

const QByteArray kFleet = R"(hosts:
  - name: berlin-1
    address: 127.0.1.1
    port: 2222
    user: ops
    identity: ~/.ssh/id_ed25519
    jump: bastion
    groups: [eu, canary-pool]
    labels: {site: fra, critical: "true"}
    environment: production
    product: piprio
    directory: /srv/piprio
    state: /var/lib/bellwether
    domain: berlin.example.org
    window: "Sat 22:00-02:00 Europe/Berlin"
    settings: { compose_file: docker-compose.onprem.yml }
  - name: bastion
    address: ::1
)";

QByteArray entry(const QByteArray &lines)
{
    QByteArray text = "hosts:\n  - name: a\n    address: 127.0.0.1\n";
    for (const QByteArray &line : lines.split('\n'))
        text += "    " + line + "\n";
    return text;
}

} // namespace

class TestFleetFile : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsEveryKey()
    {
        const auto fleet = parseFleet(kFleet, "fleet.yaml");
        QVERIFY(fleet);
        QCOMPARE(fleet->size(), 2);
        const Installation &berlin = fleet->at(0);
        QCOMPARE(berlin.endpoint, (Endpoint{"127.0.1.1", 2222, "ops", "~/.ssh/id_ed25519", "bastion"}));
        QCOMPARE(berlin.groups, (QStringList{"eu", "canary-pool"}));
        QCOMPARE(berlin.labels.value("site"), "fra");
        QVERIFY(berlin.isCritical());
        QCOMPARE(int(berlin.environment), int(Environment::Production));
        QCOMPARE(berlin.product, "piprio");
        QCOMPARE(berlin.directory, "/srv/piprio");
        QCOMPARE(berlin.state, "/var/lib/bellwether");
        QCOMPARE(berlin.domain, "berlin.example.org");
        QCOMPARE(berlin.window, "Sat 22:00-02:00 Europe/Berlin");
        QCOMPARE(berlin.settings.value("compose_file"), "docker-compose.onprem.yml");
        QCOMPARE(fleet->at(1).endpoint.port, 22);
    }
    void writesWhatItReads()
    {
        QList<Installation> fleet = *parseFleet(kFleet, "fleet.yaml");
        fleet[0].settings.insert("odd", "yes");
        fleet[0].settings.insert("number", "022");
        fleet[0].labels.insert("null", "a: b # c \"d\" \\ 'e' {f} [g] \u00fc");
        fleet[0].labels.insert("empty", "");
        const QByteArray written = writeFleet(fleet);
        const auto again = parseFleet(written, "written");
        QVERIFY2(again, written.constData());
        std::sort(fleet.begin(), fleet.end(), [](const auto &a, const auto &b) { return a.name < b.name; });
        QCOMPARE(*again, fleet);
        QCOMPARE(writeFleet(*again), written);
    }
    void refuses_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<QString>("key");
        QTest::addColumn<int>("line");
        const auto row = [](const char *name, const QByteArray &text, ErrorCode code, const char *key, int line) {
            QTest::newRow(name) << text << code << QString::fromLatin1(key) << line;
        };
        row("no hosts", "hosts: []\n", ErrorCode::FileEmpty, "hosts", 1);
        row("hosts is null", "hosts: ~\n", ErrorCode::WrongType, "hosts", 1);
        row("hosts is a text", "hosts: berlin\n", ErrorCode::WrongType, "hosts", 1);
        row("not a map", "- a\n", ErrorCode::WrongType, "", 1);
        row("hosts missing", "host: []\n", ErrorCode::MissingKey, "hosts", 1);
        row("unknown key", entry("prot: 22"), ErrorCode::UnknownKey, "hosts[0].prot", 4);
        row("unknown top key", "hosts: [{name: a, address: b}]\nx: 1\n", ErrorCode::UnknownKey, "x", 2);
        row("name missing", "hosts:\n  - address: b\n", ErrorCode::MissingKey, "hosts[0].name", 2);
        row("address missing", "hosts:\n  - name: b\n", ErrorCode::MissingKey, "hosts[0].address", 2);
        for (const char *port : {"022", "0x16", "1e3", "22.0", "\"22\"", "ssh", ".inf", "+22", "[22]", "92233720368547758080"})
            row(qPrintable(QString("[98] port %1").arg(port)), entry(QByteArray("port: ") + port), ErrorCode::WrongType, "hosts[0].port", 4);
        for (const char *port : {"-1", "0", "65536", "999999999999", "9223372036854775808"})
            row(qPrintable(QString("[98] port %1").arg(port)), entry(QByteArray("port: ") + port), ErrorCode::BadValue, "hosts[0].port", 4);
        row("[108] jumps in a circle", "hosts:\n  - {name: a, address: x, jump: b}\n  - {name: b, address: y, jump: a}\n",
            ErrorCode::BadValue, "hosts[0].jump", 2);
        row("jump to itself", entry("jump: a"), ErrorCode::BadValue, "hosts[0].jump", 4);
        row("same name twice", "hosts:\n  - {name: a, address: x}\n  - {name: a, address: y}\n", ErrorCode::DuplicateHost, "hosts[1].name", 3);
        row("relative directory", entry("directory: srv/x"), ErrorCode::BadValue, "hosts[0].directory", 4);
        row("directory climbs", entry("directory: /srv/../etc"), ErrorCode::BadValue, "hosts[0].directory", 4);
        row("root as directory", entry("directory: /"), ErrorCode::BadValue, "hosts[0].directory", 4);
        row("key material", entry("identity: \"-----BEGIN OPENSSH PRIVATE KEY-----\""), ErrorCode::BadValue, "hosts[0].identity", 4);
        row("unknown environment", entry("environment: prod"), ErrorCode::BadValue, "hosts[0].environment", 4);
        row("groups not a list", entry("groups: eu"), ErrorCode::WrongType, "hosts[0].groups", 4);
        row("label not a text", entry("labels: {a: [b]}"), ErrorCode::WrongType, "hosts[0].labels.a", 4);
        row("merge key", entry("labels: {<<: x}"), ErrorCode::BadValue, "hosts[0].labels.<<", 4);
    }
    void refuses()
    {
        QFETCH(QByteArray, text);
        QFETCH(ErrorCode, code);
        QFETCH(QString, key);
        QFETCH(int, line);
        const auto fleet = parseFleet(text, "fleet.yaml");
        QVERIFY(!fleet);
        QCOMPARE(int(fleet.error().code), int(code));
        QCOMPARE(fleet.error().place.key, key);
        QCOMPARE(fleet.error().place.line, line);
        QVERIFY(fleet.error().place.column > 0);
    }
    void namesAndAddressesAreNeverWordsOfAShell_data()
    {
        QTest::addColumn<QString>("text");
        for (const char *text : {"$(touch ./pwned)", "`id`", "; reboot", "&& curl x|sh", "| tee /etc/x", "' ; id #", "\"; id; \"", "\\", "a\nid",
                                 "a\rid", "-rf", "--help", "-oProxyCommand=touch ./pwned", "host;touch${IFS}./pwned", "user@-oX", "${IFS}", "~root",
                                 "*", "!!", "%h %p %%", "", " ", "#comment", "<(id)", "foo=bar cmd", "../../etc/passwd", "/etc/passwd", "..", ".", "a/b",
                                 "web[1-99999999]", "<img src=x onerror=alert(1)>", "=cmd|'/C calc'!A0", "a\x1b[2J", "a b"})
            QTest::newRow(text) << QString::fromUtf8(text);
        QTest::newRow("256 characters") << QString(256, 'a');
        QTest::newRow("200 kB of quotes") << QString(200'000, '\'');
        QTest::newRow("right to left") << QString::fromUtf8("a\u202egpj.exe");
        QTest::newRow("cyrillic a") << QString::fromUtf8("\u0430dmin");
    }
    void namesAndAddressesAreNeverWordsOfAShell()
    {
        QFETCH(QString, text);
        QString escaped;
        for (const QChar c : text)
            escaped += c.unicode() < 0x20 || c == u'"' || c == u'\\' ? QStringLiteral("\\x%1").arg(c.unicode(), 2, 16, QLatin1Char('0')) : QString(c);
        for (const char *key : {"name", "address", "user", "jump", "product", "domain"}) {
            QMap<QString, QString> keys{{"name", "a"}, {"address", "b"}};
            keys.insert(key, escaped);
            QByteArray yaml = "hosts:\n  -\n";
            for (auto it = keys.cbegin(); it != keys.cend(); ++it)
                yaml += "    " + it.key().toUtf8() + ": \"" + it.value().toUtf8() + "\"\n";
            const auto fleet = parseFleet(yaml, "f");
            QVERIFY2(!fleet, key);
            QCOMPARE(int(fleet.error().code), int(ErrorCode::BadValue));
            QCOMPARE(fleet.error().place.key, QStringLiteral("hosts[0].") + QLatin1String(key));
        }
    }
    void takesRealAddresses_data()
    {
        QTest::addColumn<QString>("address");
        for (const char *address : {"127.0.0.1", "::1", "fe80::1", "2001:db8::127.0.0.1", "localhost", "web-1.example.org", "db_1", "10.0.0.1", "a"})
            QTest::newRow(address) << QString::fromLatin1(address);
    }
    void takesRealAddresses()
    {
        QFETCH(QString, address);
        QVERIFY(parseFleet("hosts: [{name: a, address: \"" + address.toUtf8() + "\"}]", "f"));
    }
    void sameMachineUnderTwoNamesIsOneMachine()
    {
        const auto fleet = parseFleet("hosts: [{name: a, address: x}, {name: b, address: x}]", "[109] [OPS-01]");
        QVERIFY(fleet);
        QCOMPARE(fleet->at(0).endpoint.machine(), fleet->at(1).endpoint.machine());
    }
    void readsFilesWithinTheirLimit()
    {
        QTemporaryDir dir;
        const auto write = [&](const QByteArray &bytes) {
            QFile file(dir.filePath("f"));
            if (file.open(QIODevice::WriteOnly))
                file.write(bytes);
            return file.fileName();
        };
        QCOMPARE(*readFileBounded(write("12345"), 5), QByteArray("12345"));
        QCOMPARE(int(readFileBounded(write("123456"), 5).error().code), int(ErrorCode::FileTooLarge));
        QCOMPARE(readFileBounded(write("123456"), 5).error().args, (QStringList{dir.filePath("f"), "6", "5"}));
        QCOMPARE(int(readFileBounded("/dev/zero", 5).error().code), int(ErrorCode::FileTooLarge));
        QCOMPARE(int(readFileBounded(dir.path()).error().code), int(ErrorCode::FileUnreadable));
        QCOMPARE(int(readFileBounded(dir.filePath("absent")).error().code), int(ErrorCode::FileUnreadable));
    }
};

QTEST_GUILESS_MAIN(TestFleetFile)
#include "tst_fleetfile.moc"
