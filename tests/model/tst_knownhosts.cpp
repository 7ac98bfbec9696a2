// known_hosts files: keys of machines of the inventory, and no others. Names are hashed by ssh-keygen itself. [S1]
#include "importhelp.h"

#include "config/knownhosts.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QTest>

using namespace bellwether;

class TestKnownHosts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void names_data();
    void names();
    void namesHashedBySshKeygen();
    void theBestTypeIsTaken();
    void oneNameBehindTwoJumpHosts_data();
    void oneNameBehindTwoJumpHosts();
    void fingerprints_data();
    void fingerprints();
    void fingerprintsBySshKeygen();
    void fingerprintsMeetTheSameRules();
    void whatIsTrustedStays();
    void revokedKeysAreRemembered();
    void whatIsNotTakenIsListed_data();
    void whatIsNotTakenIsListed();
    void hostileFiles_data();
    void hostileFiles();
    void bigFilesAreReadInTime();

private:
    KeyImport read(const QByteArray &text, const QMap<QString, QString> &trusted = {}, const QStringList &revoked = {}) const
    {
        return importKnownHosts(text, "known_hosts", m_inventory, trusted, revoked).value_or(KeyImport{});
    }
    QByteArray line(const QByteArray &names, const QString &type = "ed25519") const { return names + ' ' + m_keys[type] + '\n'; }

    ImportHome m_home;
    QMap<QString, QByteArray> m_keys; // "type base64", by name of the file
    QMap<QString, QString> m_fingerprints;
    Inventory m_inventory;
};

namespace {

QByteArray run(const QStringList &command)
{
    QProcess process;
    process.start(command.first(), command.mid(1));
    return process.waitForFinished(60'000) && process.exitCode() == 0 ? process.readAllStandardOutput() : QByteArray();
}

QStringList machines(const QList<MachineKey> &keys)
{
    QStringList names;
    for (const MachineKey &key : keys)
        names.append(key.machine);
    return names;
}

} // namespace

void TestKnownHosts::initTestCase()
{
    for (const QString name : {"ed25519", "other", "ecdsa", "rsa"}) {
        run({"ssh-keygen", "-q", "-t", name == "other" ? "ed25519" : name, "-N", "", "-C", "", "-f", m_home.path(name)});
        QFile file(m_home.path(name + ".pub"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        m_keys.insert(name, file.readAll().trimmed());
        m_fingerprints.insert(name, QString::fromUtf8(run({"ssh-keygen", "-lf", m_home.path(name + ".pub")})).section(u' ', 1, 1));
    }
    for (const auto &[name, address, port] : {std::tuple{"a", "a.example.org", 22}, {"b", "10.0.0.2", 2222}, {"c", "c.example.org", 22}, {"six", "2001:db8::7", 22}}) {
        Installation host;
        host.name = name;
        host.endpoint.address = address;
        host.endpoint.port = port;
        m_inventory.put(host);
    }
}

void TestKnownHosts::names_data()
{
    QTest::addColumn<QByteArray>("names");
    QTest::addColumn<QStringList>("expected");
    const auto row = [](const char *names, const QStringList &expected) { QTest::newRow(names) << QByteArray(names) << expected; };
    const QString a = "a.example.org:22", b = "10.0.0.2:2222", c = "c.example.org:22";
    row("a.example.org", {a});
    row("A.Example.Org", {a});
    row("a.example.org,1.2.3.4", {a});
    row("[10.0.0.2]:2222", {b});
    row("10.0.0.2", {});          // another port is another server
    row("[a.example.org]:2222", {});
    row("*.example.org", {a, c});
    row("?.example.org,!c.example.org", {a});
    row("!c.example.org,*", {b, "2001:db8::7:22", a});
    row("*", {b, "2001:db8::7:22", a, c});
    row("2001:db8::7", {"2001:db8::7:22"});
    row("stranger.example.org", {});
    row("a.example.or", {});
}

void TestKnownHosts::names()
{
    QFETCH(QByteArray, names);
    QFETCH(QStringList, expected);
    const KeyImport keys = read(line(names));
    QCOMPARE(machines(keys.trust), expected);
    QCOMPARE(keys.strangers, expected.isEmpty() ? 1 : 0);
    for (const MachineKey &key : keys.trust) {
        QCOMPARE(key.fingerprint, m_fingerprints["ed25519"]);
        QCOMPARE(key.keyType, QString("ssh-ed25519"));
        QCOMPARE(key.where, QString("known_hosts:1"));
    }
}

void TestKnownHosts::namesHashedBySshKeygen()
{
    const QString file = m_home.write("plain", line("a.example.org") + line("[10.0.0.2]:2222", "ecdsa") + line("stranger", "rsa"));
    run({"ssh-keygen", "-q", "-H", "-f", file});
    QFile hashed(file);
    QVERIFY(hashed.open(QIODevice::ReadOnly));
    const QByteArray text = hashed.readAll();
    QCOMPARE(text.count("|1|"), 3);
    QVERIFY(!text.contains("example"));
    const KeyImport keys = read(text);
    QCOMPARE(machines(keys.trust), (QStringList{"10.0.0.2:2222", "a.example.org:22"}));
    QCOMPARE(keys.trust[0].fingerprint, m_fingerprints["ecdsa"]);
    QCOMPARE(keys.trust[0].keyType, QString("ecdsa-sha2-nistp256"));
    QCOMPARE(keys.strangers, 1);
}

void TestKnownHosts::theBestTypeIsTaken()
{
    const KeyImport keys = read(line("a.example.org", "rsa") + line("a.example.org", "ecdsa") + line("a.example.org") + line("c.example.org", "rsa"));
    QCOMPARE(machines(keys.trust), (QStringList{"a.example.org:22", "c.example.org:22"}));
    QCOMPARE(keys.trust[0].keyType, QString("ssh-ed25519"));
    QCOMPARE(keys.trust[1].keyType, QString("ssh-rsa"));
    // two of one type: which is the right one is not for us to say
    const KeyImport two = read(line("a.example.org") + line("a.example.org", "other"));
    QVERIFY(two.trust.isEmpty());
    QCOMPARE(skippedTexts(two.skipped), QStringList{"1: a.example.org:22"});
}

void TestKnownHosts::oneNameBehindTwoJumpHosts_data()
{
    QTest::addColumn<QStringList>("jumps"); // to 10.0.0.5, port 22
    QTest::addColumn<QStringList>("trusted");
    QTest::newRow("directly") << QStringList{""} << QStringList{"10.0.0.5:22"};
    QTest::newRow("behind one") << QStringList{"gate"} << QStringList{"10.0.0.5:22 via gate"};
    QTest::newRow("twice behind the same one") << QStringList{"gate", "gate"} << QStringList{"10.0.0.5:22 via gate"};
    QTest::newRow("behind two") << QStringList{"gate", "door"} << QStringList{};
    QTest::newRow("directly and behind one") << QStringList{"", "gate"} << QStringList{};
}

void TestKnownHosts::oneNameBehindTwoJumpHosts()
{
    // [S1] Two machines, two keys to trust: a line that names both is nobody's.
    QFETCH(QStringList, jumps);
    QFETCH(QStringList, trusted);
    Inventory inventory = m_inventory;
    QStringList there;
    for (const QString &jump : jumps) {
        Installation host;
        host.name = QStringLiteral("inner%1").arg(there.size());
        host.endpoint.address = QStringLiteral("10.0.0.5");
        host.endpoint.port = 22;
        host.endpoint.jump = jump;
        inventory.put(host);
        there.append(host.endpoint.machine());
    }
    const QString file = m_home.write("hashed5", line("10.0.0.5"));
    run({"ssh-keygen", "-q", "-H", "-f", file});
    QFile hashed(file);
    QVERIFY(hashed.open(QIODevice::ReadOnly));
    for (const QByteArray &text : {line("10.0.0.5"), hashed.readAll(), line("10.0.*"), line("other.example.org,10.0.0.5")}) {
        const auto read = [&](const QMap<QString, QString> &known, const QStringList &revoked = {}) {
            return importKnownHosts(text + line("a.example.org", "other"), "known_hosts", inventory, known, revoked).value_or(KeyImport{});
        };
        const KeyImport keys = read({});
        QCOMPARE(machines(keys.trust), trusted + QStringList{"a.example.org:22"}); // its neighbours are not kept waiting
        QCOMPARE(keys.strangers, 0);
        QCOMPARE(keys.skipped.size(), trusted.isEmpty() ? 1 : 0);
        if (!trusted.isEmpty())
            continue;
        QCOMPARE(keys.skipped[0].where, QString("known_hosts:1"));
        QCOMPARE(keys.skipped[0].what, QString("10.0.0.5"));
        for (const QString &part : there + QStringList{"--fingerprint " + m_fingerprints["ed25519"]})
            QVERIFY2(keys.skipped[0].why.contains(part), qPrintable(keys.skipped[0].why));
        // Trusted by hand for one of them, it is no news; and one that differs from both is none for the table of conflicts.
        const KeyImport later = read({{there[1], m_fingerprints["ed25519"]}});
        QVERIFY(later.skipped.isEmpty() && later.conflicts.isEmpty());
        QCOMPARE(later.unchanged, 1);
        const KeyImport other = read({{there[0], m_fingerprints["rsa"]}, {there[1], m_fingerprints["ecdsa"]}});
        QVERIFY(other.skipped.size() == 1 && other.conflicts.isEmpty());
        QVERIFY(read({}, {m_fingerprints["ed25519"]}).skipped[0].why.contains("revoked"));
    }
}

void TestKnownHosts::fingerprints_data()
{
    QTest::addColumn<QByteArray>("text"); // FP stands for a fingerprint
    QTest::addColumn<QString>("machine"); // empty: nothing is taken
    QTest::addColumn<QString>("type");
    QTest::addColumn<QString>("place"); // of what is skipped; empty: nothing is
    const auto row = [](const char *text, const char *machine, const char *type = "", const char *place = "") { QTest::newRow(text) << QByteArray(text) << machine << type << place; };
    const char *const a = "a.example.org:22", *const b = "10.0.0.2:2222", *const six = "2001:db8::7:22", *const ed = "ssh-ed25519";
    row("a FP", a);
    row("  b\t FP  ", b);
    row("a.example.org FP", a);
    row("A.Example.Org:22 FP", a);
    row("10.0.0.2:2222 FP", b);
    row("[10.0.0.2]:2222 FP", b);
    row("2001:db8::7 FP", six);
    row("[2001:db8::7]:22 FP", six);
    row("256 FP a.example.org (ED25519)", a, ed);
    row("256 FP a (ED25519)", a, ed);
    row("256 FP a.example.org,1.2.3.4 (ED25519)", a, ed);
    row("384 FP [10.0.0.2]:2222 (ECDSA)", b, "ecdsa-sha2-nistp384");
    row("3072 FP b (RSA)", b, "ssh-rsa");
    row("256 FP stranger (ED25519)", "");
    row("10.0.0.2 FP", "", "", "1"); // another port
    row("nobody FP", "", "", "1");
    row("256 FP no comment (ED25519)", "", "", "1");
    row("256 FP root@a (ED25519)", "", "", "1");
    row("1024 FP a (DSA)", "", "", "1:59");
    row("a FP more", "", "", "1:54");
    row("a FP=", "", "", "1:3");
    row(" a  SHA256:short", "", "", "1:5");
    row("a MD5:00:11:22", "", "", "1:3");
    row("a FP (ED25519)", "", "", "1:54");
}

void TestKnownHosts::fingerprints()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, machine);
    QFETCH(QString, type);
    QFETCH(QString, place);
    const KeyImport keys = read(text.replace("FP", m_fingerprints["ed25519"].toUtf8()) + "\n");
    QCOMPARE(machines(keys.trust), machine.isEmpty() ? QStringList() : QStringList{machine});
    for (const MachineKey &key : keys.trust) {
        QCOMPARE(key.fingerprint, m_fingerprints["ed25519"]);
        QCOMPARE(key.keyType, type);
    }
    QCOMPARE(keys.skipped.size(), place.isEmpty() ? 0 : 1);
    if (!place.isEmpty())
        QCOMPARE(keys.skipped[0].where, "known_hosts:" + place);
    QCOMPARE(keys.strangers, machine.isEmpty() && place.isEmpty() ? 1 : 0);
}

void TestKnownHosts::fingerprintsBySshKeygen()
{
    const QString file = m_home.write("printed", line("a.example.org") + line("[10.0.0.2]:2222", "ecdsa") + line("stranger", "rsa"));
    for (const bool hashed : {false, true}) {
        if (hashed)
            run({"ssh-keygen", "-q", "-H", "-f", file});
        const QByteArray text = run({"ssh-keygen", "-lf", file});
        QCOMPARE(text.count('\n'), 3);
        const KeyImport keys = read(text);
        QCOMPARE(machines(keys.trust), (QStringList{"10.0.0.2:2222", "a.example.org:22"}));
        QCOMPARE(keys.trust[0].fingerprint, m_fingerprints["ecdsa"]);
        QCOMPARE(keys.trust[0].keyType, QString("ecdsa-sha2-nistp256"));
        QCOMPARE(keys.trust[1].fingerprint, m_fingerprints["ed25519"]);
        QCOMPARE(keys.strangers, 1);
        QVERIFY(keys.skipped.isEmpty());
    }
}

void TestKnownHosts::fingerprintsMeetTheSameRules()
{
    // [S1] A changed key is a conflict, a revoked one is nobody's, and one name is one machine.
    const QString ed = m_fingerprints["ed25519"], other = m_fingerprints["other"];
    const QByteArray text = "a " + ed.toUtf8() + "\n";
    const KeyImport changed = read(text, {{"a.example.org:22", other}});
    QVERIFY(changed.trust.isEmpty());
    QCOMPARE(changed.conflicts.size(), 1);
    QCOMPARE(changed.conflicts[0].trusted, other);
    QCOMPARE(read(text, {{"a.example.org:22", ed}}).unchanged, 1);
    QVERIFY(read(text, {}, {ed}).trust.isEmpty());
    QVERIFY(read(text + "@revoked * " + m_keys["ed25519"] + "\n").trust.isEmpty());
    QVERIFY(read(text + "a " + other.toUtf8() + "\n").trust.isEmpty()); // which of the two
    for (const QByteArray &both : {text + line("a.example.org"), line("a.example.org") + text}) { // said twice, once with its type
        const KeyImport keys = read(both);
        QCOMPARE(machines(keys.trust), QStringList{"a.example.org:22"});
        QCOMPARE(keys.trust[0].keyType, QString("ssh-ed25519"));
    }
    Inventory inventory = m_inventory;
    for (const char *jump : {"gate", "door"}) {
        Installation host;
        host.name = QStringLiteral("inner-") + QLatin1String(jump);
        host.endpoint.address = QStringLiteral("10.0.0.5");
        host.endpoint.port = 22;
        host.endpoint.jump = QLatin1String(jump);
        inventory.put(host);
    }
    const auto readThere = [&](const QByteArray &what) { return importKnownHosts(what, "known_hosts", inventory, {}, {}).value_or(KeyImport{}); };
    QCOMPARE(machines(readThere("inner-door " + ed.toUtf8()).trust), QStringList{"10.0.0.5:22 via door"});
    for (const QByteArray &shared : {"10.0.0.5 " + ed.toUtf8(), "256 " + ed.toUtf8() + " 10.0.0.5 (ED25519)", "256 " + ed.toUtf8() + " x,10.0.0.5 (ED25519)"}) {
        const KeyImport keys = readThere(shared);
        QVERIFY2(keys.trust.isEmpty() && keys.skipped.size() == 1, shared.constData());
    }
}

void TestKnownHosts::whatIsTrustedStays()
{
    const QMap<QString, QString> trusted{{"a.example.org:22", m_fingerprints["ed25519"]}};
    const KeyImport same = read(line("a.example.org") + line("a.example.org", "rsa"), trusted);
    QVERIFY(same.trust.isEmpty() && same.conflicts.isEmpty());
    QCOMPARE(same.unchanged, 1);
    for (const char *type : {"other", "rsa"}) { // another key, and one of another type
        const KeyImport keys = read(line("a.example.org", type) + line("c.example.org"), trusted);
        QCOMPARE(machines(keys.trust), QStringList{"c.example.org:22"}); // the new one does not hide the changed one
        QCOMPARE(keys.conflicts.size(), 1);
        QCOMPARE(keys.conflicts[0].key.fingerprint, m_fingerprints[type]);
        QCOMPARE(keys.conflicts[0].trusted, m_fingerprints["ed25519"]);
    }
}

void TestKnownHosts::revokedKeysAreRemembered()
{
    const KeyImport keys = read("@revoked * " + m_keys["ed25519"] + "\n" + line("a.example.org") + line("c.example.org", "other"));
    QCOMPARE(machines(keys.trust), QStringList{"c.example.org:22"});
    QCOMPARE(keys.revoke.size(), 1);
    QCOMPARE(keys.revoke[0].fingerprint, m_fingerprints["ed25519"]);
    QCOMPARE(keys.skipped.size(), 1);
    // also behind the line that would trust it, for nobody's machine, and from an earlier import
    QVERIFY(read(line("a.example.org") + "@revoked nobody.org " + m_keys["ed25519"] + "\n").trust.isEmpty());
    const KeyImport again = read("@revoked * " + m_keys["ed25519"] + "\n" + line("a.example.org"), {}, {m_fingerprints["ed25519"]});
    QVERIFY(again.trust.isEmpty() && again.revoke.isEmpty());
}

void TestKnownHosts::whatIsNotTakenIsListed_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("skipped");
    QTest::newRow("comments and blanks") << QByteArray("# x\n\n  \n") << 0;
    QTest::newRow("authority") << QByteArray("@cert-authority *.example.org ") + m_keys["ed25519"] + "\n" << 1;
    QTest::newRow("unknown mark") << QByteArray("@trusted a.example.org ") + m_keys["ed25519"] + "\n" << 1;
    QTest::newRow("no key") << QByteArray("a.example.org ssh-ed25519\n") << 1;
    QTest::newRow("rubbish") << QByteArray("a.example.org ssh-ed25519 !!!!\n") << 1;
    QTest::newRow("short key") << QByteArray("a.example.org ssh-ed25519 AAAA\n") << 1;
    QTest::newRow("says another type than it is") << "a.example.org ssh-rsa " + m_keys["ed25519"].split(' ')[1] + "\n" << 1;
    QTest::newRow("old format") << QByteArray("a.example.org 1024 35 1234567890\n") << 1;
}

void TestKnownHosts::whatIsNotTakenIsListed()
{
    QFETCH(QByteArray, text);
    QFETCH(int, skipped);
    const KeyImport keys = read(text);
    QVERIFY(keys.trust.isEmpty() && keys.revoke.isEmpty());
    QCOMPARE(keys.skipped.size(), skipped);
}

void TestKnownHosts::hostileFiles_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("salt of nothing") << QByteArray("|1||AAAAAAAAAAAAAAAAAAAAAAAAAAA= ") + m_keys["ed25519"] + "\n";
    QTest::newRow("hash of nothing") << QByteArray("|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA=| ") + m_keys["ed25519"] + "\n";
    QTest::newRow("other version") << QByteArray("|2|AAAA|AAAA ") + m_keys["ed25519"] + "\n";
    QTest::newRow("bars") << QByteArray(10'000, '|') + ' ' + m_keys["ed25519"] + "\n";
    QTest::newRow("commas") << QByteArray(10'000, ',') + ' ' + m_keys["ed25519"] + "\n";
    QTest::newRow("stars") << QByteArray("*a").repeated(10'000) + "b " + m_keys["ed25519"] + "\n";
    QTest::newRow("length of 4 GiB") << QByteArray("a.example.org ssh-ed25519 /////w==\n");
}

void TestKnownHosts::hostileFiles()
{
    QFETCH(QByteArray, text);
    QVERIFY(read(text).trust.isEmpty());
}

void TestKnownHosts::bigFilesAreReadInTime()
{
    QByteArray text;
    for (int i = 0; text.size() < (1 << 20) - 512; ++i)
        text += "|1|" + QByteArray::number(i).rightJustified(20, 'x').toBase64() + "|" + QByteArray(20, 'y').toBase64() + " " + m_keys["ed25519"] + "\n";
    QElapsedTimer timer;
    timer.start();
    QVERIFY(read(text).strangers > 5'000);
    QVERIFY(timer.elapsed() < 60'000);
    QVERIFY(!importKnownHosts("", "f", m_inventory, {}, {}).has_value());
    QVERIFY(!importKnownHosts(QByteArray(10, '\0'), "f", m_inventory, {}, {}).has_value());
}

QTEST_GUILESS_MAIN(TestKnownHosts)
#include "tst_knownhosts.moc"
