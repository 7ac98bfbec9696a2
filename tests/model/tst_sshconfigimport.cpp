// ~/.ssh/config as OpenSSH reads it: what is imported is what `ssh -G` says of the same file. [S25, corpus 14-16, 108]
#include "importhelp.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QTest>

using namespace bellwether;

class TestSshConfigImport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void hostsAreWhatOpenSshMakesOfThem_data();
    void hostsAreWhatOpenSshMakesOfThem();
    void jumpHosts_data();
    void jumpHosts();
    void nothingIsExecuted();
    void whatIsNotTakenIsListed_data();
    void whatIsNotTakenIsListed();
    void includesStayAtHome();
    void includesEnd();
    void hostileNamesAreNotTaken_data();
    void hostileNamesAreNotTaken();
    void bigFilesAreReadInTime();

private:
    Result<Import> read(const QByteArray &text) const { return importSshConfig(text, QStringLiteral("config"), m_home.files()); }
    ImportHome m_home;
};

namespace {

QMap<QString, QString> askSsh(const QString &file, const QString &host) // the first value of each key
{
    QProcess ssh;
    ssh.start(QStringLiteral("ssh"), {QStringLiteral("-G"), QStringLiteral("-F"), file, host});
    QMap<QString, QString> values;
    if (!ssh.waitForFinished(20'000) || ssh.exitCode() != 0)
        return values;
    const QList<QByteArray> lines = ssh.readAllStandardOutput().split('\n');
    for (const QByteArray &line : lines) {
        const QString key = QString::fromUtf8(line).section(u' ', 0, 0);
        if (!values.contains(key))
            values.insert(key, QString::fromUtf8(line).section(u' ', 1));
    }
    return values;
}

} // namespace

void TestSshConfigImport::hostsAreWhatOpenSshMakesOfThem_data()
{
    QTest::addColumn<QByteArray>("config"); // @ stands for the home folder
    QTest::addColumn<QStringList>("hosts");
    const auto row = [](const char *name, const char *config, const QStringList &hosts) { QTest::newRow(name) << QByteArray(config) << hosts; };
    row("plain", "Host a\n  HostName a.example.org\n  User ops\n  Port 2222\n", {"a=ops@a.example.org:2222"});
    row("no HostName", "Host a.example.org\n", {"a.example.org=a.example.org:22"});
    row("first value wins", "Host a\nPort 1\nHost a b\nPort 2\nUser u\nHost *\nPort 3\nUser v\n", {"a=u@a:1", "b=u@b:2"});
    row("wildcard before", "Host *\nUser first\nHost a\nUser second\n", {"a=first@a:22"});
    row("question mark", "Host web?\nPort 7\nHost web1 web12\n", {"web1=web1:7", "web12=web12:22"});
    row("negation", "Host a b\nHost * !b\nPort 9\n", {"a=a:9", "b=b:22"});
    row("negation alone never matches", "Host !b\nPort 9\nHost a\n", {"a=a:22"});
    row("negated pattern beats a later one", "Host web* !web2 web2\nPort 5\nHost web1 web2\n", {"web2=web2:22", "web1=web1:5"});
    row("before any Host", "User everybody\nHost a\n", {"a=everybody@a:22"});
    row("equals signs", "Host=a\nHostName = x.org\nPort=5\nUser= u\n", {"a=u@x.org:5"});
    row("keywords in any case", "hOsT a\nhostNAME x.org\nPORT 5\n", {"a=x.org:5"});
    row("quotes", "Host \"a\" 'b'\nHostName \"x.org\"\n", {"a=x.org:22", "b=x.org:22"});
    row("comment behind", "Host a # b\nPort 5 # six\n", {"a=a:5"});
    row("comment line, blanks, CR LF", "# x\r\n\r\n\tHost a\r\n\tPort 5\r\n", {"a=a:5"});
    row("HostName is lower case", "Host A\nHostName X.Org\n", {"A=x.org:22"});
    row("%h", "Host a\nHostName %h.example.org\n", {"a=a.example.org:22"});
    row("IPv6", "Host six\nHostName 2001:db8::7\n", {"six=2001:db8::7:22"});
    row("IPv4", "Host four\nHostName 10.0.0.7\n", {"four=10.0.0.7:22"});
    row("identity", "Host a\nIdentityFile /k/%h\nHost *\nIdentityFile /k/other\n", {"a=a:22 /k/a"});
    row("two identities: the first", "Host a\nIdentityFile /k/1\nIdentityFile /k/2\n", {"a=a:22 /k/1"});
    row("Match host", "Host a b\nMatch host a\nPort 5\n", {"a=a:5", "b=b:22"});
    row("Match host list", "Host a b c\nMatch host a,b\nPort 5\n", {"a=a:5", "b=b:5", "c=c:22"});
    row("Match host sees the HostName", "Host a\nHostName x.org\nMatch host x.org\nPort 5\n", {"a=x.org:5"});
    row("Match originalhost does not", "Host a\nHostName x.org\nMatch originalhost a\nPort 5\nMatch originalhost x.org\nUser no\n", {"a=x.org:5"});
    row("Match host wildcard and negation", "Host web1 web2 db1\nMatch host web*,!web2\nPort 5\n", {"web1=web1:5", "web2=web2:22", "db1=db1:22"});
    row("Match not", "Host a b\nMatch !host a\nPort 5\n", {"a=a:22", "b=b:5"});
    row("Match of two criteria", "Host a b\nMatch host * originalhost b\nPort 5\n", {"a=a:22", "b=b:5"});
    row("Match all ends a block", "Host a\nPort 5\nHost b\nMatch all\nUser u\n", {"a=u@a:5", "b=u@b:22"});
    row("Match host in any case", "Host Web\nMatch host WEB\nPort 5\n", {"Web=web:5"});
    row("Include", "Include @/more.conf\nHost a\nPort 5\n", {"a=inner@a:4", "c=inner@c:22"});
    row("Include in a block", "Host a\nInclude @/opt.conf\nHost b\nPort 5\n", {"a=a:6", "b=b:5"});
    row("Include in a block that does not hold", "Host z\nInclude @/more.conf\nHost a\nUser u\n", {"z=z:22", "a=u@a:22"});
    row("Include keeps its block", "Host a\nInclude @/more.conf\nIdentityFile /k/1\nHost q\n", {"a=inner@a:4 /k/1", "q=q:22"});
    row("Include of several, sorted", "Include @/d/*.conf\nHost a\n", {"a=one@a:2"});
    row("Include of nothing", "Include @/none*\nHost a\n", {"a=a:22"});
    row("named twice", "Host a\nPort 1\nHost a\nUser u\n", {"a=u@a:1"});
}

void TestSshConfigImport::hostsAreWhatOpenSshMakesOfThem()
{
    QFETCH(QByteArray, config);
    QFETCH(QStringList, hosts);
    m_home.write("more.conf", "Host a\nPort 4\nHost a c\nUser inner\n");
    m_home.write("opt.conf", "Port 6\n");
    m_home.write("d/1.conf", "Host a\nUser one\n");
    m_home.write("d/2.conf", "Host a\nUser two\nPort 2\n");
    config.replace('@', m_home.path().toUtf8());
    const auto import = read(config);
    QVERIFY(import.has_value());
    QCOMPARE(shortTexts(*import), hosts);
    const QString file = m_home.write("config", config);
    for (const ImportedHost &imported : import->hosts) {
        const auto said = askSsh(file, imported.host.name);
        const Endpoint &e = imported.host.endpoint;
        QCOMPARE(e.address, said.value("hostname"));
        QCOMPARE(QString::number(e.port), said.value("port"));
        if (imported.stated.contains("user"))
            QCOMPARE(e.user, said.value("user"));
        if (imported.stated.contains("identity"))
            QCOMPARE(e.identity, said.value("identityfile").replace("%h", e.address));
        QCOMPARE(imported.stated.contains("port"), config.contains(QByteArray::number(e.port)) || said.value("port") != "22");
    }
}

void TestSshConfigImport::jumpHosts_data()
{
    QTest::addColumn<QByteArray>("config");
    QTest::addColumn<QStringList>("hosts");
    QTest::addColumn<QStringList>("skipped");
    const auto row = [](const char *name, const char *config, const QStringList &hosts, const QStringList &skipped = {}) {
        QTest::newRow(name) << QByteArray(config) << hosts << skipped;
    };
    row("named", "Host gate\nPort 5\nHost a\nProxyJump gate\n", {"gate=gate:5", "a=a:22<gate"});
    row("chain", "Host g1 g2\nHost a\nProxyJump x,y\n", {"g1=g1:22", "g2=g2:22", "a=a:22<y", "x=x:22", "y=y:22<x"});
    row("of the jump host itself", "Host g1\nHost g2\nProxyJump g1\nHost a\nProxyJump g2\n", {"g1=g1:22", "g2=g2:22<g1", "a=a:22<g2"});
    row("stranger with user and port", "Host a b\nProxyJump ops@gate.example.org:2222\n",
        {"a=a:22<gate.example.org", "b=b:22<gate.example.org", "gate.example.org=ops@gate.example.org:2222"});
    row("stranger takes wildcards' values", "Host *.corp\nUser corp\nPort 7\nHost a\nProxyJump gw.corp\n", {"a=a:22<gw.corp", "gw.corp=corp@gw.corp:7"});
    row("named, with another user", "Host gate\nUser u\nHost a\nProxyJump root@gate\n", {"gate=u@gate:22", "a=a:22<gate-22", "gate-22=root@gate:22"});
    row("named, with its own user", "Host gate\nUser u\nHost a\nProxyJump u@gate\n", {"gate=u@gate:22", "a=a:22<gate"});
    row("two ports of one machine", "Host a\nProxyJump g:1\nHost b\nProxyJump g:2\n", {"a=a:22<g", "b=b:22<g-2", "g=g:1", "g-2=g:2"});
    row("IPv6", "Host a\nProxyJump u@[2001:db8::1]:2\n", {"a=a:22<2001-db8--1", "2001-db8--1=u@2001:db8::1:2"});
    row("address form", "Host a\nProxyJump ssh://u@g:2\n", {"a=a:22<g", "g=u@g:2"});
    row("none", "Host a\nProxyJump none\nHost *\nProxyJump g\n", {"a=a:22"});
    row("ProxyCommand first", "Host a\nProxyCommand nc x\nHost *\nProxyJump g\n", {}, {"2: ProxyCommand nc x", "2: a"});
    row("ProxyCommand of a bastion", "Host gate\nHost a\nHostName 10.0.0.5\nProxyCommand ssh -W %h:%p gate\n", {"gate=gate:22"}, {"4: ProxyCommand ssh -W %h:%p gate", "4: a"});
    row("ProxyCommand behind ProxyJump", "Host gate\nHost a\nProxyJump gate\nProxyCommand nc x\n", {"gate=gate:22", "a=a:22<gate"}, {"4: ProxyCommand nc x"});
    row("through a host with a ProxyCommand", "Host gate\nProxyCommand nc x\nHost a\nProxyJump gate\nHost b\nProxyJump ops@gate\n", {},
        {"2: ProxyCommand nc x", "2: gate", "4: a", "6: b"});
    row("ProxyCommand none first", "Host a\nProxyCommand none\nHost *\nProxyJump g\n", {"a=a:22"});
    row("circle [corpus 108]", "Host a\nProxyJump b\nHost b\nProxyJump a\nHost c\nProxyJump a\nHost d\n", {"d=d:22"}, {"3: b", "1: a", "5: c"});
    row("through itself", "Host a\nProxyJump a\n", {}, {"1: a"});
    row("everybody, also the gate", "Host gate\nHost a\nHost *\nProxyJump gate\n", {}, {"4: gate", "4: a"});
    row("everybody but the gate", "Host gate\nProxyJump none\nHost a\nHost *\nProxyJump gate\n", {"gate=gate:22", "a=a:22<gate"});
    row("no host", "Host a\nProxyJump -oProxyCommand=x\n", {}, {"2: a"});
}

void TestSshConfigImport::jumpHosts()
{
    QFETCH(QByteArray, config);
    QFETCH(QStringList, hosts);
    QFETCH(QStringList, skipped);
    const auto import = read(config);
    QVERIFY(import.has_value());
    QCOMPARE(shortTexts(*import), hosts);
    QStringList said;
    for (const Skipped &s : import->skipped)
        said.append(s.where.section(u':', 1) + ": " + s.what);
    // Which line is blamed for a circle may be any of it; that each of its hosts is named is what counts.
    const auto names = [](QStringList texts) {
        for (QString &text : texts)
            text = text.section(": ", 1);
        texts.sort();
        return texts;
    };
    QCOMPARE(names(said), names(skipped));
    const QString file = m_home.write("config", config);
    for (const ImportedHost &imported : import->hosts)
        if (imported.stated.contains("jump") && config.split('\n').value(imported.where.section(u':', 1).toInt() - 1).startsWith("Host")) {
            const QString jump = askSsh(file, imported.host.name).value("proxyjump");
            QCOMPARE(imported.host.endpoint.jump.isEmpty(), jump.isEmpty() || jump == "none");
        }
}

void TestSshConfigImport::nothingIsExecuted()
{
    const QByteArray witness = m_home.path("pwned").toUtf8();
    const QByteArray config = "Host a\nProxyCommand touch " + witness + "\nLocalCommand touch " + witness + "\nPermitLocalCommand yes\nKnownHostsCommand /bin/touch " + witness
        + "\nMatch exec \"touch " + witness + "\"\nPort 99\nHost `touch " + witness + "`\nHost $(touch " + witness + ")\nInclude `touch " + witness + "`\n";
    const auto import = read(config);
    QVERIFY(import.has_value());
    QVERIFY(import->hosts.isEmpty()); // a has no other way
    QVERIFY(!QFile::exists(m_home.path("pwned")));
    QStringList why;
    for (const Skipped &s : import->skipped)
        why.append(s.what.section(u' ', 0, 0) + u'@' + s.where.section(u':', 1));
    for (const char *line : {"ProxyCommand@2", "LocalCommand@3", "KnownHostsCommand@5", "Match@6"})
        QVERIFY2(why.contains(QLatin1String(line)), qPrintable(why.join(u' ')));
}

void TestSshConfigImport::whatIsNotTakenIsListed_data()
{
    QTest::addColumn<QByteArray>("config");
    QTest::addColumn<QStringList>("hosts");
    QTest::addColumn<QStringList>("skipped");
    const auto row = [](const char *name, const char *config, const QStringList &hosts, const QStringList &skipped) {
        QTest::newRow(name) << QByteArray(config) << hosts << skipped;
    };
    row("other keys", "Host a\nForwardAgent yes\nServerAliveInterval 5\n", {"a=a:22"}, {"2: ForwardAgent yes", "3: ServerAliveInterval 5"});
    row("Match user", "Host a\nMatch user root\nPort 5\n", {"a=a:22"}, {"2: Match user root"});
    row("Match final, canonical, tagged", "Host a\nMatch final\nPort 5\nMatch canonical host a\nPort 6\n", {"a=a:22"}, {"2: Match final", "4: Match canonical host a"});
    row("an open quote closes the block before", "Host a\nHost \"b\nPort 5\n", {"a=a:22"}, {"2: Host \"b"});
    row("Host without a name", "Host a\nHost\nPort 5\n", {"a=a:22"}, {"2: Host"});
    row("Port as a word", "Host a\nPort ssh\nHost b\n", {"b=b:22"}, {"2: a"});
    row("Port octal [corpus 98]", "Host a\nPort 022\n", {}, {"2: a"});
    row("Port beyond", "Host a\nPort 65536\nHost b\nPort 0\n", {}, {"2: a", "4: b"});
    row("token in HostName", "Host a\nHostName %n.org\n", {}, {"2: a"});
    row("relative key", "Host a\nIdentityFile id\n", {"a=a:22"}, {"2: IdentityFile id"});
    row("variable in key", "Host a\nIdentityFile ~/${USER}\n", {"a=a:22"}, {"2: IdentityFile ~/${USER}"});
    row("certificate elsewhere", "Host a\nIdentityFile ~/k\nCertificateFile ~/c.pub\n", {"a=a:22 ~/k+~/c.pub"}, {});
    row("certificate in a variable", "Host a\nCertificateFile ${X}\n", {"a=a:22"}, {"2: CertificateFile ${X}"});
    row("no value", "Host a\nPort\n", {"a=a:22"}, {"2: Port"});
    row("somebody's home", "Include ~root/x\nHost a\n", {"a=a:22"}, {"1: Include ~root/x"});
}

void TestSshConfigImport::whatIsNotTakenIsListed()
{
    QFETCH(QByteArray, config);
    QFETCH(QStringList, hosts);
    QFETCH(QStringList, skipped);
    const auto import = read(config);
    QVERIFY(import.has_value());
    QCOMPARE(shortTexts(*import), hosts);
    QCOMPARE(skippedTexts(import->skipped), skipped);
}

void TestSshConfigImport::includesStayAtHome()
{
    QTemporaryDir elsewhere;
    QFile outside(elsewhere.filePath("x.conf"));
    QVERIFY(outside.open(QIODevice::WriteOnly));
    outside.write("Host outside\n");
    outside.close();
    m_home.write(".ssh/inner/y.conf", "Host inner\n");
    QVERIFY(QFile::link(outside.fileName(), m_home.path(".ssh/inner/z.conf")));
    QVERIFY(QFile::link("/", m_home.path(".ssh/disk")));
    const QByteArray config = "Include inner/*\nInclude " + outside.fileName().toUtf8() + "\nInclude ~/.ssh/../../etc/passwd\nInclude /etc/passwd\nInclude /*/*/*/*/*/*\n"
        "Include ~/.ssh/../../*/*\nInclude disk/*\nInclude ~/*/*/*/x\nInclude i*/y.conf\nHost a\n";
    const auto import = read(config);
    QVERIFY(import.has_value());
    QCOMPARE(shortTexts(*import), (QStringList{"inner=inner:22", "a=a:22"}));
    QStringList why;
    for (const Skipped &s : import->skipped)
        why.append(s.why);
    const QString out = "it lies outside of the home folder";
    // the link, the file, two ways to /etc/passwd (from a home below /tmp the first is none); three patterns that are not looked up, and one that walks too far
    QCOMPARE(why, (QStringList{out, out, "there is no such file", out, out, out, out, "more than 1 of its folders is a pattern"}));
}

void TestSshConfigImport::includesEnd()
{
    m_home.write(".ssh/loop", "Include loop\nHost looped\n");
    m_home.write(".ssh/p1", "Include p2 p2\n");
    m_home.write(".ssh/p2", "Include p3 p3\n");
    m_home.write(".ssh/p3", "Include p4 p4\n");
    m_home.write(".ssh/p4", "Include p5 p5\n");
    m_home.write(".ssh/p5", "Include p6 p6\n");
    m_home.write(".ssh/p6", "Include p7 p7\n");
    m_home.write(".ssh/p7", "Include p8 p8\n");
    m_home.write(".ssh/p8", "Include p9 p9\n");
    m_home.write(".ssh/p9", "Host deep\n");
    QElapsedTimer timer;
    timer.start();
    const auto import = read("Include loop\nInclude p1\nHost a\n");
    QVERIFY(import.has_value());
    QCOMPARE(shortTexts(*import), (QStringList{"looped=looped:22", "deep=deep:22", "a=a:22"}));
    QVERIFY(import->skipped.size() > 1);
    QVERIFY2(timer.elapsed() < 10'000, "two to the ninth files were read");
    m_home.write(".ssh/big", QByteArray((1 << 20) + 1, '#'));
    const auto tooBig = read("Include big\n");
    QVERIFY(!tooBig.has_value());
    QCOMPARE(tooBig.error().code, ErrorCode::FileTooLarge);
}

void TestSshConfigImport::hostileNamesAreNotTaken_data()
{
    QTest::addColumn<QByteArray>("config");
    for (const char *config : {"Host -oProxyCommand=x\n", "Host a;touch${IFS}./pwned\n", "Host user@-oX\n", "Host a/b\n", "Host ..\n", "Host a\nHostName -oProxyCommand=x\n",
                               "Host a\nHostName `id`\n", "Host a\nHostName $(id)\n", "Host a\nHostName x;reboot\n", "Host a\nUser -oX\n", "Host a\nUser \"x y\"\n",
                               "Host a\nUser $(id)\n", "Host a\nHostName \"a b\"\n", "Host \xe2\x80\xae" "evil\n"})
        QTest::newRow(config) << QByteArray(config);
}

void TestSshConfigImport::hostileNamesAreNotTaken()
{
    QFETCH(QByteArray, config);
    const auto import = read(config);
    QVERIFY(import.has_value());
    QVERIFY2(import->hosts.isEmpty(), qPrintable(shortTexts(*import).join(u' ')));
    QCOMPARE(import->skipped.size(), 1);
    QVERIFY(!import->skipped.first().where.isEmpty() && !import->skipped.first().why.isEmpty());
}

void TestSshConfigImport::bigFilesAreReadInTime()
{
    QByteArray many = "Host";
    for (int i = 0; i < 100'000; ++i)
        many += " h" + QByteArray::number(i);
    QByteArray blocks;
    for (int i = 0; blocks.size() < (1 << 20) - 64; ++i)
        blocks += "Host b" + QByteArray::number(i) + "\nPort 5\n";
    QByteArray many10k = "Host";
    for (int i = 0; i < 10'000; ++i)
        many10k += " a" + QByteArray::number(i);
    const QByteArray keys = many10k + "\nHost *\n" + QByteArray("IdentityFile /k\n").repeated(58'000); // hosts times options
    const QByteArray patterns = many10k + "\nHost" + QByteArray(" b*c").repeated(100'000) + "\nPort 5\n"; // hosts times patterns
    const QByteArray longName = "Host " + QByteArray(400'000, 'a') + "\nHost " + QByteArray("*a").repeated(200'000) + "b\nPort 5\n";
    const QByteArray stars = "Host a\nMatch host " + QByteArray("*a").repeated(5'000) + "b\nPort 5\n";
    for (const QByteArray &config : {many + "\nPort 5\n", blocks, stars, keys, patterns, longName}) {
        QElapsedTimer timer;
        timer.start();
        const auto import = read(config);
        QCOMPARE(import.has_value(), config != blocks && config != keys && config != patterns); // refused before it is begun
        QVERIFY(!import || import->hosts.size() <= kMostImportedHosts);
        QVERIFY2(timer.elapsed() < 20'000, qPrintable(QString::number(timer.elapsed())));
    }
    const auto some = read("Host a b\n" + QByteArray("IdentityFile /k\n").repeated(2000));
    QVERIFY(some && some->hosts.size() == 2 && some->skipped.size() == 100); // as many more as OpenSSH takes
    QVERIFY(!read("Host a\n" + QByteArray(1, '\0')).has_value());
}

QTEST_GUILESS_MAIN(TestSshConfigImport)
#include "tst_sshconfigimport.moc"
