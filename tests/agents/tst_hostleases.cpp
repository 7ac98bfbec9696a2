// Who may act on a host: leases with one winner and growing epochs, one step at a time.
#include "hostjobsworld.h"
#include "missing.h"

#include <QCryptographicHash>

#include <sys/stat.h>
#include <unistd.h>

using namespace bellwether;

class TestHostLeases : public HostJobsWorld {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { startHost(); }
    void init() { startJobs(); }
    void cleanup() { endJobs(); }

    void tenThievesOneWinner()
    {
        // [fault 25, 26]
        WORKS(lock(stranger, 1));
        QTest::qWait(2'300); // the host's clock counts whole seconds
        QList<Awaited<Result<Lease>>> answers;
        for (int i = 0; i < 10; ++i) {
            Awaited<Result<Lease>> answer;
            m_jobs->lock(host(), QStringLiteral("thief-%1").arg(i), 150, answer.callback(), {QStringLiteral("thief %1 = by=x").arg(i), stranger});
            answers << answer;
        }
        QStringList winners, named;
        for (int i = 0; i < answers.size(); ++i) {
            QVERIFY(answers[i].wait());
            if (answers[i]->has_value()) {
                winners << QStringLiteral("thief-%1").arg(i);
                QCOMPARE((*answers[i])->epoch, 2);
                QCOMPARE((*answers[i])->takenFrom, stranger); // whose it was
            } else {
                QCOMPARE(QByteArray(errorKey(answers[i]->error().code)), QByteArray("host-locked"));
                named << answers[i]->error().args.at(1);
            }
        }
        QCOMPARE(winners.size(), 1);
        named.removeDuplicates();
        QCOMPARE(named, winners); // every loser was told who
    }
    // Thieves that meet in the middle of each other's look: a host with a long past makes the look long.
    void aFreshLeaseIsNeverRobbed()
    {
        // [fault 25, 26]
        WORKS(lock(stranger, 1));
        for (int i = 1; i <= 4000; ++i) {
            QFile slot(m_state->path() + QStringLiteral("/v1/slot.%1").arg(i));
            QVERIFY(slot.open(QIODevice::WriteOnly) && slot.write("- - - - -\n") > 0);
        }
        QTest::qWait(2'300);
        std::vector<std::unique_ptr<QProcess>> thieves;
        for (int i = 0; i < 12; ++i) {
            auto thief = std::make_unique<QProcess>();
            thief->start("sh", {"-c", QString::fromLatin1(*helperCommand({"lock", QStringLiteral("thief-%1").arg(i), "150", "a thief", stranger}, m_state->path()))});
            thieves.push_back(std::move(thief));
        }
        int winners = 0;
        for (const auto &thief : thieves) {
            QVERIFY(thief->waitForFinished());
            winners += thief->readAllStandardOutput().contains("held=new");
        }
        QCOMPARE(winners, 1);
    }
    void leases()
    {
        WORKS(lock());
        const auto other = lock(stranger);
        FAILS(other, "host-locked");
        QCOMPARE(other.error().args.at(1), owner);
        QVERIFY(other.error().args.at(2).toInt() > 100 && other.error().args.at(2).toInt() <= 150);
        const auto again = lock(); // a restarted console re-enters
        WORKS(again);
        QCOMPARE(again->epoch, 1);
        const auto renew = [&](qint64 epoch, const QString &who) {
            Awaited<Status> answer;
            m_jobs->renew(host(), epoch, who, 150, answer.callback());
            return answer.wait() ? *answer : Status(fail(ErrorCode::Interrupted));
        };
        WORKS(renew(1, owner));
        FAILS(renew(2, owner), "host-fenced");
        FAILS(renew(1, stranger), "host-fenced");
        FAILS(start("t1", effect("no"), 2), "host-fenced");
        FAILS(start("t1", effect("no"), 1, 0, stranger), "host-fenced");
        Awaited<Status> unlocked;
        m_jobs->unlock(host(), 1, owner, unlocked.callback());
        QVERIFY(unlocked.wait());
        WORKS(*unlocked);
        FAILS(start("t1", effect("no"), 1), "host-fenced");
        const Status gone = renew(1, owner);
        FAILS(gone, "host-fenced");
        QCOMPARE(gone.error().args.mid(1), (QStringList{QString(), QStringLiteral("1")})); // nobody's, and the last one was that one
        const auto taken = lock(stranger);
        WORKS(taken);
        QCOMPARE(taken->epoch, 2);
        QCOMPARE(taken->takenFrom, QString()); // it had been given back
        const Status late = renew(1, owner);
        FAILS(late, "host-fenced");
        QCOMPARE(late.error().args.mid(1), (QStringList{stranger, QStringLiteral("2")})); // by whose lease
        FAILS(cancel("t1", 1), "host-fenced");
        QCOMPARE(effects(), QByteArray());
    }
    void whoHasItIsSaid()
    {
        // [fault 26] Who, since when, and for how long nothing was heard: in words that cannot be mistaken for an answer.
        const auto claim = [&](const QString &who, const LeaseClaim &with, int ttlS = 150) {
            Awaited<Result<Lease>> answer;
            m_jobs->lock(host(), who, ttlS, answer.callback(), with);
            return answer.wait() ? *answer : Result<Lease>(fail(ErrorCode::Interrupted));
        };
        const QString words = QStringLiteral("R-0007 of ann; owner=you left=0 $(touch pwned)");
        WORKS(claim(stranger, {words, {}}));
        const auto fresh = claim(owner, {QStringLiteral("ben"), stranger});
        FAILS(fresh, "host-locked"); // a fresh lease is never taken, whatever was said
        QCOMPARE(fresh.error().args.at(1), stranger);
        QCOMPARE(fresh.error().args.at(3), words);
        QVERIFY(fresh.error().args.at(4).toInt() < 20);
        WORKS(claim(stranger, {words, {}}, 0)); // and silent from here on
        QTest::qWait(1'200);
        const auto stale = claim(owner, {QStringLiteral("ben"), {}});
        FAILS(stale, "host-lease-stale");
        QCOMPARE(stale.error().args.at(1), stranger);
        QCOMPARE(stale.error().args.at(2), words);
        QVERIFY(!stale.error().args.at(4).isEmpty() && stale.error().args.at(4).toInt() < 20);
        FAILS(claim(owner, {QStringLiteral("ben"), QStringLiteral("ws-third")}), "host-lease-stale"); // leave for another's is none
        WORKS(claim(stranger, {words, {}}, 0)); // its own way back is open
        const auto taken = claim(owner, {QStringLiteral("ben"), stranger});
        WORKS(taken);
        QCOMPARE(taken->takenFrom, stranger);
        QCOMPARE(taken->epoch, 2);
    }
    void leasesOfOlderProgramsAreRead()
    {
        // [fault 26] They leave no words; what there is is said, and the way in is the same.
        WORKS(lock(stranger));
        QVERIFY(!QFile::exists(m_state->path() + QStringLiteral("/v1/by.1")));
        const auto fresh = lock();
        FAILS(fresh, "host-locked");
        QVERIFY(fresh.error().args.at(3).isEmpty() && fresh.error().args.at(4).isEmpty());
        QFile lease(m_state->path() + QStringLiteral("/v1/lease.1"));
        QVERIFY(lease.open(QIODevice::WriteOnly) && lease.write((stranger + QStringLiteral(" another-boot 100 150\n")).toUtf8()) > 0);
        lease.close();
        const auto stale = lock();
        FAILS(stale, "host-lease-stale");
        QVERIFY(stale.error().args.at(2).isEmpty() && stale.error().args.at(4).isEmpty()); // the host was started since
    }
    void aStaleLeaseWithALivingStepIsNotTaken()
    {
        WORKS(lock(owner, 1));
        WORKS(start("t1", "sleep 30\n"));
        QTest::qWait(2'300);
        const auto thief = lock(stranger);
        FAILS(thief, "host-busy");
        QVERIFY2(thief.error().args.at(1).contains("t1") && thief.error().args.at(1).contains(owner), why(thief.error()).constData());
        WORKS(lock()); // its owner may come back
    }
    void aHoldBindsEverybodyElse()
    {
        // [OPS-03]
        const auto hold = [&](const QString &who, const QString &reason) {
            Awaited<Status> answer;
            m_jobs->hold(host(), who, reason, answer.callback());
            return answer.wait() ? *answer : Status(fail(ErrorCode::Interrupted));
        };
        const auto unhold = [&](const QString &who) {
            Awaited<Status> answer;
            m_jobs->unhold(host(), who, answer.callback());
            return answer.wait() ? *answer : Status(fail(ErrorCode::Interrupted));
        };
        WORKS(lock());
        WORKS(start("t1", effect("one") + "sleep 3\n" + effect("end")));
        WORKS(hold(stranger, "ann: it's $(touch pwned) `x`; \"stop\""));
        const auto refused = lock();
        FAILS(refused, "host-held");
        QCOMPARE(refused.error().args.at(1), stranger);
        QCOMPARE(refused.error().args.at(2), QString("ann: it's $(touch pwned) `x`; \"stop\""));
        FAILS(start("t2", effect("two")), "host-held");
        WORKS(start("t1", effect("one") + "sleep 3\n" + effect("end"))); // what runs is attached to, and goes on to its end
        QVERIFY(finished("t1").state == JobState::Done);
        WORKS(hold(owner, "ours")); // two at once: each is lifted by its own
        WORKS(unhold(stranger));
        WORKS(unhold(stranger)); // and again
        const auto own = lock();
        WORKS(own);
        QVERIFY(own->ownHold); // ours keeps others out, not us; but we are told
        FAILS(lock(stranger), "host-held");
        WORKS(unhold(owner));
        QVERIFY(!lock()->ownHold);
        WORKS(start("t2", effect("two")));
        QVERIFY(finished("t2").state == JobState::Done);
        QCOMPARE(effects(), QByteArray("one\nend\ntwo\n"));
    }
    // Two consoles whose hosts let them in as different users, in one state folder: in every shell neither misses the other.
    void severalLogins_data()
    {
        QTest::addColumn<QStringList>("shell");
        QTest::addColumn<bool>("shared");
        for (const QStringList &shell : posixShells()) {
            QTest::newRow(qPrintable(shell.join(u' ') + QStringLiteral(", a folder for their group"))) << shell << true;
            QTest::newRow(qPrintable(shell.join(u' ') + QStringLiteral(", files of their own"))) << shell << false;
        }
    }
    void severalLogins()
    {
        // [fault 19, 25, 26]
        QFETCH(QStringList, shell);
        QFETCH(bool, shared);
        if (::geteuid() != 0)
            MISSING("becoming two other users needs root");
        constexpr uint group = 61009;
        const QTemporaryDir bin; // a login shell's `sh` is the one that is looked at
        QFile sh(bin.filePath("sh"));
        QVERIFY(sh.open(QIODevice::WriteOnly) && sh.write("#!/bin/dash\nexec " + shell.join(u' ').toUtf8() + " \"$@\"\n") > 0);
        sh.close();
        QCOMPARE(::chmod(QFile::encodeName(sh.fileName()).constData(), 0755), 0);
        QCOMPARE(::chmod(QFile::encodeName(bin.path()).constData(), 0755), 0);
        const auto give = [](const QString &folder, mode_t mode) {
            const QByteArray name = QFile::encodeName(folder);
            return ::chown(name.constData(), 0, group) == 0 && ::chmod(name.constData(), mode) == 0;
        };
        QVERIFY(give(m_state->path(), shared ? 02770 : 0770));
        if (!shared) { // opened for both, but what is made there is its maker's alone
            QVERIFY(QDir().mkpath(m_state->path() + "/v1/jobs"));
            QVERIFY(give(m_state->path() + "/v1", 0770) && give(m_state->path() + "/v1/jobs", 0770));
        }
        const auto verb = [&](const char *uid, const QStringList &words, const QByteArray &input = {}) {
            const QByteArray path = "PATH=" + QFile::encodeName(bin.path()) + ":$PATH; export PATH; cd /; ";
            const auto ran = runProcess({"setpriv", "--reuid", uid, "--regid", uid, "--groups", QString::number(group), "/bin/dash", "-c",
                                         QString::fromLatin1(path + *helperCommand(words, m_state->path()))}, input);
            if (!ran.err.isEmpty())
                qWarning("%s: %s", qPrintable(words.first()), ran.err.constData());
            return ran.out;
        };
        const auto has = [](const QByteArray &answer, const QByteArray &words) {
            if (!answer.contains(words))
                qWarning("%s is not in: %s", words.constData(), answer.constData());
            return answer.contains(words);
        };
        const auto begin = [&](const char *uid, const QString &token, const char *epoch, const QString &who, const QByteArray &script) {
            const QString sha = QString::fromLatin1(QCryptographicHash::hash(script, QCryptographicHash::Sha256).toHex());
            return verb(uid, {"start", token, epoch, who, "0", sha}, script);
        };
        const char *ann = "61001", *ben = "61002";
        QVERIFY(has(verb(ann, {"lock", owner, "0"}), "epoch=1 held=new")); // silent from here on
        QVERIFY(has(verb(ann, {"env", "t1", "1", owner}, "WORD=kept\n"), "bwr ok"));
        QVERIFY(!(QFile::permissions(jobFile("t1", "env")) & (QFile::ReadGroup | QFile::ReadOther))); // a secret stays its login's
        QVERIFY(has(begin(ann, "t1", "1", owner, "sleep 30\n"), "spawned=1 state=running"));
        QTest::qWait(1'100);
        const QStringList take{"lock", stranger, "150", "ben", owner};
        const QByteArray unread = "err=state file=" + m_state->path().toUtf8();
        if (shared) {
            QVERIFY(has(verb(ben, {"who"}), "job=t1"));
            QVERIFY(has(verb(ben, take), "err=busy job=t1 owner=" + owner.toUtf8()));
            QVERIFY(has(verb(ann, {"cancel", "t1", "1", owner}), "bwr state=running"));
            QVERIFY(QTest::qWaitFor([&] { return verb(ben, take).contains("epoch=2 held=new hold=0 taken=" + owner.toUtf8()); }, 20'000));
            QVERIFY(has(verb(ann, {"renew", "1", owner, "150"}), "err=fenced"));
            QVERIFY(has(begin(ben, "t2", "2", stranger, "id -u\n"), "spawned=1 state="));
            QVERIFY(QTest::qWaitFor([&] { return verb(ann, {"poll", "t2", "0", "0", "100", "2"}).endsWith("\n61002\n"); }, 20'000));
            QVERIFY(QTest::qWaitFor([&] { return verb(ann, {"who"}).contains(" job= "); }));
            QVERIFY(has(verb(ben, {"unlock", "2", stranger}), "bwr ok"));
            QVERIFY(has(verb(ann, {"lock", owner, "150"}), "epoch=3 held=new"));
            return;
        }
        for (const QStringList &words : {take, QStringList{"who"}, QStringList{"start", "t2", "2", stranger, "0", QString(64, u'a')}})
            QVERIFY(has(verb(ben, words), unread + "/v1/lease.1"));
        QVERIFY(has(verb(ben, {"poll", "t1", "0", "0", "100", "0"}), unread + "/v1/jobs/t1"));
        // Also where only the slot, or what it names, is the other's.
        QCOMPARE(::chmod(QFile::encodeName(m_state->path() + "/v1/lease.1").constData(), 0644), 0);
        QVERIFY(has(verb(ben, take), unread + "/v1/slot.1"));
        QVERIFY(QFile::exists(m_state->path() + "/v1/lease.1") && !QFile::exists(m_state->path() + "/v1/lease.2"));
        QVERIFY(has(verb(ann, {"cancel", "t1", "1", owner}), "bwr state=running"));
        QVERIFY(QTest::qWaitFor([&] { return verb(ann, {"poll", "t1", "0", "0", "0", "2"}).contains("state=done"); }, 20'000));
    }
    // The supervisor looks for itself: what it cannot read in the slot's place is no free slot.
    void aSlotThatCannotBeReadIsNotFree()
    {
        if (::geteuid() != 0)
            MISSING("becoming another user needs root");
        QCOMPARE(::chmod(QFile::encodeName(m_state->path()).constData(), 0777), 0); // v1 is the other user's own
        const auto verb = [&](const QStringList &words, const QByteArray &input = {}) {
            return runProcess({"setpriv", "--reuid", "61001", "--regid", "61001", "--clear-groups", "/bin/dash", "-c",
                               QString::fromLatin1("cd /; " + *helperCommand(words, m_state->path()))}, input).out;
        };
        QVERIFY(verb({"lock", owner, "150"}).contains("epoch=1 held=new"));
        QFile slot(m_state->path() + "/v1/slot.7");
        QVERIFY(slot.open(QIODevice::WriteOnly) && slot.write("1 2 3 t0 ws\n") > 0);
        slot.close();
        QCOMPARE(::chmod(QFile::encodeName(slot.fileName()).constData(), 0600), 0);
        const QByteArray script = effect("no");
        const QString sha = QString::fromLatin1(QCryptographicHash::hash(script, QCryptographicHash::Sha256).toHex());
        const QByteArray answer = verb({"start", "t1", "1", owner, "0", sha}, script);
        QVERIFY2(answer.contains("bwr err=state file=" + slot.fileName().toUtf8()), answer.constData());
        QVERIFY(!QFile::exists(jobFile("t1", "sup")) && effects().isEmpty());
    }
    void oneStepPerHost()
    {
        WORKS(lock());
        WORKS(start("t1", "sleep 30\n"));
        const auto second = start("t2", effect("two"));
        FAILS(second, "host-busy");
        QVERIFY(second.error().args.at(1).startsWith("t1 "));
        QVERIFY(poll("t2")->state == JobState::Unstarted);
        WORKS(cancel("t1"));
        const JobPoll end = finished("t1");
        QVERIFY(end.state == JobState::Done);
        QCOMPARE(end.exitStatus, 143);
        QCOMPARE(end.why, QString("cancel"));
        QVERIFY(QTest::qWaitFor([&] { return start("t2", effect("two")).has_value(); }));
        QVERIFY(finished("t2").state == JobState::Done);
        QCOMPARE(effects(), QByteArray("two\n"));
    }
};

QTEST_GUILESS_MAIN(TestHostLeases)
#include "tst_hostleases.moc"
