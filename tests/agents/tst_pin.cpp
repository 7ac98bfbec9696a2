// Pinning edits one value of an environment file and nothing else (PI-04): through every real shell found here.
#include "remote/hostjobs.h"
#include "missing.h"
#include "shells.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace bellwether;

class TestPin : public QObject {
    Q_OBJECT
    static void write(const QString &path, const QByteArray &content)
    {
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(content), content.size());
    }
    static QByteArray content(const QString &path)
    {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(unreadable)");
    }
    static ProcessResult pin(const QStringList &shell, const QString &file, const QString &value, const QString &key = "V")
    {
        return runProcess(shell, *pinScript(file, key, value));
    }

private Q_SLOTS:
    void editsOneValue_data()
    {
        QTest::addColumn<QByteArray>("before");
        QTest::addColumn<QByteArray>("after");
        const auto row = [](const char *name, const char *before, const char *after) {
            QTest::newRow(name) << QByteArray(before) << QByteArray(after);
        };
        row("[PI-04] plain", "A=1\nV=1.4.0\nB=2\n", "A=1\nV=1.5.0\nB=2\n");
        row("[PI-04] comments, blanks, order", "# V=0\n\n  # x\nV=1.4.0\n\n#V=9\nZ=\n", "# V=0\n\n  # x\nV=1.5.0\n\n#V=9\nZ=\n");
        row("[PI-04] CR LF", "A=1\r\nV=1.4.0\r\nB=2\r\n", "A=1\r\nV=1.5.0\r\nB=2\r\n");
        row("[PI-04] no newline at the end", "A=1\nV=1.4.0", "A=1\nV=1.5.0");
        row("[PI-04] no newline elsewhere", "V=1.4.0\nA=1", "V=1.5.0\nA=1");
        row("[PI-04] double quotes", "V=\"1.4.0\"\n", "V=\"1.5.0\"\n");
        row("[PI-04] single quotes", "V='1.4.0' # why\n", "V='1.5.0' # why\n");
        row("[PI-04] comment behind", "V=1.4.0   # pinned by ops\n", "V=1.5.0   # pinned by ops\n");
        row("[PI-04] export", "  export  V=1.4.0\n", "  export  V=1.5.0\n");
        row("[PI-04] words in the value", "V=a b c\n", "V=1.5.0\n");
        row("[PI-04] empty value", "V=\nA=1\n", "V=1.5.0\nA=1\n");
        row("[PI-04] the last one counts", "V=1.3.0\nV=1.4.0\nA=1\n", "V=1.3.0\nV=1.5.0\nA=1\n");
        row("[PI-04] longer and shorter names", "XV=1\nVX=1\nV.X=2\nV=1.4.0\n", "XV=1\nVX=1\nV.X=2\nV=1.5.0\n");
        row("[PI-04] shell text is text", "A=$(touch pwned)\nB=`id`\\\nC=\\n\\t%s\nV=1.4.0\n",
            "A=$(touch pwned)\nB=`id`\\\nC=\\n\\t%s\nV=1.5.0\n");
        row("[PI-04] not UTF-8", "A=\xff\xfe\x80\nV=1.4.0\n\xe2\x82", "A=\xff\xfe\x80\nV=1.5.0\n\xe2\x82");
        row("[PI-04] trailing blanks", "A=1  \nV=1.4.0  \n\t\n", "A=1  \nV=1.5.0  \n\t\n");
        row("[PI-04] absent", "A=1\n", "A=1\nV=1.5.0\n");
        row("[PI-04] absent, no newline", "A=1", "A=1\nV=1.5.0\n");
        row("[PI-04] absent, CR LF", "A=1\r\n", "A=1\r\nV=1.5.0\r\n");
        row("[PI-04] empty file", "", "V=1.5.0\n");
        row("[PI-04] already there", "V=1.5.0", "V=1.5.0");
    }
    void editsOneValue()
    {
        QFETCH(QByteArray, before);
        QFETCH(QByteArray, after);
        for (const QStringList &shell : posixShells()) {
            const QTemporaryDir folder;
            const QString file = folder.filePath("a b'c.env");
            write(file, before);
            QCOMPARE(::chmod(QFile::encodeName(file).constData(), 0640), 0);
            for (int round = 0; round < 2; ++round) { // again is the same
                const auto result = pin(shell, file, "1.5.0");
                QCOMPARE(result.err, QByteArray());
                QCOMPARE(result.exitStatus, 0);
                QCOMPARE(content(file), after);
            }
            struct stat info {};
            QCOMPARE(::stat(QFile::encodeName(file).constData(), &info), 0);
            QCOMPARE(info.st_mode & 07777, 0640u);
            QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden).size(), 1);
        }
    }
    void followsLinksAndKeepsThem()
    {
        for (const QStringList &shell : posixShells()) {
            const QTemporaryDir folder;
            QVERIFY(QDir(folder.path()).mkdir("real"));
            write(folder.filePath("real/env"), "V=1.4.0\n");
            QVERIFY(QFile::link("real/env", folder.filePath("one")));
            QVERIFY(QFile::link(folder.filePath("one"), folder.filePath("two")));
            QCOMPARE(pin(shell, folder.filePath("two"), "1.5.0").exitStatus, 0);
            QVERIFY(QFileInfo(folder.filePath("two")).isSymLink() && QFileInfo(folder.filePath("one")).isSymLink());
            QCOMPARE(content(folder.filePath("real/env")), QByteArray("V=1.5.0\n"));
        }
    }
    void keepsTheOwner()
    {
        if (::geteuid() != 0)
            MISSING("only root can give a file away");
        for (const QStringList &shell : posixShells()) {
            const QTemporaryDir folder;
            write(folder.filePath("env"), "V=1.4.0\n");
            const QByteArray path = QFile::encodeName(folder.filePath("env"));
            QCOMPARE(::chown(path.constData(), 1234, 4321), 0);
            QCOMPARE(pin(shell, folder.filePath("env"), "1.5.0").exitStatus, 0);
            struct stat info {};
            QCOMPARE(::stat(path.constData(), &info), 0);
            QCOMPARE(info.st_uid, 1234u);
            QCOMPARE(info.st_gid, 4321u);
        }
    }
    void rootFollowsNobodysLinks()
    {
        // [S17] The folder is somebody else's, who has planted links: one by the name that ours will have, one in the file's place.
        if (::geteuid() != 0)
            MISSING("only root can give a file away");
        for (const QStringList &shell : posixShells()) {
            const QTemporaryDir folder, roots;
            write(folder.filePath("env"), "V=1.4.0\n");
            write(roots.filePath("theirs"), "V=1.4.0\n");
            QVERIFY(QFile::link(roots.filePath("theirs"), folder.filePath("link")));
            for (const char *name : {"", "/env", "/link"})
                QCOMPARE(::lchown(QFile::encodeName(folder.path() + QLatin1String(name)).constData(), 1234, 4321), 0);
            const QByteArray plant = "ln -s " + QFile::encodeName(roots.filePath("theirs")) + ' ' + QFile::encodeName(folder.path()) + "/.env.bellwether.$$; exec \"$@\"";
            const auto planted = runProcess(QStringList{"sh", "-c", QString::fromLatin1(plant), "sh"} + shell, *pinScript(folder.filePath("env"), "V", "1.5.0"));
            QVERIFY2(planted.exitStatus > 0 && planted.err.contains("nothing was changed"), planted.err.constData());
            QVERIFY(pin(shell, folder.filePath("link"), "1.5.0").exitStatus > 0);
            QCOMPARE(content(roots.filePath("theirs")), QByteArray("V=1.4.0\n"));
            QCOMPARE(content(folder.filePath("env")), QByteArray("V=1.4.0\n"));
        }
    }
    void refusesWhatIsNoFile()
    {
        for (const QStringList &shell : posixShells()) {
            const QTemporaryDir folder;
            QVERIFY(QFile::link("loop", folder.filePath("loop")));
            for (const char *name : {"missing", "loop", "."}) {
                const auto result = pin(shell, folder.filePath(QLatin1String(name)), "1.5.0");
                QVERIFY(result.exitStatus > 0);
                QVERIFY(result.err.startsWith("bellwether-pin: "));
            }
            QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden | QDir::System), QStringList{"loop"});
        }
    }
    void fullDiskChangesNothing()
    {
        if (!QFile::exists("/dev/full"))
            MISSING("no /dev/full here");
        const QTemporaryDir folder;
        write(folder.filePath("env"), "A=1\nV=1.4.0\n");
        // No file may grow past 0 blocks: what a full disk answers to the copy.
        const auto result = runProcess({"bash", "-c", "trap '' XFSZ; ulimit -f 0; exec dash"}, *pinScript(folder.filePath("env"), "V", "1.5.0"));
        QVERIFY(result.exitStatus > 0);
        QVERIFY2(result.err.contains("nothing was changed"), result.err.constData());
        QCOMPARE(content(folder.filePath("env")), QByteArray("A=1\nV=1.4.0\n"));
    }
    void hostileValuesNeverReachAShell_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::newRow("[S7] value") << "/e" << "V" << "$(id)";
        QTest::newRow("[S7] newline") << "/e" << "V" << "1\nA=2";
        QTest::newRow("[S7] empty") << "/e" << "V" << "";
        QTest::newRow("[S7] key") << "/e" << "V=x" << "1";
        QTest::newRow("[S7] key with newline") << "/e" << "V\n" << "1";
        QTest::newRow("[S7] relative") << "e" << "V" << "1";
    }
    void hostileValuesNeverReachAShell()
    {
        QFETCH(QString, file);
        QFETCH(QString, key);
        QFETCH(QString, value);
        const auto script = pinScript(file, key, value);
        QVERIFY(!script);
        QCOMPARE(script.error().code, ErrorCode::BadValue);
    }
    void sameStepSameBytes() { QCOMPARE(*pinScript("/e", "V", "1"), *pinScript("/e", "V", "1")); }
};

QTEST_GUILESS_MAIN(TestPin)
#include "tst_pin.moc"
