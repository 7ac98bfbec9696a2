// What only a person can give, against real sshd: keys with a passphrase, certificates, one key of many in the agent.
#include "askedperson.h"
#include "shells.h"
#include "sshworld.h"
#include "logging/redactor.h"

#include <QDir>

using namespace bellwether;

namespace {

const QByteArray passphrase = "correct horse 7";

// What a desktop keeps, and answers from another thread.
struct KeptWords {
    std::mutex mutex;
    std::map<QString, Secret> words;
    QString why;
    int reads = 0;
};
class TestKeychain final : public Keychain {
public:
    explicit TestKeychain(std::shared_ptr<KeptWords> kept) : m_kept(std::move(kept)) {}
    ~TestKeychain() override
    {
        for (std::thread &thread : m_threads)
            thread.join();
    }
    QString whyNot() const override { return m_kept->why; }
    void read(const QString &name, std::function<void(std::optional<Secret>)> done) override
    {
        m_threads.emplace_back([kept = m_kept, name, done] {
            std::optional<Secret> found;
            {
                const std::scoped_lock lock(kept->mutex);
                ++kept->reads;
                if (const auto it = kept->words.find(name); it != kept->words.end())
                    found = it->second;
            }
            done(found);
        });
    }
    void write(const QString &name, Secret secret) override
    {
        const std::scoped_lock lock(m_kept->mutex);
        m_kept->words[name] = secret;
    }
    void forget(const QString &name) override
    {
        const std::scoped_lock lock(m_kept->mutex);
        m_kept->words.erase(name);
    }
    void forgetAll() override
    {
        const std::scoped_lock lock(m_kept->mutex);
        m_kept->words.clear();
    }

private:
    std::shared_ptr<KeptWords> m_kept;
    std::vector<std::thread> m_threads;
};

} // namespace

class TestCredentials : public SshWorld {
    Q_OBJECT

    QTemporaryDir m_folder;
    int m_keys = 0;

    // A private key; let in by the host when `letIn`.
    QString makeKey(const QString &type, const QByteArray &words, bool letIn = true, const QStringList &more = {})
    {
        const QString path = m_folder.filePath(QStringLiteral("key%1").arg(++m_keys));
        QStringList argv{"ssh-keygen", "-q", "-t", type, "-N", QString::fromUtf8(words), "-f", path};
        const auto made = runProcess(argv + more);
        if (made.exitStatus != 0)
            qWarning("%s", made.err.constData());
        if (letIn)
            append(m_sshd->folder() + "/authorized_keys", read(path + ".pub"));
        return path;
    }
    static QByteArray read(const QString &path)
    {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    static void append(const QString &path, const QByteArray &bytes)
    {
        QFile file(path);
        if (file.open(QIODevice::Append))
            file.write(bytes);
    }
    Endpoint with(const QString &identity) const
    {
        Endpoint to = m_sshd->endpoint();
        to.identity = identity;
        return to;
    }
    QString fingerprintOf(const QString &key)
    {
        return QString::fromUtf8(runProcess({"ssh-keygen", "-lf", key + ".pub"}).out).section(u' ', 1, 1);
    }

private Q_SLOTS:
    void initTestCase() { startHost(); }

    void lockedKeys_data()
    {
        QTest::addColumn<QString>("type");
        QTest::addColumn<QStringList>("more");
        QTest::newRow("ed25519") << "ed25519" << QStringList{"-a", "4"};
        QTest::newRow("ecdsa") << "ecdsa" << QStringList{"-b", "384"};
        QTest::newRow("rsa") << "rsa" << QStringList{"-b", "3072"};
        QTest::newRow("rsa in PEM") << "rsa" << QStringList{"-b", "2048", "-m", "PEM"};
        QTest::newRow("ecdsa in PKCS8") << "ecdsa" << QStringList{"-m", "PKCS8"};
    }
    void lockedKeys()
    {
        QFETCH(QString, type);
        QFETCH(QStringList, more);
        const QString key = makeKey(type, passphrase, true, more);
        Credentials credentials;
        Person person(credentials, [](const CredentialQuestion &question) {
            return Person::say(question.round == 0 ? QByteArray("wrong") : passphrase);
        });
        SshPool pool(m_trust, this, {}, &credentials);
        QList<Awaited<ExecAnswer>> answers;
        for (int i = 0; i < 3; ++i)
            answers << exec(pool, with(key), command("echo in"));
        for (const auto &answer : answers) {
            QVERIFY(answer.wait());
            QVERIFY2(answer->has_value(), answer->has_value() ? "" : qPrintable(answer->error().args.join(u' ')));
            QCOMPARE((*answer)->out, QByteArray("in\n"));
        }
        QCOMPARE(person.asked.size(), 2); // wrong, then right
        QCOMPARE(person.asked[0].subject, key);
        QCOMPARE(person.asked[0].machines, QStringList{m_sshd->endpoint().machine()});
        QVERIFY(person.asked[0].problem.isEmpty());
        QVERIFY2(person.asked[1].problem.contains("does not open"), qPrintable(person.asked[1].problem));
        // Another connection later: nobody is asked again.
        pool.closeAll();
        const auto again = exec(pool, with(key), command("true"));
        QVERIFY(again.wait() && again->has_value());
        QCOMPARE(person.asked.size(), 2);
        QCOMPARE(processRedactor().redact("x" + passphrase + "x"), QByteArray("x[redacted]x"));
    }
    void oneQuestionForManyHosts()
    {
        TestSshd everywhere({}, QStringLiteral("0.0.0.0"));
        QVERIFY(everywhere.isRunning());
        const QString key = makeKey("ed25519", passphrase, false);
        append(everywhere.folder() + "/authorized_keys", read(key + ".pub"));
        TestTrust trust;
        trust.trustEverywhere(everywhere.fingerprint());
        Credentials credentials;
        Person person(credentials, [](const CredentialQuestion &) { return Person::say(passphrase); });
        person.mute = true;
        SshPool pool(trust, this, {}, &credentials);
        QList<Awaited<ExecAnswer>> answers;
        for (int i = 1; i <= 20; ++i) {
            Endpoint to = everywhere.endpoint(QStringLiteral("127.0.83.%1").arg(i));
            to.identity = key;
            answers << exec(pool, to, command("echo in"));
        }
        QVERIFY(QTest::qWaitFor([&] { return credentials.questions().size() == 1 && credentials.questions().first().machines.size() == 20; }, 30'000));
        // Whoever takes his time holds no connection open: hosts count those.
        QVERIFY(QTest::qWaitFor([&] { return everywhere.connections().isEmpty(); }, 10'000));
        person.mute = false;
        person.look();
        for (const auto &answer : answers) {
            QVERIFY(answer.wait(60'000));
            QVERIFY2(answer->has_value(), answer->has_value() ? "" : qPrintable(answer->error().args.join(u' ')));
        }
        QCOMPARE(person.asked.size(), 1);
    }
    void refusedUntilAPersonAsks()
    {
        const QString key = makeKey("ed25519", passphrase);
        Credentials credentials;
        bool willing = false;
        Person person(credentials, [&](const CredentialQuestion &) { return willing ? Person::say(passphrase) : std::nullopt; });
        SshPool pool(m_trust, this, {}, &credentials);
        const auto refused = exec(pool, with(key), command("true"));
        EXPECT_ERROR(refused, "credential-needed");
        QCOMPARE(refused->error().args.at(0), m_sshd->endpoint().machine());
        QVERIFY2(refused->error().args.at(1).contains(key), qPrintable(refused->error().args.at(1)));
        EXPECT_ERROR(exec(pool, with(key), command("true")), "credential-needed"); // what goes on by itself does not nag
        QCOMPARE(person.asked.size(), 1);
        willing = true;
        credentials.personAsked();
        const auto in = exec(pool, with(key), command("true"));
        QVERIFY(in.wait() && in->has_value());
        QCOMPARE(person.asked.size(), 2);
    }
    void whatTheDesktopKeeps()
    {
        const QString key = makeKey("ed25519", passphrase);
        const auto kept = std::make_shared<KeptWords>();
        for (int night = 0; night < 4; ++night) {
            if (night == 2) { // somebody changed the key's passphrase
                const std::scoped_lock lock(kept->mutex);
                kept->words.begin()->second = Secret(QByteArray("old one"));
            }
            kept->why = night == 3 ? QStringLiteral("no service of the desktop answers") : QString();
            Credentials credentials(std::make_unique<TestKeychain>(kept));
            Person person(credentials, [](const CredentialQuestion &) { return Person::say(passphrase, false, true); });
            SshPool pool(m_trust, this, {}, &credentials);
            const auto in = exec(pool, with(key), command("true"));
            QVERIFY(in.wait() && in->has_value());
            QCOMPARE(person.asked.size(), night == 1 ? 0 : 1);
            if (night == 2)
                QVERIFY2(person.asked[0].problem.contains("keychain"), qPrintable(person.asked[0].problem));
            if (night == 3)
                QCOMPARE(person.asked[0].cannotKeep, kept->why);
        }
        {
            const std::scoped_lock lock(kept->mutex);
            QCOMPARE(kept->words.size(), size_t(1));
            QCOMPARE(kept->words.begin()->second.copy(), passphrase);
            QCOMPARE(kept->reads, 3);
        }
        Credentials credentials(std::make_unique<TestKeychain>(kept));
        QCOMPARE(credentials.cannotKeep(), kept->why);
        credentials.forgetKept();
        QVERIFY(kept->words.empty());
    }
    void aKeychainThatAnswersLate()
    {
        // It is locked, and its owner still types: the console asks meanwhile, and takes what comes first.
        class Slow final : public Keychain {
        public:
            explicit Slow(std::function<void(std::optional<Secret>)> *later) : m_later(later) {}
            QString whyNot() const override { return {}; }
            void read(const QString &, std::function<void(std::optional<Secret>)> done) override { *m_later = done; }
            void write(const QString &, Secret) override {}
            void forget(const QString &) override {}
            void forgetAll() override {}

        private:
            std::function<void(std::optional<Secret>)> *m_later;
        };
        const QString key = makeKey("ed25519", passphrase);
        std::function<void(std::optional<Secret>)> later;
        Credentials credentials(std::make_unique<Slow>(&later));
        Person person(credentials, [](const CredentialQuestion &) { return std::nullopt; });
        person.mute = true;
        SshPool pool(m_trust, this, {}, &credentials);
        const auto in = exec(pool, with(key), command("true"));
        QVERIFY(QTest::qWaitFor([&] { return bool(later); }));
        QVERIFY(credentials.questions().isEmpty());
        later(std::nullopt);
        QCOMPARE(credentials.questions().size(), 1);
        later(Secret(QByteArray(passphrase)));
        QVERIFY(in.wait() && in->has_value());
        QVERIFY(credentials.questions().isEmpty() && person.asked.isEmpty());
        later(Secret(QByteArray(passphrase))); // nobody waits any more
    }
    void aPasswordIsForTheHostsThatWereNamed()
    {
        // [S9] A host that asks later was never named to the person: it gets nothing, whatever user it asks for.
        Credentials credentials;
        credentials.listen([] {});
        QMap<QString, QByteArray> given;
        const auto wants = [&](const QString &machine) {
            credentials.password("ops", machine, [&given, machine](const Result<Secret> &word) { given.insert(machine, word ? word->copy() : QByteArray()); });
        };
        const auto answer = [&](const CredentialQuestion &question, const QByteArray &word) {
            CredentialAnswer all = *Person::say(word);
            all.machines = question.machines;
            credentials.answer(question.id, all);
        };
        for (const char *machine : {"a:22", "b:22", "c:22"})
            wants(machine);
        QCOMPARE(credentials.questions().size(), 1);
        const CredentialQuestion first = credentials.questions().first();
        QCOMPARE(first.machines, (QStringList{"a:22", "b:22", "c:22"}));
        wants("d:22"); // while the person types
        answer(first, "wrong");
        QCOMPARE(given, (QMap<QString, QByteArray>{{"a:22", "wrong"}})); // tried on one of them
        credentials.judged("ops", "a:22", Credentials::Verdict::Rejected);
        wants("a:22");
        QCOMPARE(given.size(), 1);
        QCOMPARE(credentials.questions().size(), 1); // and asked once more for all of them
        const CredentialQuestion second = credentials.questions().first();
        QCOMPARE(QSet<QString>(second.machines.cbegin(), second.machines.cend()), (QSet<QString>{"a:22", "b:22", "c:22", "d:22"}));
        QVERIFY2(second.round == 1 && second.problem.contains("did not accept"), qPrintable(second.problem));
        answer(second, "word");
        QCOMPARE(given.size(), 2);
        QVERIFY(given.contains("b:22"));
        credentials.judged("ops", "b:22", Credentials::Verdict::Accepted);
        for (const char *machine : {"a:22", "b:22", "c:22", "d:22"})
            QCOMPARE(given.value(machine), QByteArray("word"));
        QVERIFY(credentials.questions().isEmpty());
        wants("later:22");
        QVERIFY(!given.contains("later:22"));
        QCOMPARE(credentials.questions().first().machines, QStringList{"later:22"});
        QVERIFY(!credentials.ready("ops", "later:22") && credentials.ready("ops", "c:22"));
        // One of them wants another word: the others keep theirs.
        credentials.judged("ops", "c:22", Credentials::Verdict::Rejected);
        QVERIFY(!credentials.ready("ops", "c:22") && credentials.ready("ops", "d:22"));
    }
    void anotherPasswordForAll()
    {
        // Of two hosts with different passwords both are answered with "for all": nobody waits without end.
        Credentials credentials;
        credentials.listen([] {});
        QMap<QString, QByteArray> given;
        const auto wants = [&](const QString &machine) {
            given.remove(machine);
            credentials.password("ops", machine, [&given, machine](const Result<Secret> &word) { given.insert(machine, word ? word->copy() : QByteArray()); });
        };
        wants("a:22");
        credentials.answer(credentials.questions().first().id, *Person::say("one", true));
        credentials.judged("ops", "a:22", Credentials::Verdict::Accepted);
        wants("b:22");
        QCOMPARE(given.value("b:22"), QByteArray("one"));
        credentials.judged("ops", "b:22", Credentials::Verdict::Rejected);
        wants("b:22");
        QVERIFY(!given.contains("b:22"));
        credentials.answer(credentials.questions().first().id, *Person::say("two", true));
        QCOMPARE(given.value("b:22"), QByteArray("two"));
        credentials.judged("ops", "b:22", Credentials::Verdict::Accepted);
        wants("c:22");
        QCOMPARE(given.value("c:22"), QByteArray("two"));
    }
    void nobodyToAsk()
    {
        const QString key = makeKey("ed25519", passphrase);
        SshPool pool(m_trust, this);
        const auto answer = exec(pool, with(key), command("true"));
        EXPECT_ERROR(answer, "credential-needed");
        QVERIFY2(answer->error().args.at(2).contains("ssh-agent"), qPrintable(answer->error().args.at(2)));
    }
    void nobodyIsAskedInVain()
    {
        // [S2] Neither before the host has shown its key, nor for a key it would not let in.
        const QString stranger = makeKey("ed25519", passphrase, false);
        Credentials credentials;
        Person person(credentials, [](const CredentialQuestion &) { return Person::say(passphrase); });
        SshPool pool(m_trust, this, {}, &credentials);
        EXPECT_ERROR(exec(pool, with(stranger), command("true")), "auth-failed");
        TestSshd other;
        QVERIFY(other.isRunning());
        Endpoint to = other.endpoint();
        to.identity = makeKey("ed25519", passphrase, false);
        append(other.folder() + "/authorized_keys", read(to.identity + ".pub"));
        EXPECT_ERROR(exec(pool, to, command("true")), "host-key-unknown");
        m_trust.trust(other.endpoint().machine(), QStringLiteral("SHA256:AAAA"));
        EXPECT_ERROR(exec(pool, to, command("true")), "host-key-changed");
        QVERIFY(person.asked.isEmpty());
        QVERIFY(QTest::qWaitFor([&] { return other.connections().isEmpty(); }, 5'000));
        QCOMPARE(other.authAttempts(), 0);
    }
    void aDeniedHostIsLeftAlone()
    {
        // [fault 32]
        TestSshd host;
        QVERIFY(host.isRunning());
        m_trust.trust(host.endpoint().machine(), host.fingerprint());
        Endpoint to = host.endpoint();
        to.identity = host.strangerKey();
        Credentials credentials;
        SshPool pool(m_trust, this, {}, &credentials);
        const auto count = [&host] { return host.log().count("Connection from "); };
        QVERIFY(QTest::qWaitFor([&] { return count() == 1; })); // somebody looked whether it listens
        const auto before = count();
        const auto first = exec(pool, to, command("true"));
        EXPECT_ERROR(first, "auth-failed");
        QCOMPARE(first->error().args.at(2), QString("publickey"));
        QCOMPARE(count(), before + 1);
        for (int i = 0; i < 10; ++i) {
            const auto next = exec(pool, to, command("true"));
            EXPECT_ERROR(next, "auth-failed");
            QCOMPARE(next->error().args.at(2), QString("publickey"));
        }
        QCOMPARE(count(), before + 1);
        append(host.folder() + "/authorized_keys", read(host.strangerKey() + ".pub"));
        credentials.personAsked();
        const auto in = exec(pool, to, command("true"));
        QVERIFY(in.wait() && in->has_value());
    }
    void deniedAndAMinuteLater()
    {
        SshOptions options;
        options.deniedPauseMs = 300;
        SshPool pool(m_trust, this, options);
        const QString stranger = makeKey("ed25519", {}, false);
        EXPECT_ERROR(exec(pool, with(stranger), command("true")), "auth-failed");
        append(m_sshd->folder() + "/authorized_keys", read(stranger + ".pub"));
        EXPECT_ERROR(exec(pool, with(stranger), command("true")), "auth-failed");
        QTest::qWait(350);
        const auto in = exec(pool, with(stranger), command("true"));
        QVERIFY(in.wait() && in->has_value());
    }
};

QTEST_GUILESS_MAIN(TestCredentials)
#include "tst_credentials.moc"
