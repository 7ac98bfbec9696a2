// Which way leads to the hosts of an Ansible inventory, what lies beside it, and what no inventory may cost.
#include "importhelp.h"

#include <QTest>
#include <ctime>

using namespace bellwether;

class TestAnsibleWays : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void jumpHosts_data();
    void jumpHosts();
    void aJumpHostOfTheFleetStaysAsItIs();
    void linksAreFollowedWithinTheInventory();
    void tooManyGroupsRefuseTheHost();
    void bigInventoriesAreReadInTime();
};

void TestAnsibleWays::jumpHosts_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QStringList>("hosts");
    QTest::addColumn<int>("skipped");
    const auto row = [](const char *arguments, const QStringList &hosts, int skipped = 0) {
        QTest::newRow(arguments) << "gate ansible_host=10.0.0.1\n[web]\nw\n[web:vars]\nansible_ssh_common_args=" + QByteArray(arguments) + "\n" << hosts << skipped;
    };
    const QString gate = "gate=10.0.0.1:22";
    row("-J gate", {gate, "w=w:22<gate [web]"});
    row("\"-J gate\"", {gate, "w=w:22<gate [web]"});
    row("-Jgate", {gate, "w=w:22<gate [web]"});
    row("-J 10.0.0.1", {gate, "w=w:22<gate [web]"});
    row("-o ProxyJump=gate", {gate, "w=w:22<gate [web]"});
    row("'-oProxyJump=\"gate\"'", {gate, "w=w:22<gate [web]"});
    row("-J ops@bastion.org:2222", {gate, "w=w:22<bastion.org [web]", "bastion.org=ops@bastion.org:2222"});
    row("-J x,gate", {gate, "w=w:22<gate-22 [web]", "x=x:22", "gate-22=gate:22<x"});
    row("-o StrictHostKeyChecking=no -J gate", {gate, "w=w:22<gate [web]"});
    row("-C -q46 -oConnectTimeout=5 -Aqo 'ProxyJump = gate'", {gate, "w=w:22<gate [web]"});
    row("-o 'ProxyJump gate' -oproxyjump=gate", {gate, "w=w:22<gate [web]"});
    row("-o StrictHostKeyChecking=no", {gate, "w=w:22 [web]"});
    row("-J none", {gate, "w=w:22 [web]"});
    row("-o ProxyCommand=none", {gate, "w=w:22 [web]"});
    row("-i /k/id -l ops -o IdentityFile=/k/other -J gate", {gate, "w=w:22<gate [web]"}, 3);
    // a way that is not understood is not "directly"
    row("-o ProxyCommand=\"ssh -W %h:%p gate\"", {gate}, 1);
    row("-oproxycommand=nc", {gate}, 1);
    row("-W gate:22", {gate}, 1);
    row("-F other", {gate}, 1);
    row("-p 2222", {gate}, 1);
    row("-o HostName=10.0.0.9", {gate}, 1);
    row("-J gate -J other", {gate}, 1);
    row("-J gate stray", {gate}, 1);
    row("-J", {gate}, 1);
    row("--jump=gate", {gate}, 1);
    row("-J 'gate", {gate}, 1);
    row("-J {{ gate }}", {gate}, 1);
    row("-J $(id)", {gate}, 1);
    const auto other = [](const char *name, const char *variables, const QStringList &hosts, int skipped = 0) {
        QTest::newRow(name) << "gate\n[web]\nw\n[web:vars]\n" + QByteArray(variables) << hosts << skipped;
    };
    other("ansible_ssh_extra_args", "ansible_ssh_extra_args=-J gate\n", {"gate=gate:22", "w=w:22<gate [web]"});
    other("ansible_ssh_args", "ansible_ssh_args=-o ControlMaster=auto -J gate\nansible_ssh_common_args=-C\n", {"gate=gate:22", "w=w:22<gate [web]"});
    other("two of them differ", "ansible_ssh_args=-J gate\nansible_ssh_common_args=-J other\n", {"gate=gate:22"}, 1);
    other("two of them, one a command", "ansible_ssh_common_args=-J gate\nansible_ssh_extra_args=-o ProxyCommand=nc\n", {"gate=gate:22"}, 1);
    QTest::newRow("through a host that is not taken") << QByteArray("gate ansible_ssh_common_args='-o ProxyCommand=nc'\nw ansible_ssh_common_args='-J gate'\n")
        << QStringList{} << 2;
    QTest::newRow("for all, also itself") << QByteArray("gate\nw\n[all:vars]\nansible_ssh_common_args=-J gate\n") << QStringList{"gate=gate:22", "w=w:22<gate"} << 0;
}

void TestAnsibleWays::jumpHosts()
{
    QFETCH(QByteArray, text);
    QFETCH(QStringList, hosts);
    QFETCH(int, skipped);
    const auto import = importAnsible(text, "inv", ImportHome().files());
    QVERIFY(import.has_value());
    QCOMPARE(shortTexts(*import), hosts);
    QCOMPARE(import->skipped.size(), skipped);
}

void TestAnsibleWays::aJumpHostOfTheFleetStaysAsItIs()
{
    Inventory fleet;
    Installation bastion;
    bastion.name = "bastion";
    bastion.endpoint = {"10.0.0.9", 2222, "gate", {}, {}};
    fleet.installations = {bastion};
    const auto take = [&](const QByteArray &way) {
        const auto import = importAnsible("w ansible_ssh_common_args='-J " + way + "'\n", "inv", ImportHome().files());
        return import ? differenceOf(fleet, {*import}) : InventoryDifference();
    };
    const InventoryDifference plain = take("bastion");
    QCOMPARE(plain.unchanged, QStringList("bastion"));
    QCOMPARE(plain.changed.size(), 0);
    QCOMPARE(plain.added.size(), 1);
    QCOMPARE(plain.added.first().endpoint.jump, QString("bastion"));
    const InventoryDifference port = take("bastion:2200"); // what is said is a change
    QCOMPARE(port.changed.size(), 1);
    QCOMPARE(port.changed.first().host.endpoint, (Endpoint{"10.0.0.9", 2200, "gate", {}, {}}));

    bastion.name = "bastion-22"; // a name of our making means a certain machine
    fleet.installations.append(bastion);
    const auto import = importAnsible("bastion ansible_user=other\nw ansible_ssh_common_args='-J ops@bastion'\n", "inv", ImportHome().files());
    QVERIFY(import.has_value());
    const InventoryDifference made = differenceOf(fleet, {*import});
    QVERIFY(!made.changed.isEmpty());
    QCOMPARE(made.changed.last().host.name, QString("bastion-22"));
    QCOMPARE(made.changed.last().host.endpoint, (Endpoint{"bastion", 22, "ops", {}, {}}));
}

void TestAnsibleWays::linksAreFollowedWithinTheInventory()
{
    ImportHome home;
    QTemporaryDir elsewhere;
    QFile outside(elsewhere.filePath("x.yml"));
    QVERIFY(outside.open(QIODevice::WriteOnly));
    outside.write("ansible_port: 1\n");
    outside.close();
    const QString file = home.write("inventory/hosts", "[prod]\nh\n[test]\ni\n");
    home.write("inventory/shared/ssh.yml", "ansible_port: 2222\n");
    home.write("inventory/group_vars/prod/a.yml", "ansible_user: ops\n");
    home.write("inventory/group_vars/prod/more/b.yml", "ansible_port: 3\n");
    QVERIFY(QFile::link("../../shared/ssh.yml", home.path("inventory/group_vars/prod/ssh.yml")));
    QVERIFY(QFile::link("../..", home.path("inventory/group_vars/prod/round"))); // holds itself, and other files
    QVERIFY(QFile::link(outside.fileName(), home.path("inventory/group_vars/prod/z.yml")));
    QVERIFY(QFile::link(elsewhere.path(), home.path("inventory/group_vars/test"))); // a folder that is elsewhere as a whole
    const auto import = importAnsible("[prod]\nh\n[test]\ni\n", file, home.files());
    QVERIFY(import.has_value());
    QCOMPARE(shortTexts(*import), (QStringList{"h=ops@h:2222 [prod]", "i=i:1 [test]"}));
    QStringList skipped;
    for (const Skipped &s : import->skipped)
        skipped.append(s.what);
    QVERIFY2(skipped.contains("z.yml"), qPrintable(skipped.join(u' ')));

    ImportHome many;
    const QString other = many.write("hosts", "h\n");
    for (int i = 0; i < 300; ++i)
        many.write(QString("host_vars/h/%1.yml").arg(i, 3, 10, QLatin1Char('0')), "ansible_port: " + QByteArray::number(i + 1) + "\n");
    const auto cut = importAnsible("h\n", other, many.files());
    QVERIFY(cut.has_value());
    QCOMPARE(cut->skipped.size(), 300 - 256);
    QCOMPARE(shortTexts(*cut), QStringList("h=h:256")); // the first by name, on any disk
}

void TestAnsibleWays::tooManyGroupsRefuseTheHost()
{
    QByteArray text = "lone\n";
    for (int i = 0; i < 101; ++i)
        text += "[g" + QByteArray::number(i) + "]\nh\n" + (i > 0 ? "k\n" : "");
    const auto import = importAnsible(text, "inv", ImportHome().files());
    QVERIFY(import.has_value());
    QCOMPARE(import->hosts.size(), 2);
    QCOMPARE(import->hosts.last().host.groups.size(), 100);
    QCOMPARE(skippedTexts(import->skipped), QStringList("3: h"));
}

void TestAnsibleWays::bigInventoriesAreReadInTime()
{
    QByteArray chain, flat = "[a]\n";
    for (int i = 0; i < 1900; ++i)
        chain += "[g" + QByteArray::number(i) + ":children]\ng" + QByteArray::number(i + 1) + "\n";
    chain += "[g1900]\nh[1:200]\n";
    for (int i = 0; flat.size() < (1 << 20) - 32; ++i)
        flat += "host" + QByteArray::number(i) + " x=y\n";
    QByteArray everywhere; // a thousand groups, each host in a hundred of them and below 900 others
    for (int i = 0; i < 100; ++i)
        everywhere += "[g" + QByteArray::number(i) + "]\nw[1:2000]\n[g" + QByteArray::number(i) + ":vars]\nansible_port=1\n[p" + QByteArray::number(i % 9 + 1) + ":children]\ng" + QByteArray::number(i) + "\n";
    const QByteArray longName = "h[0:9999]" + QByteArray(1'000'000, 'x') + "\n";
    const QByteArray again = QByteArray("[a]\n") + QByteArray("w[1:10000]\n").repeated(90'000);
    const QByteArray longValue = "w[1:10000]\n[all:vars]\nansible_ssh_common_args=-o " + QByteArray(1'000'000, 'x') + "\n";
    const QByteArray twice = "[a]\nw[1:6000]\n[b]\nw[1:6000]\n";
    for (const QByteArray &text : {chain, flat, everywhere, longName, again, longValue, twice, QByteArray("w[1:10000]\n[all:vars]\nansible_ssh_common_args=-J w5\n")}) {
        const std::clock_t before = std::clock(); // the machine may be busy with others
        const auto import = importAnsible(text, "inv", ImportHome().files());
        const auto ms = (std::clock() - before) * 1000 / CLOCKS_PER_SEC;
        QCOMPARE(import.has_value(), text != again); // names hosts 900 million times
        QVERIFY(!import || import->hosts.size() <= kMostImportedHosts);
        QVERIFY2(ms < 20'000, qPrintable(QString::number(ms) + QString::fromUtf8(text.left(40))));
        if (text == twice)
            QCOMPARE(import->hosts.size(), 6000);
    }
}

QTEST_GUILESS_MAIN(TestAnsibleWays)
#include "tst_ansibleways.moc"
