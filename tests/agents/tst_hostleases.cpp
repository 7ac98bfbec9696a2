// Who may act on a host: leases with one winner and growing epochs, one step at a time.
#include "hostjobsworld.h"

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
        const auto taken = lock(stranger);
        WORKS(taken);
        QCOMPARE(taken->epoch, 2);
        QCOMPARE(taken->takenFrom, QString()); // it had been given back
        FAILS(renew(1, owner), "host-fenced");
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
