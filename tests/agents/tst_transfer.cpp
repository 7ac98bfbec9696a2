// Files to a host over a real sshd: whole or not at all, gone on with where it was cut. [issue 3, 5: transfer]
#include "missing.h"
#include "transferworld.h"

#include "remote/hostscripts.h"
#include "shells.h"

#include <sys/stat.h>
#include <unistd.h>

using namespace bellwether;

class TestTransfer : public TransferWorld {
    Q_OBJECT
    bool carries(const std::shared_ptr<Copy> &copy, qint64 bytes) const // over the link
    {
        return QTest::qWaitFor([&] { return copy->hasEnded() || m_proxy->carried() > bytes; }, 120'000) && m_proxy->carried() > bytes;
    }

private Q_SLOTS:
    void initTestCase() { startHost(); }
    void init() { startCopies(); }
    void cleanup() { endCopies(); }

    void bytesAndNamesArriveAsTheyAre_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("size");
        QTest::newRow("plain") << "plain.tar" << 300'001;
        QTest::newRow("nothing in it") << "empty" << 0;
        QTest::newRow("a whole block") << "block" << 4096;
        QTest::newRow("space") << "with space" << 5000;
        QTest::newRow("quotes") << "it's \"so\" `id`" << 5000;
        QTest::newRow("newline") << "new\nline" << 5000;
        QTest::newRow("leading dash") << "-rf" << 5000;
        QTest::newRow("a command") << "$(touch pwned);touch pwned" << 5000;
        QTest::newRow("patterns and backslashes") << "*?[a]\\n%s!" << 5000;
        QTest::newRow("umlauts") << QString::fromUtf8("Jänner\u00a0☃") << 5000;
        QTest::newRow("as long as names may be") << QString(255, u'x') << 5000;
    }
    void bytesAndNamesArriveAsTheyAre()
    {
        QFETCH(QString, name);
        QFETCH(int, size);
        const QByteArray bytes = noise(size);
        QVERIFY(writeTo(here("source"), bytes));
        const CopyProgress sent = ended(put(here("source"), there(name)));
        ENDS(sent, Done);
        QCOMPARE(sent.carried, size);
        QCOMPARE(contentOf(there(name)), bytes);
        QCOMPARE(QDir(m_there->path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList{name});
        struct stat s = {};
        QCOMPARE(::stat(QFile::encodeName(there(name)).constData(), &s), 0);
        QCOMPARE(s.st_mode & 0777, mode_t(0644));
        const CopyProgress fetched = ended(get(there(name), here(name)));
        ENDS(fetched, Done);
        QCOMPARE(fetched.sha256, sent.sha256);
        QCOMPARE(contentOf(here(name)), bytes);
        QCOMPARE(::stat(QFile::encodeName(here(name)).constData(), &s), 0);
        QCOMPARE(s.st_mode & 0777, mode_t(0600));
        QVERIFY(!QFileInfo::exists(m_sshd->folder() + "/pwned") && !QFileInfo::exists("pwned"));
    }
    void whatIsThereAlreadyIsNotSentAgain()
    {
        QVERIFY(writeTo(here("a"), noise(100'000)));
        ENDS(ended(put(here("a"), there("a"))), Done);
        const CopyProgress again = ended(put(here("a"), there("a"), "0600"));
        ENDS(again, Done);
        QVERIFY(again.already);
        QCOMPARE(again.carried, 0);
        QCOMPARE(QFileInfo(there("a")).permissions() & 0x0077, QFileDevice::Permissions());
        QVERIFY(writeTo(here("a"), noise(100'000, 2))); // as long, and another
        const CopyProgress other = ended(put(here("a"), there("a")));
        ENDS(other, Done);
        QVERIFY(!other.already);
        QCOMPARE(contentOf(there("a")), noise(100'000, 2));
    }
    void aCutLinkGoesOnWhereItWas()
    {
        constexpr int size = 3'000'000;
        QVERIFY(writeTo(here("a"), noise(size)));
        m_proxy = std::make_unique<FaultProxy>(m_sshd->port(), LinkQuality{.upPerSecond = 4'000'000});
        const auto copy = put(here("a"), there("a"));
        QVERIFY2(carries(copy, 1'000'000), said(copy->progress()));
        m_proxy->resetAll();
        QVERIFY2(carries(copy, 2'000'000), said(copy->progress()));
        m_proxy->resetAll();
        const CopyProgress p = ended(copy);
        ENDS(p, Done);
        QCOMPARE(contentOf(there("a")), noise(size));
        QVERIFY(!m_waits.isEmpty());
        // What had arrived was not sent again: each cut costs what was on its way.
        QVERIFY2(m_proxy->carried() < size + 1'000'000, QByteArray::number(m_proxy->carried()).constData());
        QVERIFY(partsThere().isEmpty());
    }
    void aHostThatWasNeverReachedIsSaidSoAtOnce()
    {
        QVERIFY(writeTo(here("a"), noise(1000)));
        Copy::To nobody = at(there("a"));
        nobody.endpoint.port = 1;
        const auto copy = std::make_shared<Upload>(place(), nobody, source(here("a")), QString(), [] {});
        copy->begin();
        FAILS_WITH(ended(copy), "connect-failed", "berlin-1");
        QVERIFY(m_waits.isEmpty());
    }
    void anotherRunGoesOnWithThePart()
    {
        constexpr int size = 2'000'000;
        QVERIFY(writeTo(here("a"), noise(size)));
        const auto first = put(here("a"), there("a"), {}, 200'000);
        QVERIFY(reaches(first, 500'000));
        first->cancel();
        ENDS(first->progress(), Cancelled);
        QVERIFY(!QFileInfo::exists(there("a")));
        QCOMPARE(partsThere().size(), 1);
        const CopyProgress second = ended(put(here("a"), there("a"))); // another console would do the same
        ENDS(second, Done);
        QVERIFY2(second.carried <= size - first->progress().done, QByteArray::number(second.carried).constData());
        QCOMPARE(contentOf(there("a")), noise(size));
        QVERIFY(partsThere().isEmpty());
    }
    void aPartThatIsNotTheBeginningIsNotBelieved()
    {
        constexpr int size = 1'000'000;
        QVERIFY(writeTo(here("a"), noise(size)));
        const auto first = put(here("a"), there("a"), {}, 100'000);
        QVERIFY(reaches(first, 300'000));
        first->cancel();
        QCOMPARE(partsThere().size(), 1);
        QFile part(there(partsThere().first()));
        QVERIFY(part.open(QIODevice::ReadWrite) && part.seek(5000) && part.write(QByteArray(4096, '\0')) == 4096); // as after a power cut
        part.close();
        const CopyProgress second = ended(put(here("a"), there("a")));
        ENDS(second, Done);
        QCOMPARE(second.carried, size);
        QCOMPARE(contentOf(there("a")), noise(size));
    }
    void damageOnTheWayToTheDiskIsFound()
    {
        constexpr int size = 1'000'000;
        QVERIFY(writeTo(here("a"), noise(size)));
        const auto copy = put(here("a"), there("a"), {}, 100'000);
        QVERIFY(reaches(copy, 300'000));
        QFile part(there(partsThere().first()));
        QVERIFY(part.open(QIODevice::ReadWrite) && part.seek(5000) && part.write(QByteArray(4096, '\0')) == 4096);
        part.close();
        const CopyProgress p = ended(copy); // its sum is wrong: from the beginning, once
        ENDS(p, Done);
        QVERIFY(p.carried > size);
        QCOMPARE(contentOf(there("a")), noise(size));
    }
    void twoConsolesThatPutTheSameMixNothing()
    {
        constexpr int size = 1'500'000;
        QVERIFY(writeTo(here("a"), noise(size)));
        SshPool other(m_trust, this);
        CopyPlace second = place();
        const auto mine = put(here("a"), there("a"), {}, 300'000);
        const auto theirs = std::make_shared<Upload>(CopyPlace{other, m_clock, *m_files, m_pace, second.later}, at(there("a"), 200'000), source(here("a")), QString(), [] {});
        theirs->begin();
        ENDS(ended(mine), Done);
        ENDS(ended(theirs), Done);
        QCOMPARE(contentOf(there("a")), noise(size));
        QVERIFY(partsThere().isEmpty());
    }
    void theHostsRefusalsAreSaid_data()
    {
        QTest::addColumn<QString>("before"); // done there by a shell
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("words");
        QTest::newRow("no such folder") << "true" << "none/a" << "folder does not exist";
        QTest::newRow("a folder") << "mkdir a" << "a" << "it is a folder";
        QTest::newRow("a link") << "touch b; ln -s b a" << "a" << "symbolic link";
        QTest::newRow("a link to nothing") << "ln -s /nowhere/at/all a" << "a" << "symbolic link";
        QTest::newRow("a pipe") << "mkfifo a" << "a" << "no regular file";
        QTest::newRow("a file on the way") << "touch b" << "b/a" << "folder does not exist";
        QTest::newRow("a file system without files") << "true" << "/proc/a" << "";
    }
    void theHostsRefusalsAreSaid()
    {
        QFETCH(QString, before);
        QFETCH(QString, path);
        QFETCH(QString, words);
        QVERIFY(writeTo(here("a"), noise(1000)));
        QCOMPARE(runProcess({"sh", "-c", before}, {}, m_there->path()).exitStatus, 0);
        const CopyProgress p = ended(put(here("a"), path.startsWith(u'/') ? path : there(path)));
        FAILS_WITH(p, "host-path-refused", words.toLatin1().constData());
        QCOMPARE(p.carried, 0);
        QVERIFY(m_waits.isEmpty());
        QVERIFY(partsThere().isEmpty());
    }
    void disksThatAreSmallOrReadOnlyAreSaid()
    {
        const SmallDisk disk(there("disk"), "size=512k");
        if (!disk.isMounted())
            MISSING("only root can mount a small disk");
        QVERIFY(writeTo(here("a"), noise(2'000'000)));
        const CopyProgress tooBig = ended(put(here("a"), there("disk/a")));
        FAILS_WITH(tooBig, "host-no-room", "2000000");
        QCOMPARE(tooBig.carried, 0);
        // It becomes full under way: what has its name keeps it and its content.
        QVERIFY(writeTo(there("disk/b"), "old"));
        QVERIFY(writeTo(here("b"), noise(400'000)));
        const auto copy = put(here("b"), there("disk/b"), {}, 20'000);
        QVERIFY(reaches(copy, 60'000));
        [[maybe_unused]] const bool fitted = writeTo(there("disk/hog"), QByteArray(500'000, 'x'));
        FAILS_WITH(ended(copy), "host-disk-full", "berlin-1");
        QCOMPARE(contentOf(there("disk/b")), QByteArray("old"));
        QVERIFY(QFile::remove(there("disk/hog")));
        ENDS(ended(put(here("b"), there("disk/b"))), Done);
        QCOMPARE(contentOf(there("disk/b")), noise(400'000));
        QCOMPARE(QProcess::execute("mount", {"-o", "remount,ro", there("disk")}), 0);
        QVERIFY(writeTo(here("b"), "other"));
        FAILS_WITH(ended(put(here("b"), there("disk/b"))), "host-path-refused", "Read-only");
    }
    void whatIsReplacedKeepsItsModeAndOwner()
    {
        QVERIFY(writeTo(here("a"), "new"));
        QVERIFY(writeTo(there("a"), "old one"));
        const QByteArray name = QFile::encodeName(there("a"));
        QCOMPARE(::chmod(name.constData(), 0751), 0);
        if (::geteuid() == 0)
            QCOMPARE(::chown(name.constData(), 1234, 4321), 0);
        ENDS(ended(put(here("a"), there("a"))), Done);
        struct stat s = {};
        QCOMPARE(::stat(name.constData(), &s), 0);
        QCOMPARE(s.st_mode & 0777, mode_t(0751));
        if (::geteuid() == 0)
            QVERIFY(s.st_uid == 1234 && s.st_gid == 4321);
        QVERIFY(writeTo(here("a"), "newer"));
        ENDS(ended(put(here("a"), there("a"), "0600")), Done);
        QCOMPARE(::stat(name.constData(), &s), 0);
        QCOMPARE(s.st_mode & 0777, mode_t(0600));
        QCOMPARE(contentOf(there("a")), QByteArray("newer"));
    }
    void aFileThatChangesHereIsNotPutInPlace()
    {
        QVERIFY(writeTo(here("a"), noise(1'000'000)));
        QVERIFY(writeTo(there("a"), "old"));
        const auto copy = put(here("a"), there("a"), {}, 100'000);
        QVERIFY(reaches(copy, 200'000));
        QFile file(here("a"));
        QVERIFY(file.open(QIODevice::ReadWrite) && file.write("x") == 1);
        file.close();
        FAILS_WITH(ended(copy), "file-changed", "this computer");
        QCOMPARE(contentOf(there("a")), QByteArray("old"));
    }
    void theLimitHoldsAndTheTimeLeftIsSaid()
    {
        constexpr int size = 1'000'000, limit = 100'000;
        QVERIFY(writeTo(here("a"), noise(size)));
        const qint64 began = m_clock.now().monoMs;
        const auto copy = put(here("a"), there("a"), {}, limit);
        QVERIFY(reaches(copy, size / 2));
        const CopyProgress half = copy->progress();
        QVERIFY2(half.rate > limit * 0.5 && half.rate < limit * 1.6, QByteArray::number(half.rate).constData());
        QVERIFY2(half.etaS >= 3 && half.etaS <= 10, QByteArray::number(half.etaS).constData());
        ENDS(ended(copy), Done);
        const qint64 took = m_clock.now().monoMs - began;
        QVERIFY2(took >= 1000LL * (size - limit) / limit && took < 11'000, QByteArray::number(took).constData());
    }
    void copiesWithOneMachineKeepToTheSmallestLimit()
    {
        constexpr int size = 2'000'000, small = 100'000, large = 2'000'000;
        QVERIFY(writeTo(here("a"), noise(size)) && writeTo(here("b"), noise(size, 2)));
        const qint64 began = m_clock.now().monoMs;
        const auto slow = put(here("a"), there("a"), {}, small), fast = put(here("b"), there("b"), {}, large);
        const auto both = [&] { return slow->progress().done + fast->progress().done; };
        QVERIFY(QTest::qWaitFor([&] { return both() >= 600'000; }, 60'000));
        const qint64 took = m_clock.now().monoMs - began;
        QVERIFY2(both() <= small * took / 1000 + small, QByteArray::number(took).constData());
        QVERIFY(slow->progress().done > 0 && fast->progress().done > 0); // each has its turn
        slow->cancel(); // from now on the other's own limit holds
        const qint64 left = size - fast->progress().done, freed = m_clock.now().monoMs;
        ENDS(ended(fast), Done);
        const qint64 rest = m_clock.now().monoMs - freed;
        QVERIFY2(rest <= 1000 * left / large + 5'000, QByteArray::number(rest).constData());
        QCOMPARE(contentOf(there("b")), noise(size, 2));
    }
    // The host's side under every sh found here, with the few programs a small host has.
    void everyShellTakesAFile_data()
    {
        QTest::addColumn<QStringList>("shell");
        for (const QStringList &shell : posixShells())
            QTest::newRow(qPrintable(shell.join(u' '))) << shell;
    }
    void everyShellTakesAFile()
    {
        QFETCH(QStringList, shell);
        const QTemporaryDir bin;
        const bool busybox = shell.size() > 1;
        for (const char *name : {"cat", "mv", "rm", "ls", "tail", "head", "find", "sha256sum", "printf", "dd", "df", "sed", "id", "chmod", "chown", "chgrp", "sync"})
            QFile::link(busybox ? shell.first() : QStandardPaths::findExecutable(QLatin1String(name)), bin.filePath(QLatin1String(name)));
        QFile wrapper(bin.filePath("sh"));
        QVERIFY(wrapper.open(QIODevice::WriteOnly));
        wrapper.write("#!/bin/dash\nexec " + shell.join(u' ').toUtf8() + " \"$@\"\n");
        wrapper.close();
        wrapper.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        const auto verb = [&](const QStringList &words, const QByteArray &input = {}) {
            const QString text = QString::fromLatin1(*transferCommand(words)).replace(QStringLiteral(":/usr/local/sbin:/usr/sbin:/sbin"), QString());
            const auto result = runProcess({"/bin/dash", "-c", "PATH=" + bin.path() + "; export PATH; " + text}, input);
            return result.out + result.err;
        };
        const QByteArray bytes = noise(10'000);
        const QString target = there("it's -n\n a"), part = there(".bwr-1-2.part");
        const QString sum = QString::fromLatin1(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
        QVERIFY(verb({"begin", target, part, ".bwr-1-*.part"}).startsWith("\nbwr have=0 there=-1 free="));
        QCOMPARE(verb({"put", part, "0", "8192"}, bytes.left(8192)), QByteArray("\nbwr have=8192\n"));
        QCOMPARE(verb({"put", part, "12288", "5"}, "holes"), QByteArray("\nbwr err=gone\n"));
        QCOMPARE(verb({"end", target, part, "10000", sum, ""}), QByteArray("\nbwr err=short\n"));
        QCOMPARE(verb({"sum", part, "8192"}), "\nbwr sum=" + QCryptographicHash::hash(bytes.left(8192), QCryptographicHash::Sha256).toHex() + '\n');
        QVERIFY(verb({"begin", target, part, ".bwr-1-*.part"}).startsWith("\nbwr have=8192 there=-1 free="));
        QCOMPARE(verb({"put", part, "4096", "5904"}, bytes.mid(4096)), QByteArray("\nbwr have=10000\n")); // over what is there
        QCOMPARE(verb({"end", target, part, "10000", sum, ""}), QByteArray("\nbwr already=0\n"));
        QCOMPARE(verb({"end", target, part, "10000", sum, ""}), QByteArray("\nbwr already=1\n")); // its answer was lost
        QCOMPARE(contentOf(target), bytes);
        QCOMPARE(verb({"info", target}), "\nbwr size=10000 sum=" + sum.toLatin1() + '\n');
        QCOMPARE(verb({"get", target, "4096", "100"}).left(16 + 4096), "\nbwr size=10000\n" + bytes.mid(4096, 4096));
        QVERIFY(writeTo(part, QByteArray(10'000, 'x')));
        QVERIFY(verb({"end", target, part, "10000", sum, ""}).startsWith("\nbwr err=sum sum="));
        QVERIFY(!QFileInfo::exists(part));
        QCOMPARE(contentOf(target), bytes);
    }
};

QTEST_GUILESS_MAIN(TestTransfer)
#include "tst_transfer.moc"
