// What a person is asked and how: the window's dialog, and the real program at a real terminal, against real sshd.
#include "cliprocess.h"
#include "shells.h"
#include "testsshd.h"

#include "shell/credentialdialog.h"
#include "widgets/theme.h"

#include <QApplication>
#include <QCheckBox>
#include <QDir>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QLineEdit>
#include <QTest>
#include <csignal>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bellwether;

namespace {

// A console with questions of the test's own.
class Desk final : public CredentialPort {
public:
    QList<CredentialQuestion> questions() const override { return open; }
    void answer(qint64 id, CredentialAnswer answer) override { answers.append({id, std::move(answer)}); }
    void refuse(qint64 id) override
    {
        refused.append(id);
        open.removeIf([id](const CredentialQuestion &q) { return q.id == id; });
    }
    void listen(std::function<void()> changed) override { wake = std::move(changed); }
    QList<CredentialQuestion> open;
    QList<std::pair<qint64, CredentialAnswer>> answers;
    QList<qint64> refused;
    std::function<void()> wake;
};

CredentialQuestion lockedKey()
{
    CredentialQuestion question;
    question.id = 7;
    question.subject = QStringLiteral("/home/ops/.ssh/id_ed25519");
    question.machines = {QStringLiteral("10.0.0.1:22"), QStringLiteral("10.0.0.2:22"), QStringLiteral("10.0.0.3:22")};
    question.prompts = {{QStringLiteral("Passphrase"), false}};
    question.cannotKeep = QStringLiteral("this console has no keychain");
    return question;
}

void shoot(QWidget *widget, const QString &name)
{
    const QString folder = qEnvironmentVariable("BELLWETHER_SHOTS");
    if (!folder.isEmpty())
        widget->grab().save(folder + u'/' + name + QStringLiteral(".png"));
}

// The program on a terminal of its own.
class Session {
public:
    Session(const QStringList &arguments, const QString &data)
    {
        QList<QByteArray> words{Cli::program().toUtf8(), "--data", data.toUtf8()};
        for (const QString &word : arguments)
            words.append(word.toUtf8());
        std::vector<char *> argv;
        for (QByteArray &word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        m_pid = ::forkpty(&m_fd, nullptr, nullptr, nullptr);
        if (m_pid == 0) {
            ::execv(argv[0], argv.data());
            ::_exit(127);
        }
    }
    ~Session()
    {
        if (m_pid > 0) {
            ::kill(m_pid, SIGKILL);
            ::waitpid(m_pid, nullptr, 0);
        }
        ::close(m_fd);
    }
    bool waitFor(const QByteArray &words, int times = 1, int ms = 30'000)
    {
        QElapsedTimer since;
        since.start();
        while (said.count(words) < times && since.elapsed() < ms) {
            pollfd one{m_fd, POLLIN, 0};
            char bytes[4096];
            if (::poll(&one, 1, 50) > 0) {
                const ssize_t count = ::read(m_fd, bytes, sizeof bytes);
                if (count <= 0)
                    break;
                said.append(bytes, count);
            }
        }
        return said.count(words) >= times;
    }
    void type(const QByteArray &line) const { (void)!::write(m_fd, (line + '\n').constData(), size_t(line.size()) + 1); }
    int end()
    {
        waitFor("\1 never said");
        int status = 0;
        ::waitpid(m_pid, &status, 0);
        m_pid = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    QByteArray said;

private:
    int m_fd = -1;
    pid_t m_pid = -1;
};

// A login with a password, for as long as the test takes.
class Account {
public:
    Account() : name(QStringLiteral("bwq%1").arg(::getpid()))
    {
        isMade = runProcess({"useradd", "-M", "-d", "/", "-s", "/bin/sh", name}).exitStatus == 0
            && runProcess({"chpasswd"}, name.toUtf8() + ':' + word + '\n').exitStatus == 0;
    }
    ~Account()
    {
        (void)QTest::qWaitFor([this] { return runProcess({"userdel", name}).exitStatus != 8; }, 20'000); // 8: its last session is still there
    }
    const QString name;
    const QByteArray word = "Canary-word-4711";
    bool isMade = false;
};

} // namespace

class TestCredentialAsk : public QObject {
    Q_OBJECT

    QWidget m_window;

    CredentialDialog *dialog() { return m_window.findChild<CredentialDialog *>(); }
    static QString textsOf(QWidget *widget)
    {
        QStringList texts;
        for (const QLabel *label : widget->findChildren<QLabel *>()) {
            if (label->isVisibleTo(widget))
                texts << label->text();
        }
        return texts.join(u'\n');
    }

private Q_SLOTS:
    void initTestCase()
    {
        Theme::instance().install(*qApp);
        m_window.resize(900, 600);
        m_window.show();
    }

    void theDialogNamesKeyAndHosts()
    {
        Desk desk;
        CredentialAsker asker(desk, [](const QString &machine) { return machine.startsWith("10.0.0.1") ? QStringLiteral("berlin-1") : machine; }, &m_window);
        desk.open = {lockedKey()};
        desk.wake();
        QVERIFY(QTest::qWaitFor([&] { return dialog() && dialog()->isVisible(); }));
        const QString texts = textsOf(dialog());
        QVERIFY2(texts.contains("/home/ops/.ssh/id_ed25519") && texts.contains("berlin-1") && texts.contains("3 hosts"), qPrintable(texts));
        QVERIFY2(texts.contains("this console has no keychain"), qPrintable(texts));
        auto *field = dialog()->findChild<QLineEdit *>();
        QCOMPARE(field->echoMode(), QLineEdit::Password);
        QVERIFY(QTest::qWaitFor([&] { return field->hasFocus() || QApplication::platformName() != QLatin1String("xcb"); }));
        for (const ThemeMode mode : {ThemeMode::Light, ThemeMode::Dark}) {
            theme().setMode(mode);
            shoot(dialog(), mode == ThemeMode::Light ? QStringLiteral("passphrase-light") : QStringLiteral("passphrase-dark"));
        }
        QTest::keyClicks(field, QStringLiteral("wrong"));
        QTest::keyClick(field, Qt::Key_Return);
        QCOMPARE(desk.answers.size(), 1);
        QCOMPARE(desk.answers[0].first, 7);
        QCOMPARE(desk.answers[0].second.values.first().copy(), QByteArray("wrong"));
        QVERIFY(!desk.answers[0].second.keep);
        QVERIFY(field->text().isEmpty() && !field->isUndoAvailable());
        // While it is tried the dialog waits; then it says that it was wrong, and asks again.
        desk.open.first().busy = true;
        desk.wake();
        QVERIFY(QTest::qWaitFor([&] { return !field->isEnabled(); }));
        desk.open.first().busy = false;
        desk.open.first().round = 1;
        desk.open.first().problem = QStringLiteral("That passphrase does not open this key.");
        desk.wake();
        QVERIFY(QTest::qWaitFor([&] { return field->isEnabled(); }));
        QVERIFY(textsOf(dialog()).contains("does not open"));
        for (const QLabel *label : dialog()->findChildren<QLabel *>())
            QVERIFY2(!label->isVisibleTo(dialog()) || label->height() >= label->heightForWidth(label->width()), qPrintable(label->text()));
        shoot(dialog(), QStringLiteral("passphrase-wrong-dark"));
        theme().setMode(ThemeMode::Light);
        shoot(dialog(), QStringLiteral("passphrase-wrong-light"));
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QCOMPARE(desk.refused, QList<qint64>{7});
        QVERIFY(QTest::qWaitFor([&] { return !dialog(); }));
    }
    void aHostsOwnQuestionsArePlainText()
    {
        // [S9, S10]
        Desk desk;
        CredentialAsker asker(desk, [](const QString &machine) { return machine; }, &m_window);
        CredentialQuestion question;
        question.id = 9;
        question.kind = CredentialKind::Prompts;
        question.user = QStringLiteral("ops");
        question.machines = {QStringLiteral("10.0.0.1:22")};
        question.instruction = QStringLiteral("<img src=file:///etc/passwd> \u202Etxt.exe \x1b[2J");
        question.prompts = {{QStringLiteral("<b>Code</b>"), true}, {QStringLiteral("PIN"), false}};
        desk.open = {question};
        desk.wake();
        QVERIFY(QTest::qWaitFor([&] { return dialog() && dialog()->isVisible(); }));
        for (const QLabel *label : dialog()->findChildren<QLabel *>())
            QCOMPARE(label->textFormat(), Qt::PlainText);
        const QString texts = textsOf(dialog());
        QVERIFY(texts.contains("<img") && texts.contains("<b>Code</b>") && !texts.contains(QChar(0x202E)) && !texts.contains(QChar(0x1b)));
        shoot(dialog(), QStringLiteral("prompts-light"));
        const auto fields = dialog()->findChildren<QLineEdit *>();
        QCOMPARE(fields.size(), 2);
        QCOMPARE(fields[0]->echoMode(), QLineEdit::Normal);
        QTest::keyClicks(fields[0], QStringLiteral("123"));
        QTest::keyClick(fields[0], Qt::Key_Return); // goes on to the next field
        QVERIFY(desk.answers.isEmpty());
        QTest::keyClicks(fields[1], QStringLiteral("9"));
        QTest::keyClick(fields[1], Qt::Key_Return);
        QCOMPARE(desk.answers.size(), 1);
        QCOMPARE(desk.answers[0].second.values.size(), 2);
        desk.open.clear(); // the host did not wait
        desk.wake();
        QVERIFY(QTest::qWaitFor([&] { return !dialog(); }));
        QVERIFY(desk.refused.isEmpty());
    }
    void whatIsTypedGoesToNoOtherQuestion()
    {
        // [S9] The connection is closed in the middle of a passphrase, and another host asks something that shows what is typed.
        Desk desk;
        CredentialAsker asker(desk, [](const QString &machine) { return machine; }, &m_window);
        desk.open = {lockedKey()};
        desk.wake();
        QVERIFY(QTest::qWaitFor([&] { return dialog() && dialog()->isVisible(); }));
        const auto type = [&](const QString &text) { // where the keyboard is
            QWidget *there = dialog()->focusWidget() ? dialog()->focusWidget() : dialog();
            QTest::keyClicks(there, text);
            QTest::keyClick(there, Qt::Key_Return);
        };
        auto *field = dialog()->findChild<QLineEdit *>();
        QTest::keyClicks(field, QStringLiteral("correct horse"));
        CredentialQuestion other;
        other.id = 9;
        other.kind = CredentialKind::Prompts;
        other.machines = {QStringLiteral("10.0.0.9:22")};
        other.prompts = {{QStringLiteral("Code"), true}};
        desk.open = {other};
        desk.wake();
        QVERIFY(QTest::qWaitFor([&] { return !field->isEnabled(); }));
        QCOMPARE(dialog()->id(), 7);
        QVERIFY(field->text().isEmpty() && textsOf(dialog()).contains("no longer asked"));
        desk.wake();
        type(QStringLiteral(" battery"));
        QVERIFY(QTest::qWaitFor([&] { return dialog() && dialog()->id() == 9 && dialog()->isVisible(); }));
        type(QStringLiteral(" staple"));
        field = dialog()->findChild<QLineEdit *>();
        QVERIFY(field->text().isEmpty() && desk.answers.isEmpty() && desk.refused.isEmpty());
        field->setFocus();
        type(QStringLiteral("123456"));
        QCOMPARE(desk.answers.size(), 1);
        QCOMPARE(desk.answers[0].first, 9);
        QCOMPARE(desk.answers[0].second.values.first().copy(), QByteArray("123456"));
        desk.open.clear();
        desk.wake();
        QVERIFY(QTest::qWaitFor([&] { return !dialog(); }, 1000)); // it was answered: at once
        // Somebody closes it first.
        desk.open = {lockedKey()};
        desk.wake();
        QVERIFY(QTest::qWaitFor([&] { return dialog() && dialog()->isVisible(); }));
        desk.open.clear();
        desk.wake();
        QVERIFY(QTest::qWaitFor([&] { return !dialog()->findChild<QLineEdit *>()->isEnabled(); }));
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QVERIFY(QTest::qWaitFor([&] { return !dialog(); }, 1000));
        QVERIFY(desk.refused.isEmpty());
    }
    void onePasswordForAllHosts()
    {
        Desk desk;
        CredentialAsker asker(desk, [](const QString &machine) { return machine; }, &m_window);
        CredentialQuestion question = lockedKey();
        question.kind = CredentialKind::Password;
        question.user = QStringLiteral("ops");
        question.forAll = true;
        question.cannotKeep.clear();
        desk.open = {question};
        desk.wake();
        QVERIFY(QTest::qWaitFor([&] { return dialog() && dialog()->isVisible(); }));
        shoot(dialog(), QStringLiteral("password-light"));
        QList<QCheckBox *> boxes = dialog()->findChildren<QCheckBox *>();
        QCOMPARE(boxes.size(), 2);
        for (QCheckBox *box : boxes) {
            QVERIFY(box->isVisibleTo(dialog()) && box->isEnabled() && !box->isChecked());
            box->click();
        }
        auto *field = dialog()->findChild<QLineEdit *>();
        QTest::keyClicks(field, QStringLiteral("word"));
        QTest::keyClick(field, Qt::Key_Return);
        QCOMPARE(desk.answers.size(), 1);
        QVERIFY(desk.answers[0].second.keep && desk.answers[0].second.forAll);
    }
    void theTerminalAsksWithoutEcho()
    {
        const QByteArray words = "Canary-phrase-90210";
        TestSshd host;
        QVERIFY2(host.isRunning(), qPrintable(host.failure()));
        const QString key = host.folder() + "/locked";
        QCOMPARE(runProcess({"ssh-keygen", "-q", "-t", "ed25519", "-N", QString::fromUtf8(words), "-f", key}).exitStatus, 0);
        QFile letIn(host.folder() + "/authorized_keys"), pub(key + ".pub");
        QVERIFY(letIn.open(QIODevice::Append) && pub.open(QIODevice::ReadOnly));
        letIn.write(pub.readAll());
        letIn.close();
        const Cli cli;
        const QString fleet = cli.write(QStringLiteral("fleet.yaml"), QStringLiteral("hosts:\n  - {name: berlin-1, address: 127.0.0.1, port: %1, identity: %2, product: sample, directory: /tmp, state: %3}\n")
                                                                     .arg(host.port()).arg(key, host.folder() + "/state").toUtf8());
        QCOMPARE(cli.run({"fleet", "import", fleet}).exitCode, 0);
        QCOMPARE(cli.run({"host", "trust", "berlin-1", "--fingerprint", host.fingerprint()}).exitCode, 0);
        // Nobody there: an error that says what to do.
        const CliResult silent = cli.run({"fleet", "check", "--json"});
        const QString error = silent.json().value("hosts").toArray().at(0).toObject().value("error").toString();
        QVERIFY2(error.contains("the passphrase of " + key) && error.contains("ssh-agent"), silent.told().constData());

        Session session({"fleet", "check"}, cli.data());
        QVERIFY2(session.waitFor("Passphrase: "), session.said.constData());
        QVERIFY2(session.said.contains("berlin-1") && session.said.contains(key.toUtf8()), session.said.constData());
        session.type("wrong");
        QVERIFY2(session.waitFor("does not open"), session.said.constData());
        QVERIFY2(session.waitFor("Passphrase: ", 2), session.said.constData());
        session.type(words);
        session.end();
        QVERIFY2(host.log().contains("Accepted publickey"), session.said.constData());
        QVERIFY2(!session.said.contains(words) && !session.said.contains("wrong"), session.said.constData());
        // [S4] Nothing of it is kept in any file of the data folder.
        for (const QString &name : QDir(cli.data()).entryList(QDir::Files)) {
            QFile file(cli.data() + u'/' + name);
            QVERIFY(file.open(QIODevice::ReadOnly) && !file.readAll().contains(words));
        }
        QFile log(cli.data() + "/logs/bellwether.log");
        QVERIFY(!log.open(QIODevice::ReadOnly) || !log.readAll().contains(words));

        Session given({"fleet", "check"}, cli.data());
        QVERIFY2(given.waitFor("Passphrase: "), given.said.constData());
        given.type({}); // not now
        given.end();
        QVERIFY2(given.said.contains("needs the passphrase of") || given.said.contains("credential-needed"), given.said.constData());
    }
    void keysOfAFileAreShownBeforeTheyAreTaken()
    {
        const Cli cli;
        const QByteArray print = "SHA256:" + QByteArray(43, 'A');
        QCOMPARE(cli.run({"fleet", "import", cli.write(QStringLiteral("fleet.yaml"), "hosts:\n  - {name: berlin-1, address: 127.0.0.1, product: sample, directory: /tmp}\n")}).exitCode, 0);
        const QString list = cli.write(QStringLiteral("fingerprints"), "berlin-1 " + print + '\n');
        const auto keyState = [&cli] { return cli.run({"fleet", "list", "--json"}).json().value("hosts").toArray().at(0).toObject().value("key").toString(); };
        for (const QByteArray &answer : {QByteArray(), QByteArray("y")}) {
            Session session({"host", "trust", "--import", list}, cli.data());
            QVERIFY2(session.waitFor("[y/N] "), session.said.constData());
            QVERIFY2(session.said.contains("127.0.0.1:22  " + print), session.said.constData());
            QCOMPARE(keyState(), QStringLiteral("unknown"));
            session.type(answer);
            QCOMPARE(session.end(), answer.isEmpty() ? 3 : 0);
            QCOMPARE(keyState(), answer.isEmpty() ? QStringLiteral("unknown") : QStringLiteral("trusted"));
        }
        Session unasked({"host", "trust", "--import", list, "--yes"}, cli.data());
        QCOMPARE(unasked.end(), 0);
        QVERIFY2(!unasked.said.contains("[y/N]") && unasked.said.contains("1 unchanged"), unasked.said.constData());
    }
    void aTypedPasswordGoesWhereItWasAllowed_data()
    {
        QTest::addColumn<QByteArray>("allowed");
        QTest::addColumn<int>("questions");
        QTest::newRow("only where it was asked for") << QByteArray() << 2;
        QTest::newRow("for all") << QByteArray("y") << 1;
    }
    void aTypedPasswordGoesWhereItWasAllowed()
    {
        // [S9] The second host is behind the first: it asks once the question about the first one has been answered.
        QFETCH(QByteArray, allowed);
        QFETCH(int, questions);
        QVERIFY2(::geteuid() == 0, "this test makes an account of its own: run it as root");
        const Account account;
        QVERIFY(account.isMade);
        const TestSshd gate({"PasswordAuthentication yes"}), inner({"PasswordAuthentication yes"});
        QVERIFY2(gate.isRunning() && inner.isRunning(), qPrintable(gate.failure() + inner.failure()));
        const Cli cli;
        QString fleet = QStringLiteral("hosts:\n");
        QByteArray keys;
        for (const TestSshd *host : {&gate, &inner}) {
            fleet += QStringLiteral("  - {name: %1, address: 127.0.0.1, port: %2, user: %3, identity: password, product: sample, directory: /tmp, state: %4%5}\n")
                         .arg(host == &gate ? "gate" : "inner").arg(host->port()).arg(account.name, host->folder() + "/state", host == &gate ? "" : ", jump: gate");
            QFile key(host->folder() + "/hostkey.pub");
            QVERIFY(key.open(QIODevice::ReadOnly));
            keys += "[127.0.0.1]:" + QByteArray::number(host->port()) + ' ' + key.readAll();
        }
        QCOMPARE(cli.run({"fleet", "import", cli.write(QStringLiteral("fleet.yaml"), fleet.toUtf8())}).exitCode, 0);
        const CliResult trusted = cli.run({"host", "trust", "--import", cli.write(QStringLiteral("known_hosts"), keys), "--json"});
        QCOMPARE(trusted.json().value("trusted").toArray().size(), 2);

        Session session({"fleet", "check"}, cli.data());
        QVERIFY2(session.waitFor("Password: "), session.said.constData());
        session.type(account.word);
        QVERIFY2(session.waitFor("[y/N] "), session.said.constData());
        QVERIFY2(!session.said.contains("inner"), session.said.constData());
        session.type(allowed);
        if (questions == 2) {
            QVERIFY2(session.waitFor("Password: ", 2), session.said.constData());
            QVERIFY2(gate.log().contains("Accepted password") && !inner.log().contains("password for"), inner.log().constData());
            session.type(account.word);
            QVERIFY2(session.waitFor("[y/N] ", 2), session.said.constData());
            session.type("n");
        }
        session.end();
        QVERIFY2(inner.log().contains("Accepted password"), session.said.constData());
        QCOMPARE(session.said.count("Password: "), questions);
        QVERIFY2(!session.said.contains(account.word), session.said.constData());
    }
};

QTEST_MAIN(TestCredentialAsk)
#include "tst_credentialask.moc"
