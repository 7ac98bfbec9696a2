// What the engine holds of leases, with a host to which requests travel: they arrive, and are answered, in whatever order the test says.
#include "engine/leasekeeper.h"
#include "fakeclock.h"
#include "fakefleet.h"

#include <QTest>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

using namespace bellwether;

namespace {

const QString ours = QStringLiteral("ws-ours"), other = QStringLiteral("ws-other");

class TravellingFleet final : public FakeFleet {
public:
    using FakeFleet::FakeFleet;
    int locks = 0, unlocks = 0;
    qsizetype mostAtOnce = 0; // of them under way

    void lock(const Installation &host, const QString &owner, int ttlS, const LeaseClaim &claim, std::function<void(Result<Lease>)> done) override
    {
        send<Result<Lease>>(std::move(done), [this, host, owner, ttlS, claim](auto answered) { FakeFleet::lock(host, owner, ttlS, claim, std::move(answered)); });
        ++locks;
    }
    void unlock(const Installation &host, qint64 epoch, const QString &owner, std::function<void(Status)> done) override
    {
        send<Status>(std::move(done), [this, host, epoch, owner](auto answered) { FakeFleet::unlock(host, epoch, owner, std::move(answered)); });
        ++unlocks;
    }
    // All that is under way arrives and is answered; false when nothing was.
    bool pass(bool arriveTheOtherWay = false, bool answerTheOtherWay = false)
    {
        std::vector<Letter> letters = std::exchange(m_underWay, {});
        for (size_t i = 0; i < letters.size(); ++i)
            letters[arriveTheOtherWay ? letters.size() - 1 - i : i].arrive();
        while (deliver()) { }
        for (size_t i = 0; i < letters.size(); ++i)
            letters[answerTheOtherWay ? letters.size() - 1 - i : i].answer();
        return !letters.empty();
    }
    void settle(bool arriveTheOtherWay = false, bool answerTheOtherWay = false)
    {
        for (int i = 0; i < 20; ++i) {
            while (deliver()) { }
            if (!pass(arriveTheOtherWay, answerTheOtherWay))
                return;
        }
    }

private:
    struct Letter {
        std::function<void()> arrive, answer;
    };
    template<class T, class Arrive>
    void send(std::function<void(T)> done, Arrive arrive)
    {
        const auto answer = std::make_shared<std::optional<T>>();
        m_underWay.push_back({[answer, arrive] { arrive([answer](const T &value) { *answer = value; }); }, [answer, done] { done(**answer); }});
        mostAtOnce = std::max<qsizetype>(mostAtOnce, qsizetype(m_underWay.size()));
    }
    std::vector<Letter> m_underWay;
};

class KeepersRuntime final : public Runtime {
public:
    KeepersRuntime(HostPort &hosts, const Clock &clock)
        : m_hosts(hosts)
        , m_clock(clock)
    {}
    Now now() const override { return m_clock.now(); }
    HostPort &hosts() override { return m_hosts; }
    const RolloutState *rollout(int) const override { return nullptr; }
    void record(int, QList<EventBody>, std::function<void()>, const QString &) override {}
    bool isRecording() const override { return true; }
    void schedule(qint64, std::function<void()>) override {}
    QString owner() const override { return ours; }
    QString formerOwner() const override { return {}; }
    qint64 epochOf(const Installation &) const override { return 0; }
    void wantsLease(int, const QString &) override {}
    void fenced(const Installation &, qint64, const Error &) override {}
    QString dataFolder() const override { return {}; }

private:
    HostPort &m_hosts;
    const Clock &m_clock;
};

struct World {
    FakeClock clock;
    TravellingFleet fleet{clock};
    KeepersRuntime runtime{fleet, clock};
    std::unique_ptr<LeaseKeeper> leases = std::make_unique<LeaseKeeper>(runtime);
    QStringList heard;

    // Two installations on one machine, and one on another.
    World()
    {
        for (const char *name : {"box", "box-too", "elsewhere"})
            fleet.add(QString::fromLatin1(name));
        fleet.putOn(QStringLiteral("box-too"), QStringLiteral("box"));
        leases->onLost = [this](const QString &, bool toAStranger) { heard.append(toAStranger ? QStringLiteral("lost") : QStringLiteral("ended by ourselves")); };
    }
    static Installation installation(const QString &name)
    {
        Installation i;
        i.name = name;
        i.endpoint.address = name == QLatin1String("elsewhere") ? QStringLiteral("127.0.9.2") : QStringLiteral("127.0.9.1");
        i.endpoint.user = QStringLiteral("ops");
        i.directory = QStringLiteral("/srv/") + name;
        return i;
    }
    void leaveToAnother()
    {
        FakeHost &box = fleet.host(QStringLiteral("box"));
        box.epoch = 4;
        box.leaseOwner = other;
        box.leaseIsStale = true;
    }
    std::function<void(Result<Lease>)> hearing(const QString &who)
    {
        return [this, who](const Result<Lease> &lease) {
            const QString what = !lease ? QString::fromLatin1(errorKey(lease.error().code))
                : lease->takenFrom.isEmpty() ? QStringLiteral("%1").arg(lease->epoch) : QStringLiteral("%1 from %2").arg(lease->epoch).arg(lease->takenFrom);
            heard.append(QStringLiteral("%1: %2").arg(who, what));
        };
    }
    void take(const QString &name, bool withLeave = false)
    {
        leases->take(installation(name), 150, {QStringLiteral("tester"), withLeave ? other : QString()}, hearing(name));
    }
    void takeAnew(const QString &name, qint64 epoch) { leases->takeAnew(installation(name), epoch, 150, {QStringLiteral("tester"), {}}, hearing(name)); }
};

} // namespace

class TestLeaseKeeper : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // [fault 27] Two requests on their way together: one host would take the lease from its silent owner for the second, and tell the
    // first that it is ours, or answer the first one last. Whoever hears of it second would record a lease taken without leave.
    void oneLeaseIsAskedForOnceAtATime_data()
    {
        QTest::addColumn<bool>("firstHasLeave");
        QTest::addColumn<bool>("secondHasLeave");
        QTest::addColumn<bool>("arriveTheOtherWay");
        QTest::addColumn<bool>("answerTheOtherWay");
        QTest::addColumn<QStringList>("heard");
        QTest::addColumn<int>("locks");
        const QString taken = QStringLiteral("5 from ") + other, stale = QStringLiteral("host-lease-stale");
        struct {
            const char *name;
            bool first, second;
            QString box, boxToo;
            int locks;
        } const cases[] = {{"both with leave", true, true, taken, QStringLiteral("5"), 1},
                           {"leave came between", false, true, stale, taken, 2},
                           {"leave for the first alone", true, false, taken, QStringLiteral("5"), 1},
                           {"no leave", false, false, stale, stale, 2}};
        for (const auto &c : cases)
            for (const bool arrive : {false, true})
                for (const bool answer : {false, true}) {
                    const QByteArray name = QByteArray(c.name) + (arrive ? ", arrive the other way" : "") + (answer ? ", answered the other way" : "");
                    QTest::newRow(name.constData()) << c.first << c.second << arrive << answer
                        << QStringList{QStringLiteral("box: ") + c.box, QStringLiteral("box-too: ") + c.boxToo} << c.locks;
                }
    }
    void oneLeaseIsAskedForOnceAtATime()
    {
        QFETCH(bool, firstHasLeave);
        QFETCH(bool, secondHasLeave);
        QFETCH(bool, arriveTheOtherWay);
        QFETCH(bool, answerTheOtherWay);
        QFETCH(QStringList, heard);
        QFETCH(int, locks);
        World w;
        w.leaveToAnother();
        w.take(QStringLiteral("box"), firstHasLeave);
        w.take(QStringLiteral("box-too"), secondHasLeave);
        w.fleet.settle(arriveTheOtherWay, answerTheOtherWay);
        QCOMPARE(w.heard, heard);
        QCOMPARE(w.fleet.locks, locks);
        QCOMPARE(w.fleet.mostAtOnce, 1);
        QCOMPARE(w.leases->epochOf(World::installation(QStringLiteral("box-too"))), firstHasLeave || secondHasLeave ? 5 : 0);
    }
    void anotherMachineIsNotWaitedFor()
    {
        World w;
        w.take(QStringLiteral("box"));
        w.take(QStringLiteral("elsewhere"));
        QCOMPARE(w.fleet.mostAtOnce, 2);
        w.fleet.settle();
        QCOMPARE(w.heard, (QStringList{QStringLiteral("box: 1"), QStringLiteral("elsewhere: 1")}));
    }
    void whoWaitsAsksAfterALostLink()
    {
        World w;
        int refusals = 1;
        w.fleet.refusing = [&refusals](const QString &, const QString &host) {
            return refusals-- > 0 ? std::optional(Error{ErrorCode::ConnectionLost, {host, QStringLiteral("no answer")}, {}, nullptr}) : std::nullopt;
        };
        w.take(QStringLiteral("box"));
        w.take(QStringLiteral("box-too"));
        w.fleet.settle();
        QCOMPARE(w.heard, (QStringList{QStringLiteral("box: connection-lost"), QStringLiteral("box-too: 1")}));
        w.take(QStringLiteral("box")); // held by now
        QCOMPARE(w.heard.last(), QStringLiteral("box: 1"));
        QCOMPARE(w.fleet.locks, 2);
    }
    void whatIsGivenBackIsGoneBeforeTheNextOneIsTaken_data()
    {
        QTest::addColumn<bool>("arriveTheOtherWay");
        QTest::addColumn<bool>("answerTheOtherWay");
        for (const bool arrive : {false, true})
            for (const bool answer : {false, true})
                QTest::addRow("arrive %s, answered %s", arrive ? "the other way" : "in turn", answer ? "the other way" : "in turn") << arrive << answer;
    }
    // [fault 27] A rollout has ended, and a person goes back at once: were the lease asked for before the host knows that it is given
    // back, it would be ours under the same number, and then given back under our feet.
    void whatIsGivenBackIsGoneBeforeTheNextOneIsTaken()
    {
        QFETCH(bool, arriveTheOtherWay);
        QFETCH(bool, answerTheOtherWay);
        World w;
        w.take(QStringLiteral("box"));
        w.fleet.settle();
        QVERIFY(!w.leases->isGivingBack());
        w.leases->release(World::installation(QStringLiteral("box")));
        QVERIFY(w.leases->isGivingBack());
        QCOMPARE(w.leases->epochOf(World::installation(QStringLiteral("box"))), 0);
        w.take(QStringLiteral("box"));
        w.take(QStringLiteral("box-too"));
        w.fleet.settle(arriveTheOtherWay, answerTheOtherWay);
        QCOMPARE(w.heard, (QStringList{QStringLiteral("box: 1"), QStringLiteral("box: 2"), QStringLiteral("box-too: 2")}));
        QCOMPARE(w.fleet.host(QStringLiteral("box")).leaseOwner, ours);
        QCOMPARE(w.fleet.host(QStringLiteral("box")).epoch, 2);
        QVERIFY(!w.leases->isGivingBack());
    }
    void whatMayHaveBeenGivenBackIsGivenBackOnceMore() // its request may still be on its way, behind a link that is cut
    {
        World w;
        w.take(QStringLiteral("box"));
        w.fleet.settle();
        int refusals = 2;
        w.fleet.refusing = [&refusals](const QString &verb, const QString &host) {
            return verb == QLatin1String("unlock") && refusals-- > 0 ? std::optional(Error{ErrorCode::ConnectionLost, {host, QStringLiteral("no answer")}, {}, nullptr}) : std::nullopt;
        };
        w.leases->release(World::installation(QStringLiteral("box")));
        w.fleet.settle();
        w.heard.clear();
        w.take(QStringLiteral("box"));
        w.fleet.settle();
        QCOMPARE(w.heard, QStringList{QStringLiteral("box: connection-lost")});
        w.take(QStringLiteral("box"));
        w.fleet.settle();
        QCOMPARE(w.heard.last(), QStringLiteral("box: 2"));
        QCOMPARE(w.fleet.unlocks, 3);
        QCOMPARE(w.fleet.locks, 2);
        w.leases->release(World::installation(QStringLiteral("box")));
        w.fleet.settle();
        w.take(QStringLiteral("box"));
        w.fleet.settle();
        QCOMPARE(w.heard.last(), QStringLiteral("box: 3"));
        QCOMPARE(w.fleet.unlocks, 4); // once for each
    }
    void whatTheHostCouldNotTakeBackIsStillOurs() // others on the machine go on with it
    {
        World w;
        w.take(QStringLiteral("box"));
        w.fleet.settle();
        int refusals = 1;
        w.fleet.refusing = [&refusals](const QString &verb, const QString &host) {
            return verb == QLatin1String("unlock") && refusals-- > 0 ? std::optional(Error{ErrorCode::HostDiskFull, {host}, {}, nullptr}) : std::nullopt;
        };
        w.heard.clear();
        w.takeAnew(QStringLiteral("box"), 1);
        QCOMPARE(w.leases->epochOf(World::installation(QStringLiteral("box"))), 0);
        w.fleet.settle();
        QCOMPARE(w.heard, QStringList{QStringLiteral("box: host-disk-full")});
        QCOMPARE(w.leases->epochOf(World::installation(QStringLiteral("box"))), 1);
        w.take(QStringLiteral("box-too"));
        w.fleet.settle();
        QCOMPARE(w.heard.last(), QStringLiteral("box-too: 1"));
        w.takeAnew(QStringLiteral("box"), 1);
        w.fleet.settle();
        QCOMPARE(w.heard.last(), QStringLiteral("box: 2"));
    }
    void theNextOneIsGivenBackByNobody()
    {
        // Two hosts of one machine were given up under one lease: each asks for a later one, and the second finds it there.
        World w;
        w.take(QStringLiteral("box"));
        w.fleet.settle();
        w.heard.clear();
        w.takeAnew(QStringLiteral("box"), 1);
        w.takeAnew(QStringLiteral("box-too"), 1);
        w.fleet.settle();
        QCOMPARE(w.heard, (QStringList{QStringLiteral("box: 2"), QStringLiteral("box-too: 2")}));
        w.takeAnew(QStringLiteral("box-too"), 1); // late
        w.fleet.settle();
        QCOMPARE(w.heard.last(), QStringLiteral("box-too: 2"));
        QCOMPARE(w.fleet.locks, 2);
        QCOMPARE(w.fleet.host(QStringLiteral("box")).epoch, 2);
        QCOMPARE(w.fleet.host(QStringLiteral("box")).leaseOwner, ours);
    }
    void aRefusalUnderAnEarlierLeaseIsNoLoss_data()
    {
        QTest::addColumn<qint64>("epoch");
        QTest::addColumn<bool>("isLost");
        QTest::newRow("ours") << qint64(2) << true;
        QTest::newRow("the one before") << qint64(1) << false;
        QTest::newRow("none was held") << qint64(0) << false;
    }
    void aRefusalUnderAnEarlierLeaseIsNoLoss() // a step that was on its way when its lease was given back for the next one
    {
        QFETCH(qint64, epoch);
        QFETCH(bool, isLost);
        World w;
        const Installation box = World::installation(QStringLiteral("box"));
        w.take(QStringLiteral("box"));
        w.fleet.settle();
        w.takeAnew(QStringLiteral("box"), 1);
        w.fleet.settle();
        QCOMPARE(w.leases->epochOf(box), 2);
        w.heard.clear();
        w.leases->lost(box.leasePlace(), epoch, {ErrorCode::HostFenced, {box.name, other, QStringLiteral("3")}, {}, nullptr});
        QCOMPARE(w.leases->epochOf(box), isLost ? 0 : 2);
        QCOMPARE(w.heard, isLost ? QStringList{QStringLiteral("lost")} : QStringList());
    }
    void whatWeEndedUnderAnotherNameIsNoStrangers_data() // two names of one machine that nobody knows to be one
    {
        QTest::addColumn<QStringList>("inForce"); // who holds which lease there now
        QTest::addColumn<QString>("heard");
        QTest::addColumn<qint64>("insteadOf");
        QTest::newRow("a stranger's") << QStringList{other, QStringLiteral("2")} << QStringLiteral("lost") << qint64(0);
        QTest::newRow("our next") << QStringList{ours, QStringLiteral("2")} << QStringLiteral("ended by ourselves") << qint64(1);
        QTest::newRow("ours, given back") << QStringList{QString(), QStringLiteral("1")} << QStringLiteral("ended by ourselves") << qint64(1);
        QTest::newRow("ours, and somebody was between") << QStringList{ours, QStringLiteral("3")} << QStringLiteral("ended by ourselves") << qint64(0);
        QTest::newRow("a stranger's, given back") << QStringList{QString(), QStringLiteral("2")} << QStringLiteral("lost") << qint64(0);
        QTest::newRow("a host that does not say") << QStringList() << QStringLiteral("lost") << qint64(0);
    }
    void whatWeEndedUnderAnotherNameIsNoStrangers()
    {
        QFETCH(QStringList, inForce);
        QFETCH(QString, heard);
        QFETCH(qint64, insteadOf);
        World w;
        const Installation box = World::installation(QStringLiteral("box"));
        w.take(box.name);
        w.fleet.settle();
        w.heard.clear();
        w.leases->lost(box.leasePlace(), 1, {ErrorCode::HostFenced, QStringList{box.name} + inForce, {}, nullptr});
        QCOMPARE(w.heard, QStringList{heard});
        QCOMPARE(w.leases->epochOf(box), 0);
        std::optional<qint64> next;
        w.leases->take(box, 150, {QStringLiteral("tester"), {}}, [&next](const Result<Lease> &lease) { next = lease ? lease->insteadOf : -1; });
        w.fleet.settle();
        QCOMPARE(next, std::optional(insteadOf));
        QCOMPARE(w.fleet.unlocks, 0);
    }
    void nobodyIsToldOnceItHasEnded()
    {
        World w;
        w.take(QStringLiteral("box"));
        w.take(QStringLiteral("box-too"));
        w.leases.reset();
        w.fleet.settle();
        QCOMPARE(w.heard, QStringList());
    }
};

QTEST_GUILESS_MAIN(TestLeaseKeeper)
#include "tst_leasekeeper.moc"
