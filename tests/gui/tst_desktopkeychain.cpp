// [S4] The desktop's keychain: a real Secret Service on a bus of its own, a locked one, and none at all.
#include "await.h"
#include "shell/desktopkeychain.h"

#include <QDir>
#include <QDirIterator>
#include <QElapsedTimer>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>
#include <mutex>

using namespace bellwether;

namespace {

const QByteArray canary = "c4nary \xc3\xbc'\"\\";

// Answers come on the keychain's thread, and may come twice.
struct Answers {
    struct State {
        std::mutex mutex;
        QList<QByteArray> said; // "-": nothing is kept
    };
    std::shared_ptr<State> state = std::make_shared<State>();
    std::function<void(std::optional<Secret>)> callback() const
    {
        return [state = state](const std::optional<Secret> &secret) {
            const std::scoped_lock lock(state->mutex);
            state->said.append(secret ? secret->copy() : QByteArray("-"));
        };
    }
    QByteArray wait(int ms = 10'000) const
    {
        const auto any = [this] {
            const std::scoped_lock lock(state->mutex);
            return !state->said.isEmpty();
        };
        return QTest::qWaitFor(any, ms) ? state->said.last() : QByteArray("no answer");
    }
};

QByteArray readNow(Keychain &keychain, const QString &name)
{
    const Answers answers;
    keychain.read(name, answers.callback());
    return answers.wait();
}

// A session bus that knows no services to start, and a Secret Service, both this test's own. (libdbus and GLib read the
// bus's address once: there is one for the whole program.)
class Desktop {
public:
    Desktop()
    {
        qputenv("HOME", m_home.path().toUtf8());
        qputenv("XDG_RUNTIME_DIR", m_home.path().toUtf8());
        qputenv("XDG_DATA_HOME", m_home.filePath("data").toUtf8());
        for (const char *name : {"XDG_CURRENT_DESKTOP", "DESKTOP_SESSION", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS"})
            qunsetenv(name);
    }
    void startBus()
    {
        QFile config(m_home.filePath("bus.conf"));
        QVERIFY(config.open(QIODevice::WriteOnly));
        config.write("<busconfig><type>session</type><listen>unix:path=" + m_home.path().toUtf8() + "/desktop</listen><policy context='default'>"
                     "<allow send_destination='*'/><allow eavesdrop='true'/><allow own='*'/></policy></busconfig>");
        config.close();
        m_bus.start("dbus-daemon", {"--nofork", "--nopidfile", "--print-address=1", "--config-file=" + config.fileName()});
        QVERIFY(m_bus.waitForStarted() && m_bus.waitForReadyRead());
        qputenv("DBUS_SESSION_BUS_ADDRESS", m_bus.readLine().trimmed());
    }
    ~Desktop()
    {
        stopService(false);
        for (QProcess *process : {&m_service, &m_bus}) {
            process->terminate();
            if (!process->waitForFinished(5'000))
                process->kill();
            process->waitForFinished();
        }
    }
    void unlockedService()
    {
        m_service.start("gnome-keyring-daemon", {"--unlock", "--components=secrets", "--foreground"});
        m_service.write("the login's word");
        m_service.closeWriteChannel();
        QVERIFY(m_service.waitForStarted());
    }
    void stopService(bool still)
    {
        if (m_service.processId() > 0)
            ::kill(static_cast<pid_t>(m_service.processId()), still ? SIGSTOP : SIGCONT);
    }
    // What lies on this desktop's disk.
    bool holds(const QByteArray &bytes) const
    {
        for (QDirIterator it(m_home.path(), QDir::Files | QDir::Hidden, QDirIterator::Subdirectories); it.hasNext();) {
            QFile file(it.next());
            if (file.open(QIODevice::ReadOnly) && file.readAll().contains(bytes))
                return true;
        }
        return false;
    }
    bool hasFiles() const { return QDir(m_home.filePath("data/keyrings")).exists(); }

private:
    QTemporaryDir m_home;
    QProcess m_bus, m_service;
};

} // namespace

class TestDesktopKeychain : public QObject {
    Q_OBJECT

    std::unique_ptr<Desktop> m_desktop;
    std::unique_ptr<DesktopKeychain> m_keychain; // of the whole program, as in the console

    bool becomes(const QString &name, const QByteArray &value) const
    {
        for (int i = 0; i < 10; ++i) {
            if (readNow(*m_keychain, name) == value)
                return true;
        }
        return false;
    }

private Q_SLOTS:
    void initTestCase() { m_desktop = std::make_unique<Desktop>(); }
    void cleanupTestCase()
    {
        m_keychain.reset();
        m_desktop.reset();
    }
    void withoutABus()
    {
        DesktopKeychain keychain;
        QVERIFY2(QTest::qWaitFor([&] { return keychain.whyNot().contains("no desktop session"); }), qPrintable(keychain.whyNot()));
    }
    void withABusAndNoService()
    {
        m_desktop->startBus();
        m_keychain = std::make_unique<DesktopKeychain>(2'000);
        QVERIFY2(QTest::qWaitFor([&] { return m_keychain->whyNot().contains("no keychain runs"); }), qPrintable(m_keychain->whyNot()));
        QCOMPARE(readNow(*m_keychain, "passphrase /k"), QByteArray("-"));
        m_keychain->write("passphrase /k", Secret(QByteArray(canary)));
        QCOMPARE(readNow(*m_keychain, "passphrase /k"), QByteArray("-"));
        QVERIFY(!m_desktop->holds("c4nary") && !m_desktop->hasFiles()); // never a file instead
    }
    void keptAndForgotten()
    {
        m_desktop->unlockedService();
        QVERIFY2(QTest::qWaitFor([&] { return m_keychain->whyNot().isEmpty(); }, 10'000), qPrintable(m_keychain->whyNot()));
        QCOMPARE(readNow(*m_keychain, "passphrase /k"), QByteArray("-"));
        m_keychain->write("passphrase /k", Secret(QByteArray(canary)));
        m_keychain->write("sudo ops@10.0.0.1:22", Secret(QByteArray("other")));
        QVERIFY(becomes("passphrase /k", canary));
        QVERIFY(becomes("sudo ops@10.0.0.1:22", "other"));
        QVERIFY(m_desktop->hasFiles());
        QVERIFY(!m_desktop->holds(canary) && !m_desktop->holds(canary.toBase64())); // never as it is
        m_keychain->forget("sudo ops@10.0.0.1:22");
        QVERIFY(becomes("sudo ops@10.0.0.1:22", "-"));
        m_keychain->write("password ops@10.0.0.1:22", Secret(QByteArray("third")));
        QVERIFY(becomes("password ops@10.0.0.1:22", "third"));
        QCOMPARE(readNow(*m_keychain, "passphrase /k"), canary);
        m_keychain->forgetAll();
        QVERIFY(becomes("passphrase /k", "-"));
        QVERIFY(becomes("password ops@10.0.0.1:22", "-"));
    }
    void oneThatDoesNotAnswer()
    {
        // Nobody is held up: nothing at the deadline, and what comes later comes by itself.
        m_keychain->write("passphrase /k", Secret(QByteArray(canary)));
        QVERIFY(becomes("passphrase /k", canary));
        m_desktop->stopService(true);
        QElapsedTimer since;
        since.start();
        const Answers answers;
        m_keychain->read("passphrase /k", answers.callback());
        QVERIFY(since.elapsed() < 1'000); // half of its deadline
        QCOMPARE(answers.wait(), QByteArray("-"));
        m_desktop->stopService(false);
        QVERIFY(QTest::qWaitFor([&] { return answers.wait() == canary; }));
    }
};

QTEST_GUILESS_MAIN(TestDesktopKeychain)
#include "tst_desktopkeychain.moc"
