// Whatever a word holds, a shell gives it back as one word and runs nothing (S7).
#include "remote/hostjobs.h"
#include "remote/hostscripts.h"
#include "remote/shellquote.h"
#include "shells.h"

#include <QDir>
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QTest>

using namespace bellwether;

namespace {

QStringList corpus()
{
    QStringList words{"$(touch ./pwned)", "`touch pwned`", "; touch pwned", "&& touch pwned|sh", "' ; touch pwned #",
        "\"; touch pwned; \"", "'\"'\"'", "\\", "a\nid", "a\rid", "-rf", "--help", "-oProxyCommand=touch ./pwned",
        "host;touch${IFS}./pwned", "${IFS}", "~root", "~", "*", "!!", "!-1", "%h %p %%", "$'\\x41'", "", " ", "#comment",
        "<(touch pwned)", "foo=bar", "if", "latest; docker compose down -v", "a\\nb", "a\\0134b", "\\'", "'\\", "\t\t",
        "{a,b}", "[a-z]", "&", "|", ">pwned", "\x01\x7f", "=1+1", "bwr state=done rc=0", "\n", "trailing\n"};
    words << QStringLiteral("é NFD é \u202E\U0001F600") << QString(3000, u'\'') << QString(899, u'x') + QStringLiteral("\\'y");
    return words;
}

QString randomWord(QRandomGenerator &random)
{
    QString word;
    const int size = random.bounded(40);
    for (int i = 0; i < size; ++i) {
        const int kind = random.bounded(10);
        word += kind < 8 ? QChar(random.bounded(1, 128)) : kind < 9 ? QChar(u'\'') : QChar(0xa0 + random.bounded(0x500));
    }
    return word;
}

// Login shells, most of them not POSIX; the last ones are present on some machines only.
QList<QStringList> loginShells()
{
    QList<QStringList> shells = posixShells() + QList<QStringList>{{neededProgram("fish")}, {neededProgram("tcsh")}};
    const QString more = qEnvironmentVariable("BELLWETHER_LOGIN_SHELLS");
    for (const QString &path : more.split(u':', Qt::SkipEmptyParts))
        shells.append({path});
    for (const char *name : {"csh", "zsh"}) {
        const QString path = QStandardPaths::findExecutable(QLatin1String(name));
        if (!path.isEmpty())
            shells.append({path});
    }
    return shells;
}

} // namespace

class TestShellQuote : public QObject {
    Q_OBJECT
    // NUL between words shows where each begins and ends.
    static QByteArray joined(const QStringList &words)
    {
        QByteArray all;
        for (const QString &word : words)
            all += word.toUtf8() + '\0';
        return all;
    }

private Q_SLOTS:
    void everyPosixShellGivesTheWordsBack_data()
    {
        QTest::addColumn<QStringList>("shell");
        for (const QStringList &shell : posixShells())
            QTest::newRow(qPrintable("[S7] " + shell.join(u' '))) << shell;
    }
    void everyPosixShellGivesTheWordsBack()
    {
        QFETCH(QStringList, shell);
        const QTemporaryDir folder;
        QStringList words = corpus();
        QRandomGenerator random(20261121);
        for (int i = 0; i < 400; ++i)
            words << randomWord(random);
        const auto command = shellCommand(QStringList{"printf", "%s\\0"} + words);
        QVERIFY(command);
        const auto result = runProcess(shell + QStringList{"-c", QString::fromUtf8(*command)}, {}, folder.path());
        QCOMPARE(result.out, joined(words));
        QCOMPARE(QDir(folder.path()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot | QDir::Hidden), QStringList());
    }
    void everyLoginShellHandsTheCommandOn_data()
    {
        QTest::addColumn<QStringList>("shell");
        for (const QStringList &shell : loginShells())
            QTest::newRow(qPrintable("[S7] " + shell.join(u' '))) << shell;
    }
    void everyLoginShellHandsTheCommandOn()
    {
        QFETCH(QStringList, shell);
        const QTemporaryDir folder;
        QStringList words = corpus();
        QRandomGenerator random(7);
        for (int i = 0; i < 300; ++i)
            words << randomWord(random);
        const auto command = plainCommand(QStringList{"printf", "%s\\0"} + words, folder.path());
        QVERIFY(command);
        for (const char c : *command) // plain ASCII on one line, whatever the words were
            QVERIFY(c >= ' ' && c < 0x7f && c != '!');
        const auto result = runProcess(shell + QStringList{"-c", QString::fromLatin1(*command)}, "its stdin", folder.path());
        QCOMPARE(result.err, QByteArray());
        QCOMPARE(result.out, "\nbwr run\n" + joined(words));
        QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden), QStringList());
        const auto reading = plainCommand({"cat"}, {});
        QVERIFY(runProcess(shell + QStringList{"-c", QString::fromLatin1(*reading)}, "its stdin").out.endsWith("\nits stdin"));
    }
    void firstWordIsAlwaysAProgram()
    {
        QCOMPARE(*shellCommand({"docker", "compose", "up", "-d", "a=b"}), QByteArray("docker compose up -d a=b"));
        QCOMPARE(*shellCommand({"foo=bar", "cmd"}), QByteArray("'foo=bar' cmd"));
        QCOMPARE(*shellCommand({"if"}), QByteArray("'if'"));
    }
    void nulIsRefused()
    {
        const auto quoted = shellQuote(QStringLiteral("a") + QChar(u'\0') + u'b');
        QVERIFY(!quoted);
        QCOMPARE(quoted.error().code, ErrorCode::BadValue);
    }
    void commandsThatNoHostWouldTakeAreRefused()
    {
        QCOMPARE(plainCommand({"echo", QString(200'000, u'\'')}, {}).error().code, ErrorCode::BadValue);
        QCOMPARE(plainCommand({}, {}).error().code, ErrorCode::BadValue);
        QCOMPARE(plainCommand({"-c"}, {}).error().code, ErrorCode::BadValue);
        QCOMPARE(plainCommand({"ls"}, QStringLiteral("opt")).error().code, ErrorCode::BadValue);
    }
    void stepScriptIsExact_data()
    {
        QTest::addColumn<QStringList>("argv");
        QTest::addColumn<QString>("directory");
        QTest::addColumn<QString>("input");
        QTest::addColumn<QByteArray>("tail");
        QTest::newRow("plain") << QStringList{"docker", "compose", "up"} << "/opt/a b" << ""
                               << QByteArray("cd -- '/opt/a b' || exit 125\nexec docker compose up\n");
        QTest::newRow("input") << QStringList{"restore"} << "/opt" << "demo-01.example.test"
                               << QByteArray("cd -- /opt || exit 125\nprintf '%s\\n' demo-01.example.test | restore\n");
        QTest::newRow("two lines") << QStringList{"cat"} << "" << "it's\n$x\n"
                                   << QByteArray("printf '%s\\n' 'it'\\''s\n$x' | cat\n");
    }
    void stepScriptIsExact()
    {
        QFETCH(QStringList, argv);
        QFETCH(QString, directory);
        QFETCH(QString, input);
        QFETCH(QByteArray, tail);
        const QByteArray head = "PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin\nLC_ALL=C.UTF-8\nexport PATH LC_ALL\n";
        QCOMPARE(*stepScript(argv, directory, input), head + tail);
    }
    void stepScriptRuns_data() { everyPosixShellGivesTheWordsBack_data(); }
    void stepScriptRuns()
    {
        QFETCH(QStringList, shell);
        const QTemporaryDir folder;
        const auto run = [&](const Result<QByteArray> &script) { return runProcess(shell, *script); };
        QCOMPARE(run(stepScript({"cat"}, folder.path(), "it's\n%s $x \\n")).out, QByteArray("it's\n%s $x \\n\n"));
        QCOMPARE(run(stepScript({"pwd"}, folder.path(), {})).out, folder.path().toUtf8() + '\n');
        QCOMPARE(run(stepScript({"sh", "-c", "exit 42"}, {}, {})).exitStatus, 42);
        QCOMPARE(run(stepScript({"sh", "-c", "cat >/dev/null; exit 43"}, {}, "x")).exitStatus, 43);
        QCOMPARE(run(stepScript({"true"}, folder.path() + "/gone", {})).exitStatus, 125);
        QCOMPARE(run(stepScript({"sh", "-c", "echo $LC_ALL"}, {}, {})).out, QByteArray("C.UTF-8\n"));
    }
};

QTEST_GUILESS_MAIN(TestShellQuote)
#include "tst_shellquote.moc"
