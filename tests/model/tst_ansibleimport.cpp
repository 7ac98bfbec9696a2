// Ansible inventories, both ways of writing them. ansible-inventory is asked about the same files, once about all of them.
// [corpus 93-108]
#include "importhelp.h"

#include <QJsonDocument>
#include <QProcess>
#include <QStandardPaths>
#include <QTest>

using namespace bellwether;

namespace {

// One row that is compared with Ansible: an inventory and the files beside it, as name|text.
struct Case {
    QByteArray name, text;
    QStringList hosts, files;
    QString path;
    QByteArray said; // by ansible-inventory
};

// What `ansible-inventory --list` prints, of Ansible's own code, for each inventory in a process of its own; loading that
// code is what takes time, and it is loaded once.
QString askAnsible(const ImportHome &home, const QList<Case *> &cases)
{
    QFile script(QStandardPaths::findExecutable(QStringLiteral("ansible-inventory")));
    if (!script.open(QIODevice::ReadOnly))
        return QStringLiteral("ansible-inventory is not installed");
    const QString python = QString::fromUtf8(script.readLine().mid(2)).trimmed();
    const char *asking = "import os, sys\n"
                         "from ansible.cli.inventory import InventoryCLI\n"
                         "for inventory in sys.argv[1:]:\n"
                         "    pid = os.fork()\n"
                         "    if pid == 0:\n"
                         "        os.dup2(os.open(inventory + '.said', os.O_WRONLY | os.O_CREAT, 0o600), 1)\n"
                         "        code = 1\n"
                         "        try:\n"
                         "            InventoryCLI(['ansible-inventory', '-i', inventory, '--list']).run()\n"
                         "        except SystemExit as end:\n"
                         "            code = end.code\n"
                         "        sys.stdout.flush()\n"
                         "        os._exit(code or 0)\n"
                         "    if os.waitpid(pid, 0)[1] != 0:\n"
                         "        sys.exit(inventory)\n";
    QProcess ansible;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("ANSIBLE_LOCALHOST_WARNING"), QStringLiteral("0"));
    environment.insert(QStringLiteral("ANSIBLE_CONFIG"), home.write(QStringLiteral("ansible.cfg"), "[defaults]\n"));
    environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C.UTF-8"));
    environment.insert(QStringLiteral("ANSIBLE_HOME"), home.path(QStringLiteral("ansible"))); // not the home of whoever runs the tests
    ansible.setProcessEnvironment(environment);
    QStringList arguments{QStringLiteral("-c"), QString::fromLatin1(asking)};
    for (const Case *one : cases)
        arguments.append(one->path);
    ansible.start(python, arguments);
    if (!ansible.waitForFinished(120'000) || ansible.exitCode() != 0)
        return QStringLiteral("failed: ") + QString::fromUtf8(ansible.readAllStandardError());
    for (Case *one : cases) {
        QFile said(one->path + QStringLiteral(".said"));
        if (said.open(QIODevice::ReadOnly))
            one->said = said.readAll();
    }
    return {};
}

// name=user@address:port as Ansible would connect, for all hosts that it lists.
QStringList asAnsible(const QByteArray &said)
{
    const QJsonObject all = QJsonDocument::fromJson(said).object();
    const QJsonObject vars = all.value(QLatin1String("_meta")).toObject().value(QLatin1String("hostvars")).toObject();
    QSet<QString> names;
    QMap<QString, QStringList> direct, children;
    for (auto it = all.begin(); it != all.end(); ++it) {
        for (const QJsonValue host : it->toObject().value(QLatin1String("hosts")).toArray()) {
            names.insert(host.toString());
            direct[host.toString()].append(it.key());
        }
        for (const QJsonValue child : it->toObject().value(QLatin1String("children")).toArray())
            children[child.toString()].append(it.key());
    }
    QStringList hosts;
    for (const QString &name : names) {
        const QJsonObject v = vars.value(name).toObject();
        const auto text = [&v](const char *newName, const char *oldName) { // as its ssh plugin: the old name wins
            const QJsonValue old = v.value(QLatin1String(oldName));
            return (old.isUndefined() ? v.value(QLatin1String(newName)) : old).toVariant().toString();
        };
        const QString user = text("ansible_user", "ansible_ssh_user"), address = text("ansible_host", "ansible_ssh_host"), port = text("ansible_port", "ansible_ssh_port");
        QSet<QString> groups;
        for (QStringList ahead = direct[name]; !ahead.isEmpty();) {
            const QString group = ahead.takeLast();
            if (group != QLatin1String("all") && group != QLatin1String("ungrouped"))
                groups.insert(group);
            ahead += children[group];
        }
        QStringList sorted(groups.begin(), groups.end());
        sorted.sort();
        hosts.append(QStringLiteral("%1=%2%3:%4 %5").arg(name, user.isEmpty() ? QString() : user + u'@', address.isEmpty() ? name : address, port.isEmpty() ? QStringLiteral("22") : port, sorted.join(u',')));
    }
    hosts.sort();
    return hosts;
}

QStringList likeAnsible(const Import &import)
{
    QStringList hosts;
    for (const ImportedHost &imported : import.hosts) {
        const Installation &h = imported.host;
        QStringList groups = h.groups;
        groups.sort();
        hosts.append(QStringLiteral("%1=%2%3 %4").arg(h.name, h.endpoint.user.isEmpty() ? QString() : h.endpoint.user + u'@', h.endpoint.address + u':' + QString::number(h.endpoint.port), groups.join(u',')));
    }
    hosts.sort();
    return hosts;
}

QList<Case> plainCases();
QList<Case> casesWithFiles();

} // namespace

class TestAnsibleImport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void inventories_data();
    void inventories();
    void variablesBesideTheInventory_data();
    void variablesBesideTheInventory();
    void whatIsNotTakenIsListed_data();
    void whatIsNotTakenIsListed();
    void secretsAreNotRepeated();
    void brokenFilesSayWhere_data();
    void brokenFilesSayWhere();

private:
    static void rows(const QList<Case> &cases);
    ImportHome m_home;
    int m_folders = 0;
    QList<Case> m_plain = plainCases(), m_withFiles = casesWithFiles();
};

namespace {
QList<Case> plainCases()
{
    QList<Case> cases;
    const auto row = [&cases](const char *name, const char *text, const QStringList &hosts) { cases.append({name, text, hosts, {}, {}, {}}); };
    row("ini: hosts and groups", "lone\n[web]\nw1\nw2 ansible_host=10.0.0.2 ansible_user=ops\n[db]\nd1 ansible_port=2222\n",
        {"lone=lone:22", "w1=w1:22 [web]", "w2=ops@10.0.0.2:22 [web]", "d1=d1:2222 [db]"});
    row("ini: children and vars", "[web]\nw1\n[db]\nd1\n[eu:children]\nweb\ndb\n[eu:vars]\nansible_user=eu\n[db:vars]\nansible_user = dba\n",
        {"w1=eu@w1:22 [eu,web]", "d1=dba@d1:22 [eu,db]"});
    row("ini: all:vars", "[all:vars]\nansible_user=everybody\n[web]\nw1\nw2 ansible_user=me\n", {"w1=everybody@w1:22 [web]", "w2=me@w2:22 [web]"});
    row("ini: deeper beats higher, later name beats earlier", "[a]\nh\n[b]\nh\n[p:children]\na\n[p:vars]\nansible_user=p\n[b:vars]\nansible_user=b\n[a:vars]\nansible_port=1\n[p:vars]\nansible_port=3\n",
        {"h=p@h:1 [b,p,a]"});
    row("ini: ranges", "[web]\nweb[01:03].org\n[db]\ndb-[a:c]\n", {"web01.org=web01.org:22 [web]", "web02.org=web02.org:22 [web]", "web03.org=web03.org:22 [web]",
                                                                   "db-a=db-a:22 [db]", "db-b=db-b:22 [db]", "db-c=db-c:22 [db]"});
    row("ini: step, two ranges", "w[1:5:2]\nr[1:2][a:b]\n", {"w1=w1:22", "w3=w3:22", "w5=w5:22", "r1a=r1a:22", "r1b=r1b:22", "r2a=r2a:22", "r2b=r2b:22"});
    row("ini: range with a port", "w[1:2]:2200\n", {"w1=w1:2200", "w2=w2:2200"});
    row("ini: quotes and comments", "[web] # c\n; c\n# c\nh ansible_user=\"ops\" ansible_host='10.0.0.1' # c\n[web:vars]\nansible_port=\"7\"\n", {"h=ops@10.0.0.1:7 [web]"});
    row("ini: host twice", "[a]\nh ansible_user=x\n[b]\nh ansible_port=5\n", {"h=x@h:5 [a,b]"});
    row("ini: group before its children", "[eu:children]\nweb\n[web]\nw1\n", {"w1=w1:22 [eu,web]"});
    row("ini: IPv6", "h ansible_host=2001:db8::7\n", {"h=2001:db8::7:22"});
    row("yaml: all of it", "all:\n  hosts:\n    lone:\n  vars:\n    ansible_user: everybody\n  children:\n    web:\n      hosts:\n        w1:\n        w2: {ansible_host: 10.0.0.2, ansible_port: 2222}\n"
                           "      vars:\n        ansible_user: web\n    eu:\n      children:\n        web:\n",
        {"lone=everybody@lone:22", "w1=web@w1:22 [eu,web]", "w2=web@10.0.0.2:2222 [eu,web]"});
    row("yaml: ranges", "web:\n  hosts:\n    w[01:02]:\n      ansible_user: u\n", {"w01=u@w01:22 [web]", "w02=u@w02:22 [web]"});
    row("yaml: nested children", "a:\n  children:\n    b:\n      children:\n        c:\n          hosts:\n            h:\n          vars: {ansible_user: c}\n      vars: {ansible_user: b, ansible_port: 5}\n",
        {"h=c@h:5 [a,b,c]"});
    row("ini: old names", "h ansible_ssh_host=10.0.0.5 ansible_ssh_port=2222 ansible_ssh_user=ops ansible_private_key_file=/k/id\n", {"h=ops@10.0.0.5:2222 /k/id"});
    row("ini: the old name wins", "[a]\nh ansible_host=10.0.0.6 ansible_port=6 ansible_user=new\n[a:vars]\nansible_ssh_host=10.0.0.5\nansible_ssh_port=5\nansible_ssh_user=old\n",
        {"h=old@10.0.0.5:5 [a]"});
    row("ini: priority", "[a]\nw\n[b]\nw\n[c]\nw\n[a:vars]\nansible_port=2201\nansible_group_priority=10\n[b:vars]\nansible_port=2202\n[c:vars]\nansible_port=2203\nansible_group_priority=-1\n",
        {"w=w:2201 [c,b,a]"});
    row("ini: depth beats priority", "[a]\nw\n[p:children]\na\n[p:vars]\nansible_port=1\nansible_group_priority=10\n[a:vars]\nansible_port=2\n", {"w=w:2 [p,a]"});
    row("yaml: priority", "a:\n  hosts: {w: }\n  vars: {ansible_port: 1, ansible_group_priority: 5}\nb:\n  hosts: {w: }\n  vars: {ansible_port: 2}\n", {"w=w:1 [b,a]"});
    return cases;
}
} // namespace

void TestAnsibleImport::initTestCase()
{
    const auto write = [this](QList<Case> &cases, const char *ending) {
        for (Case &one : cases) {
            const QString folder = QString::number(++m_folders) + u'/';
            one.path = m_home.write(folder + (one.name.startsWith("yaml") ? QStringLiteral("inv.yml") : QString::fromLatin1(ending)), one.text);
            for (const QString &file : std::as_const(one.files))
                m_home.write(folder + file.section(u'|', 0, 0), file.section(u'|', 1).toUtf8() + '\n');
        }
    };
    write(m_plain, "inv");
    write(m_withFiles, "hosts");
    QList<Case *> all;
    for (QList<Case> *cases : {&m_plain, &m_withFiles})
        for (Case &one : *cases)
            all.append(&one);
    const QString problem = askAnsible(m_home, all);
    QVERIFY2(problem.isEmpty(), qPrintable(problem));
}

void TestAnsibleImport::inventories_data()
{
    rows(m_plain);
}

void TestAnsibleImport::rows(const QList<Case> &cases)
{
    QTest::addColumn<int>("row");
    for (qsizetype i = 0; i < cases.size(); ++i)
        QTest::newRow(cases[i].name.constData()) << int(i);
}

void TestAnsibleImport::inventories()
{
    QFETCH(int, row);
    const Case &one = m_plain[row];
    const auto import = importAnsible(one.text, one.path, m_home.files());
    QVERIFY(import.has_value());
    QCOMPARE(import->skipped.size(), 0);
    QCOMPARE(recogniseFormat(one.text, one.path).value(), ImportFormat::Ansible);
    QCOMPARE(shortTexts(*import), one.hosts);
    QCOMPARE(likeAnsible(*import), asAnsible(one.said));
}

namespace {
QList<Case> casesWithFiles()
{
    const QByteArray text = "[web]\nh ansible_user=host ansible_port=5\n[eu:children]\nweb\n[web:vars]\nansible_ssh_private_key_file=/k/ini\n";
    QList<Case> cases;
    const auto row = [&](const char *name, const QStringList &files, const QStringList &hosts) { cases.append({name, text, hosts, files, {}, {}}); };
    row("host_vars", {"host_vars/h.yml|ansible_user: beside"}, {"h=beside@h:5 [eu,web]"});
    row("group_vars", {"group_vars/web.yaml|ansible_port: 6"}, {"h=host@h:5 [eu,web]"});
    row("group_vars/all beats the inventory's groups", {"group_vars/all.yml|ansible_ssh_private_key_file: /k/all"}, {"h=host@h:5 /k/all [eu,web]"});
    row("child beats parent beats all", {"group_vars/all|ansible_ssh_private_key_file: /k/all", "group_vars/eu.yml|ansible_ssh_private_key_file: /k/eu",
                                         "group_vars/web.json|{\"ansible_ssh_private_key_file\": \"/k/web\"}"}, {"h=host@h:5 /k/web [eu,web]"});
    row("a folder of files", {"group_vars/web/a.yml|ansible_ssh_private_key_file: /k/a", "group_vars/web/b.yml|ansible_ssh_private_key_file: /k/b"}, {"h=host@h:5 /k/b [eu,web]"});
    row("the first ending that is there", {"host_vars/h|ansible_user: none", "host_vars/h.yml|ansible_user: yml"}, {"h=none@h:5 [eu,web]"});
    row("a folder in a folder", {"host_vars/h/a.yml|ansible_user: a", "host_vars/h/a/x.yml|ansible_user: x", "host_vars/h/a/x.yml~|ansible_user: no"}, {"h=a@h:5 [eu,web]"});
    row("priority beside the inventory is none", {"group_vars/web.yml|ansible_group_priority: 5"}, {"h=host@h:5 [eu,web]"});
    row("empty file", {"host_vars/h.yml|# nothing"}, {"h=host@h:5 [eu,web]"});
    return cases;
}
} // namespace

void TestAnsibleImport::variablesBesideTheInventory_data()
{
    rows(m_withFiles);
}

void TestAnsibleImport::variablesBesideTheInventory()
{
    QFETCH(int, row);
    const Case &one = m_withFiles[row];
    QStringList hosts = one.hosts;
    const auto import = importAnsible(one.text, one.path, m_home.files());
    QVERIFY(import.has_value());
    if (!hosts.first().contains("/k/"))
        hosts.first().replace(" [", " /k/ini [");
    QCOMPARE(shortTexts(*import), hosts);
    QCOMPARE(likeAnsible(*import), asAnsible(one.said));
}

void TestAnsibleImport::whatIsNotTakenIsListed_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QStringList>("hosts");
    QTest::addColumn<QStringList>("skipped");
    const auto row = [](const char *name, const char *text, const QStringList &hosts, const QStringList &skipped) {
        QTest::newRow(name) << QByteArray(text) << hosts << skipped;
    };
    row("other variables", "[a]\nh http_port=80 ansible_become=true\n", {"h=h:22 [a]"}, {"2: http_port", "2: ansible_become"});
    row("template as address", "h ansible_host=\"{{ ip }}\"\n", {}, {"1: h"});
    row("template as user", "h ansible_user=\"{{ me }}\"\n", {"h=h:22"}, {"1: ansible_user"});
    row("template statement", "h ansible_port=\"{% if x %}1{% endif %}\"\n", {}, {"1: h"});
    row("vault", "a:\n  hosts:\n    h:\n      ansible_user: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        3030\n      ansible_password: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        3030\n",
        {"h=h:22 [a]"}, {"7: ansible_password", "4: ansible_user"});
    row("not over SSH", "localhost ansible_connection=local\nh ansible_connection=ssh\n", {"h=h:22"}, {"1: localhost"});
    row("bad port [corpus 98]", "a ansible_port=022\nb ansible_port=0x16\nc ansible_port=65536\nd ansible_port=-1\ne ansible_port=22.0\n", {}, {"1: a", "2: b", "3: c", "4: d", "5: e"});
    row("hostile address", "a ansible_host=-oProxyCommand=x\nb ansible_host='$(id)'\n", {}, {"1: a", "2: b"});
    row("hostile name", "-oProxyCommand=x\na;id\n", {}, {"1: -oProxyCommand=x", "2: a;id"});
    row("hostile user", "a ansible_user=-oX\n", {"a=a:22"}, {"1: ansible_user"});
    row("relative key", "a ansible_ssh_private_key_file=keys/id\n", {"a=a:22"}, {"1: ansible_ssh_private_key_file"});
    row("too many [corpus 107]", "web[1:99999999]\n", {}, {"1: web[1:99999999]"});
    row("no range [corpus 107]", "web[1-99999999]\n", {}, {"1: web[1-99999999]"});
    row("many ranges", "w[1:9999][1:9999][1:9999]\n", {}, {"1: w[1:9999][1:9999][1:9999]"});
    row("backwards", "w[5:1]\n", {}, {"1: w[5:1]"});
    row("no number", "[a]\nh\n[a:vars]\nansible_group_priority=high\n", {"h=h:22 [a]"}, {"4: ansible_group_priority"});
    row("template as an old name", "h ansible_host=10.0.0.1 ansible_ssh_host=\"{{ ip }}\"\n", {}, {"1: h"});
    row("unequal", "w[01:100]\n", {}, {"1: w[01:100]"});
    row("group without a section", "[a:children]\nb\n", {}, {"2: b"});
    row("other keys of a group", "a:\n  hosts: {h: }\n  plugin: aws_ec2\n", {"h=h:22 [a]"}, {"3: a.plugin"});
}

void TestAnsibleImport::whatIsNotTakenIsListed()
{
    QFETCH(QByteArray, text);
    QFETCH(QStringList, hosts);
    QFETCH(QStringList, skipped);
    const auto import = importAnsible(text, "inv", ImportHome().files());
    QVERIFY(import.has_value());
    QCOMPARE(shortTexts(*import), hosts);
    QCOMPARE(skippedTexts(import->skipped), skipped);
}

void TestAnsibleImport::secretsAreNotRepeated()
{
    ImportHome home;
    const QByteArray text = "[web]\nh ansible_password=hunter2-canary ansible_become_pass=hunter2-canary\n[web:vars]\napi_token=hunter2-canary\n";
    const QString file = home.write("hosts", text);
    home.write("group_vars/web.yml", "token: hunter2-canary\n");
    home.write("host_vars/h.yml", "$ANSIBLE_VAULT;1.1;AES256\n313233hunter2-canary\n");
    const auto import = importAnsible(text, file, home.files());
    QVERIFY(import.has_value());
    QCOMPARE(import->skipped.size(), 5);
    for (const Skipped &s : import->skipped)
        QVERIFY(!(s.where + s.what + s.why).contains("canary"));
}

void TestAnsibleImport::brokenFilesSayWhere_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("line");
    const auto row = [](const char *name, const QByteArray &text, int line) { QTest::newRow(name) << text << line; };
    row("open quote", "[a]\nh ansible_user=\"x\n", 2);
    row("word without =", "[a]\nh and more\n", 2);
    row("kind of section", "[a:nonsense]\n", 1);
    row("broken section", "[a\nh\n", 1);
    row("vars without =", "[a:vars]\nansible_user\n", 2);
    row("circle", "[a:children]\nb\n[b:children]\na\n", 1);
    row("its own child", "x\n[a:children]\na\n", 2);
    row("program", "#!/bin/sh\necho\n", 1);
    row("NUL", QByteArray("h\0x\n", 4), 1);
    row("yaml: laughs [corpus 93]", "all: &a\n  vars: {x: *a}\n", 1);
    row("yaml: cycle [corpus 94]", "a: &a [*a]\n", 1);
    row("yaml: deep [corpus 95]", "a: " + QByteArray(100'000, '['), 1);
    row("yaml: duplicate [corpus 96]", "a:\n  hosts: {h: }\n  hosts: {i: }\n", 3);
    row("yaml: tag [corpus 97]", "a: !!python/object/apply:os.system [\"id\"]\n", 1);
    row("yaml: tab [corpus 101]", "a:\n\thosts:\n", 2);
    row("yaml: two documents [corpus 104]", "a:\n---\nb:\n", 2);
    row("yaml: hosts is a list", "a:\n  hosts: [x]\n", 2);
}

void TestAnsibleImport::brokenFilesSayWhere()
{
    QFETCH(QByteArray, text);
    QFETCH(int, line);
    const auto import = importAnsible(text, "inv", ImportHome().files());
    QVERIFY(!import.has_value());
    QCOMPARE(import.error().place.file, QString("inv"));
    QVERIFY2(qAbs(import.error().place.line - line) <= 1, qPrintable(QString::number(import.error().place.line)));
}

QTEST_GUILESS_MAIN(TestAnsibleImport)
#include "tst_ansibleimport.moc"
