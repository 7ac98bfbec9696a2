// Ways in besides a plain key, against real sshd: certificates, one key of many in the agent, passwords, a host's own
// questions. Passwords need an account: the test makes one and removes it (it runs as root, as the suite does).
#include "askedperson.h"
#include "shells.h"
#include "sshworld.h"

#include "domain/certificate.h"

#include <QDateTime>
#include <QDir>
#include <QtEndian>

#include <unistd.h>

using namespace bellwether;

namespace {

const QByteArray secret = "Canary-pw-5173";

QByteArray bytesOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void put(const QString &path, const QByteArray &bytes, QIODevice::OpenMode how = QIODevice::WriteOnly)
{
    QFile file(path);
    if (file.open(how))
        file.write(bytes);
    QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner);
}

QByteArray text(const QByteArray &bytes)
{
    QByteArray framed(4, '\0');
    qToBigEndian(quint32(bytes.size()), framed.data());
    return framed + bytes;
}

// A private key file of a security key as OpenSSH writes it: the handle in it is of no use without the device.
QByteArray securityKeyFile()
{
    const QByteArray publicBlob = text("sk-ssh-ed25519@openssh.com") + text(QByteArray(32, 'p')) + text("ssh:");
    QByteArray secretPart = QByteArray(8, '\1') + publicBlob + QByteArray(1, '\1') + text(QByteArray(64, 'h')) + text({}) + text("token");
    for (char pad = 1; secretPart.size() % 8 != 0; ++pad)
        secretPart += pad;
    const QByteArray all = QByteArray("openssh-key-v1\0", 15) + text("none") + text("none") + text({}) + QByteArray("\0\0\0\1", 4)
        + text(publicBlob) + text(secretPart);
    return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + all.toBase64() + "\n-----END OPENSSH PRIVATE KEY-----\n";
}

} // namespace

class TestLogins : public SshWorld {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString m_user;
    int m_keys = 0;

    QString makeKey(const QByteArray &words = {}, const QString &type = QStringLiteral("ed25519"))
    {
        const QString path = m_folder.filePath(QStringLiteral("key%1").arg(++m_keys));
        runProcess({"ssh-keygen", "-q", "-t", type, "-N", QString::fromUtf8(words), "-f", path});
        return path;
    }
    // KEY-cert.pub beside the key, signed by the test's authority.
    void certify(const QString &key, const QString &principals, const QString &validity)
    {
        const auto made = runProcess({"ssh-keygen", "-q", "-s", m_folder.filePath("ca"), "-I", "night shift", "-n", principals, "-V", validity, key + ".pub"});
        QVERIFY2(made.exitStatus == 0, made.err.constData());
    }
    QString fingerprint(const QString &key)
    {
        return QString::fromUtf8(runProcess({"ssh-keygen", "-lf", key + ".pub"}).out).section(u' ', 1, 1);
    }
    std::unique_ptr<TestSshd> host(const QStringList &config)
    {
        auto made = std::make_unique<TestSshd>(config);
        m_trust.trust(made->endpoint().machine(), made->fingerprint());
        return made;
    }
    static Endpoint with(const TestSshd &host, const QString &identity, const QString &user = {})
    {
        Endpoint to = host.endpoint();
        to.identity = identity;
        to.user = user;
        return to;
    }
    void setPassword()
    {
        const auto set = runProcess({"chpasswd"}, m_user.toUtf8() + ':' + secret + '\n');
        QVERIFY2(set.exitStatus == 0, set.err.constData());
    }
    static qsizetype visits(const TestSshd &host) { return host.log().count("Connection from "); }

private Q_SLOTS:
    void initTestCase()
    {
        startHost();
        QCOMPARE(runProcess({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", m_folder.filePath("ca")}).exitStatus, 0);
        QVERIFY2(::geteuid() == 0, "this test makes an account of its own: run it as root");
        m_user = QStringLiteral("bwt%1").arg(::getpid());
        const auto made = runProcess({"useradd", "-M", "-d", "/", "-s", "/bin/sh", m_user});
        QVERIFY2(made.exitStatus == 0, made.err.constData());
        setPassword();
    }
    void cleanupTestCase()
    {
        if (!m_user.isEmpty())
            QVERIFY(QTest::qWaitFor([this] { return runProcess({"userdel", m_user}).exitStatus == 0; }, 20'000)); // once its last session has gone
    }

    void certificates_data()
    {
        QTest::addColumn<QString>("principals");
        QTest::addColumn<QString>("validity");
        QTest::addColumn<QString>("problem"); // empty: it lets in
        QTest::newRow("valid") << "root,ops" << "-1h:+1h" << "";
        QTest::newRow("for ever") << "root" << "always:forever" << "";
        QTest::newRow("[fault 32] expired") << "root" << "-2h:-1h" << "expired on";
        QTest::newRow("not yet") << "root" << "+1h:+2h" << "not valid before";
        QTest::newRow("for others") << "ops,deploy" << "-1h:+1h" << "for ops, deploy";
    }
    void certificates()
    {
        QFETCH(QString, principals);
        QFETCH(QString, validity);
        QFETCH(QString, problem);
        const auto trusting = host({"TrustedUserCAKeys " + m_folder.filePath("ca.pub")});
        QVERIFY(trusting->isRunning());
        QVERIFY(QTest::qWaitFor([&] { return visits(*trusting) == 1; }));
        const QString key = makeKey();
        certify(key, principals, validity);
        SshPool pool(m_trust, this);
        const auto answer = exec(pool, with(*trusting, key), command("echo in"));
        QVERIFY(answer.wait());
        if (problem.isEmpty()) {
            QVERIFY2(answer->has_value(), answer->has_value() ? "" : qPrintable(answer->error().args.join(u' ')));
            QVERIFY2(trusting->log().contains("ID night shift"), trusting->log().constData());
            return;
        }
        QVERIFY(!answer->has_value());
        QCOMPARE(name(answer->error()), QByteArray("key-unusable"));
        QCOMPARE(answer->error().args.at(0), key + "-cert.pub");
        QVERIFY2(answer->error().args.at(1).contains(problem), qPrintable(answer->error().args.at(1)));
        QCOMPARE(visits(*trusting), 1); // said before anything was sent
    }
    void certificatesElsewhere()
    {
        const auto trusting = host({"TrustedUserCAKeys " + m_folder.filePath("ca.pub")});
        const QString key = makeKey(secret), other = makeKey();
        certify(key, QStringLiteral("root"), QStringLiteral("-1h:+1h"));
        certify(other, QStringLiteral("root"), QStringLiteral("-1h:+1h"));
        const QString moved = m_folder.filePath("by-hand.pub");
        QVERIFY(QFile::rename(key + "-cert.pub", moved));
        Credentials credentials;
        Person person(credentials, [](const CredentialQuestion &) { return Person::say(secret); });
        SshPool pool(m_trust, this, {}, &credentials);
        Endpoint to = with(*trusting, key);
        EXPECT_ERROR(exec(pool, to, command("true")), "auth-failed"); // the key alone is nobody
        to.certificate = moved;
        const auto in = exec(pool, to, command("echo in"));
        QVERIFY(in.wait());
        QVERIFY2(in->has_value(), in->has_value() ? "" : qPrintable(in->error().args.join(u' ')));
        to.certificate = other + "-cert.pub";
        const auto foreign = exec(pool, to, command("true"));
        EXPECT_ERROR(foreign, "key-unusable");
        QVERIFY(foreign->error().args.at(1).contains("another key"));
        to.certificate = m_folder.filePath("nowhere");
        EXPECT_ERROR(exec(pool, to, command("true")), "key-unusable");
    }
    void whatACertificateSays_data()
    {
        QTest::addColumn<QString>("type");
        for (const char *type : {"ed25519", "ecdsa", "rsa"})
            QTest::newRow(type) << type;
    }
    void whatACertificateSays()
    {
        QFETCH(QString, type);
        const QString key = makeKey({}, type);
        certify(key, QStringLiteral("ops,deploy"), QStringLiteral("20300102030405Z:20310102030405Z"));
        const auto read = readCertificate(key + "-cert.pub");
        QVERIFY(read && *read);
        QCOMPARE((*read)->id, QString("night shift"));
        QCOMPARE((*read)->principals, QStringList({"ops", "deploy"}));
        QCOMPARE((*read)->fingerprint, fingerprint(key));
        QCOMPARE(QDateTime::fromMSecsSinceEpoch((*read)->fromMs, Qt::UTC).toString(Qt::ISODate), QString("2030-01-02T03:04:05Z"));
        QCOMPARE(QDateTime::fromMSecsSinceEpoch((*read)->untilMs, Qt::UTC).toString(Qt::ISODate), QString("2031-01-02T03:04:05Z"));
        // Cut anywhere, or with a byte turned, it is refused or still read, and never a crash.
        const QByteArray line = bytesOf(key + "-cert.pub");
        for (qsizetype i = 0; i < line.size(); i += 7) {
            const auto cut = parseCertificate(line.left(i), QStringLiteral("x"));
            QVERIFY(!cut || (cut->principals == (*read)->principals && cut->untilMs == (*read)->untilMs)); // behind it stands the signature
            QByteArray turned = line;
            turned[i] = char(turned[i] ^ 0x15);
            (void)parseCertificate(turned, QStringLiteral("x"));
        }
    }
    void securityKeysAreForTheAgent()
    {
        qunsetenv("SSH_AUTH_SOCK");
        const QString key = m_folder.filePath("sk");
        put(key, securityKeyFile());
        SshPool pool(m_trust, this);
        const auto answer = exec(pool, with(*m_sshd, key), command("true"));
        EXPECT_ERROR(answer, "key-unusable");
        QVERIFY2(answer->error().args.at(1).contains("FIDO"), qPrintable(answer->error().args.at(1)));
    }
    void oneKeyOfManyInTheAgent()
    {
        const auto strict = host({"MaxAuthTries 2", "TrustedUserCAKeys " + m_folder.filePath("ca.pub")});
        QProcess agent;
        agent.start("ssh-agent", {"-D", "-a", m_folder.filePath("agent")});
        QVERIFY(agent.waitForStarted());
        QVERIFY(QTest::qWaitFor([&] { return QFile::exists(m_folder.filePath("agent")); }));
        qputenv("SSH_AUTH_SOCK", m_folder.filePath("agent").toUtf8());
        for (int i = 0; i < 8; ++i)
            QCOMPARE(runProcess({"ssh-add", "-q", makeKey({}, i % 2 ? "ecdsa" : "ed25519")}).exitStatus, 0);
        const QString right = makeKey({}, QStringLiteral("rsa")), certified = makeKey();
        put(strict->folder() + "/authorized_keys", bytesOf(right + ".pub"), QIODevice::Append);
        certify(certified, QStringLiteral("root"), QStringLiteral("-1h:+1h"));
        for (const QString &key : {right, certified})
            QCOMPARE(runProcess({"ssh-add", "-q", key}).exitStatus, 0);
        {
            SshPool pool(m_trust, this);
            EXPECT_ERROR(exec(pool, with(*strict, QStringLiteral("agent")), command("true")), "auth-failed"); // the third key is one too many
            for (const QString &key : {right, certified}) {
                const auto in = exec(pool, with(*strict, "agent:" + fingerprint(key)), command("echo $SSH_AUTH_SOCK."));
                QVERIFY(in.wait());
                QVERIFY2(in->has_value(), strict->log().constData());
                QCOMPARE((*in)->out, QByteArray(".\n")); // [S26]
            }
            const auto absent = exec(pool, with(*strict, "agent:" + fingerprint(makeKey())), command("true"));
            EXPECT_ERROR(absent, "key-unusable");
            QVERIFY2(absent->error().args.at(1).contains("no such key"), qPrintable(absent->error().args.at(1)));
        }
        qunsetenv("SSH_AUTH_SOCK");
        agent.kill();
        agent.waitForFinished();
        SshPool pool(m_trust, this);
        const auto none = exec(pool, with(*strict, "agent:" + fingerprint(right)), command("true"));
        EXPECT_ERROR(none, "key-unusable");
        QVERIFY(none->error().args.at(1).contains("SSH_AUTH_SOCK"));
    }

    void filesThatNameAKeyOfTheAgent()
    {
        // As OpenSSH has it: a public key says which of the agent's keys is meant, and a FIDO key is the agent's to use.
        QProcess agent;
        agent.start("ssh-agent", {"-D", "-a", m_folder.filePath("agent3")});
        QVERIFY(agent.waitForStarted());
        QVERIFY(QTest::qWaitFor([&] { return QFile::exists(m_folder.filePath("agent3")); }));
        qputenv("SSH_AUTH_SOCK", m_folder.filePath("agent3").toUtf8());
        const auto strict = host({"MaxAuthTries 2"});
        const QString key = makeKey(), fido = m_folder.filePath("fido");
        put(strict->folder() + "/authorized_keys", bytesOf(key + ".pub"), QIODevice::Append);
        put(fido, securityKeyFile());
        for (const QString &added : {makeKey(), makeKey(), makeKey(), key, fido}) // more keys than the host lets be tried
            QCOMPARE(runProcess({"ssh-add", "-q", added}).exitStatus, 0);
        QVERIFY(KeyRing::onlyForAgent(key).isEmpty());
        QVERIFY(QFile::remove(key));
        QCOMPARE(KeyRing::onlyForAgent(key + ".pub"), fingerprint(key));
        const QString fidoPrint = QString::fromUtf8(runProcess({"ssh-keygen", "-lf", fido}).out).section(u' ', 1, 1);
        QCOMPARE(KeyRing::onlyForAgent(fido), fidoPrint);
        for (const bool readByAll : {true, false}) {
            QFile::setPermissions(key + ".pub", readByAll ? QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup | QFile::ReadOther : QFile::ReadOwner | QFile::WriteOwner);
            SshPool pool(m_trust, this);
            const auto in = exec(pool, with(*strict, key + ".pub"), command("echo in"));
            QVERIFY(in.wait());
            QVERIFY2(in->has_value(), in->has_value() ? "" : qPrintable(in->error().args.join(u' ')));
        }
        {
            SshPool pool(m_trust, this);
            EXPECT_ERROR(exec(pool, with(*strict, fido), command("true")), "auth-failed"); // offered, and not let in there
            QVERIFY2(strict->log().contains("ED25519-SK " + fidoPrint.toUtf8()), strict->log().constData());
        }
        QCOMPARE(runProcess({"ssh-add", "-q", "-D"}).exitStatus, 0);
        for (const QString &file : {key + ".pub", fido}) {
            SshPool pool(m_trust, this);
            const auto absent = exec(pool, with(*strict, file), command("true"));
            EXPECT_ERROR(absent, "key-unusable");
            QVERIFY2(absent->error().args.at(1).contains("no such key"), qPrintable(absent->error().args.at(1)));
        }
        qunsetenv("SSH_AUTH_SOCK");
        agent.terminate();
        QVERIFY(agent.waitForFinished(5'000));
        SshPool pool(m_trust, this);
        const auto none = exec(pool, with(*strict, key + ".pub"), command("true"));
        EXPECT_ERROR(none, "key-unusable");
        QVERIFY2(none->error().args.at(1).contains("public key"), qPrintable(none->error().args.at(1)));
    }
    void aLockedKeyThatTheAgentHolds()
    {
        // As OpenSSH has it: nobody is asked for the passphrase of a key that the agent has open.
        QProcess agent;
        agent.start("ssh-agent", {"-D", "-a", m_folder.filePath("agent2")});
        QVERIFY(agent.waitForStarted());
        QVERIFY(QTest::qWaitFor([&] { return QFile::exists(m_folder.filePath("agent2")); }));
        qputenv("SSH_AUTH_SOCK", m_folder.filePath("agent2").toUtf8());
        const auto strict = host({"MaxAuthTries 2", "PasswordAuthentication no"});
        const QString key = makeKey({});
        put(strict->folder() + "/authorized_keys", bytesOf(key + ".pub"), QIODevice::Append);
        for (int i = 0; i < 3; ++i) // more keys than the host lets be tried
            QCOMPARE(runProcess({"ssh-add", "-q", makeKey({})}).exitStatus, 0);
        QCOMPARE(runProcess({"ssh-add", "-q", key}).exitStatus, 0);
        const auto isLocked = [&key] {
            const auto file = KeyRing().load(key);
            return file && file->isLocked();
        };
        QVERIFY(!isLocked());
        QCOMPARE(runProcess({"ssh-keygen", "-q", "-p", "-N", "locked now", "-f", key}).exitStatus, 0);
        QVERIFY(isLocked());
        for (const bool beside : {true, false}) { // the public half beside it, or inside of it
            if (!beside)
                QFile::remove(key + ".pub");
            Credentials credentials;
            Person person(credentials, [](const CredentialQuestion &) { return Person::say("locked now"); });
            SshPool pool(m_trust, this, {}, &credentials);
            const auto in = exec(pool, with(*strict, key), command("true"));
            QVERIFY(in.wait());
            QVERIFY2(in->has_value(), in->has_value() ? "" : qPrintable(in->error().args.join(u' ')));
            QVERIFY(person.asked.isEmpty());
        }
        QCOMPARE(runProcess({"ssh-add", "-q", "-D"}).exitStatus, 0);
        Credentials credentials;
        Person person(credentials, [](const CredentialQuestion &) { return Person::say("locked now"); });
        SshPool pool(m_trust, this, {}, &credentials);
        const auto in = exec(pool, with(*strict, key), command("true"));
        QVERIFY(in.wait() && in->has_value());
        QCOMPARE(person.asked.size(), 1);
        qunsetenv("SSH_AUTH_SOCK");
        agent.terminate();
        QVERIFY(agent.waitForFinished(5'000));
    }
    void passwords_data()
    {
        QTest::addColumn<QStringList>("config");
        QTest::addColumn<QString>("method");
        QTest::newRow("password") << QStringList{"PasswordAuthentication yes"} << "password";
        QTest::newRow("keyboard-interactive") << QStringList{"UsePAM yes", "KbdInteractiveAuthentication yes"} << "keyboard-interactive";
    }
    void passwords()
    {
        QFETCH(QStringList, config);
        QFETCH(QString, method);
        const auto asking = host(config);
        QVERIFY2(asking->isRunning(), qPrintable(asking->failure()));
        Credentials credentials;
        QByteArray word = "wrong";
        Person person(credentials, [&](const CredentialQuestion &) { return Person::say(word); });
        SshPool pool(m_trust, this, {}, &credentials);
        const Endpoint to = with(*asking, QStringLiteral("password"), m_user);
        const auto wrong = exec(pool, to, command("true"));
        EXPECT_ERROR(wrong, "auth-failed");
        QVERIFY2(wrong->error().args.at(2).contains(method), qPrintable(wrong->error().args.at(2)));
        QCOMPARE(person.asked.size(), 1);
        QCOMPARE(person.asked[0].kind, CredentialKind::Password);
        QCOMPARE(person.asked[0].user, m_user);
        EXPECT_ERROR(exec(pool, to, command("true")), "auth-failed"); // one try
        QCOMPARE(asking->log().count("Failed "), 1);
        credentials.personAsked();
        word = secret;
        const auto in = exec(pool, to, command("echo in; id -un"));
        QVERIFY(in.wait());
        QVERIFY2(in->has_value(), in->has_value() ? "" : qPrintable(in->error().args.join(u' ')));
        QCOMPARE((*in)->out, "in\n" + m_user.toUtf8() + '\n');
        QCOMPARE(person.asked.size(), 2);
        pool.closeAll();
        const auto again = exec(pool, to, command("true"));
        QVERIFY(again.wait() && again->has_value());
        QCOMPARE(person.asked.size(), 2); // known for this session
        QVERIFY(!asking->log().contains(secret));
    }
    void oneHostTriesAPasswordForAll()
    {
        // A mistyped password that is for all hosts costs one attempt on one host.
        std::vector<std::unique_ptr<TestSshd>> hosts;
        for (int i = 0; i < 4; ++i)
            hosts.push_back(host({"PasswordAuthentication yes"}));
        Credentials credentials;
        int asked = 0;
        Person person(credentials, [&](const CredentialQuestion &) { return ++asked == 1 ? Person::say("wrong", true) : Person::say(secret, true); });
        person.mute = true;
        SshPool pool(m_trust, this, {}, &credentials);
        QList<Awaited<ExecAnswer>> answers;
        for (const auto &one : hosts)
            answers << exec(pool, with(*one, QStringLiteral("password"), m_user), command("echo in"));
        QVERIFY(QTest::qWaitFor([&] { return credentials.questions().size() == 1 && credentials.questions().first().machines.size() == 4; }));
        person.mute = false;
        person.look();
        int in = 0, denied = 0, failures = 0;
        for (const auto &answer : answers) {
            QVERIFY(answer.wait());
            (answer->has_value() ? in : denied) += 1;
        }
        for (const auto &one : hosts)
            failures += int(one->log().count("Failed password"));
        QCOMPARE(in, 3);
        QCOMPARE(denied, 1);
        QCOMPARE(failures, 1);
        QCOMPARE(person.asked.size(), 2);
        QVERIFY2(person.asked[1].problem.contains("did not accept"), qPrintable(person.asked[1].problem));
    }
    void bothFactors()
    {
        const auto both = host({"PasswordAuthentication yes", "AuthenticationMethods publickey,password"});
        QFile::setPermissions(both->folder(), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner | QFile::ExeOther); // sshd reads it as the user
        Credentials credentials;
        Person person(credentials, [&](const CredentialQuestion &) { return Person::say(secret); });
        SshPool pool(m_trust, this, {}, &credentials);
        Endpoint to = both->endpoint();
        to.user = m_user;
        const auto in = exec(pool, to, command("echo in"));
        QVERIFY(in.wait());
        QVERIFY2(in->has_value(), in->has_value() ? "" : qPrintable(in->error().args.join(u' ')));
        QCOMPARE(person.asked.size(), 1);
    }
    void theHostsOwnQuestions()
    {
        // An expired password: PAM asks for the old one and twice for a new one, in words of its own.
        const auto asking = host({"UsePAM yes", "KbdInteractiveAuthentication yes"});
        QCOMPARE(runProcess({"chage", "-d", "0", m_user}).exitStatus, 0);
        const QByteArray fresh = "Fresh-word-9a!x2";
        Credentials credentials;
        Person person(credentials, [&](const CredentialQuestion &question) -> std::optional<CredentialAnswer> {
            if (question.kind == CredentialKind::Password)
                return Person::say(secret);
            const QString prompt = question.prompts.value(0).text;
            return Person::say(prompt.contains("urrent") ? secret : fresh);
        });
        SshOptions options;
        options.authMs = 5'000;
        SshPool pool(m_trust, this, options, &credentials);
        const auto in = exec(pool, with(*asking, QStringLiteral("password"), m_user), command("echo in"));
        QVERIFY(in.wait());
        setPassword();
        QStringList prompts;
        for (const CredentialQuestion &question : std::as_const(person.asked)) {
            for (const auto &prompt : question.prompts) {
                QVERIFY(!prompt.echo);
                prompts << prompt.text;
            }
        }
        QVERIFY2(in->has_value(), qPrintable(prompts.join(u'|') + (in->has_value() ? QString() : in->error().args.join(u' '))));
        QVERIFY2(prompts.size() >= 3, qPrintable(prompts.join(u'|')));
    }
    void hostsThatDoNotWait()
    {
        // A host's own question is answered on its connection; it ends that (LoginGraceTime) when nobody comes.
        const auto asking = host({"UsePAM yes", "KbdInteractiveAuthentication yes", "LoginGraceTime 2"});
        QCOMPARE(runProcess({"chage", "-d", "0", m_user}).exitStatus, 0);
        Credentials credentials;
        Person person(credentials, [&](const CredentialQuestion &) { return Person::say(secret); });
        SshPool pool(m_trust, this, {}, &credentials);
        QVERIFY(QTest::qWaitFor([&] { person.mute = person.asked.size() >= 1; return true; }));
        const auto cut = exec(pool, with(*asking, QStringLiteral("password"), m_user), command("true"));
        QVERIFY(QTest::qWaitFor([&] { person.mute = person.asked.size() >= 1; return cut.value->has_value(); }, 20'000));
        setPassword();
        QVERIFY(!cut->has_value());
        QCOMPARE(name(cut->error()), QByteArray("connection-lost"));
        QVERIFY(credentials.questions().isEmpty()); // withdrawn
    }
    void theAnswerIsNowhereToBeSeen()
    {
        // [S5] Neither arguments nor environment of any process hold what was typed.
        const auto asking = host({"PasswordAuthentication yes"});
        Credentials credentials;
        Person person(credentials, [&](const CredentialQuestion &) { return Person::say(secret); });
        SshPool pool(m_trust, this, {}, &credentials);
        const auto in = exec(pool, with(*asking, QStringLiteral("password"), m_user), command("sleep 1; env"));
        int looked = 0;
        while (!in.value->has_value() && looked < 400) {
            for (const QString &pid : QDir(QStringLiteral("/proc")).entryList({QStringLiteral("[1-9]*")}, QDir::Dirs)) {
                QVERIFY(!bytesOf("/proc/" + pid + "/cmdline").contains(secret));
                QVERIFY(!bytesOf("/proc/" + pid + "/environ").contains(secret));
            }
            ++looked;
            QTest::qWait(20);
        }
        QVERIFY(in->has_value());
        QVERIFY(looked > 5);
        QVERIFY(!(*in)->out.contains(secret));
    }
};

QTEST_GUILESS_MAIN(TestLogins)
#include "tst_logins.moc"
