// What History replays: a rollout's own events and those that concern every rollout, folded as the console does.
#include "engineworld.h"
#include "journalhelp.h"
#include "journalview/journalservice.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace bellwether;

namespace {

void keep(const QString &folder, const EngineWorld &world)
{
    auto writer = JournalWriter::open(folder);
    QVERIFY(writer.has_value());
    QList<NewEvent> events;
    for (const Event &event : world.journal.events())
        events.append({event.rollout, event.wallMs, event.monoMs, event.actor, event.body});
    QVERIFY(support::appendAndWait(**writer, events).has_value());
}

template<class Body>
qint64 lastOf(const QList<Event> &events)
{
    for (auto it = events.crbegin(); it != events.crend(); ++it)
        if (std::holds_alternative<Body>(it->body))
            return it->seq;
    return 0;
}

} // namespace

class TestReplay : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatConcernsEveryRolloutIsReplayed()
    {
        EngineWorld world;
        QVERIFY(world.run().has_value());
        for (int i = 0; i < 400 && world.fleet.effectLog.isEmpty(); ++i)
            world.turn();
        const qint64 running = world.journal.events().last().seq;
        QVERIFY(world.ask(QStringLiteral("stop-all"), {{QStringLiteral("reason"), QStringLiteral("the vendor called")}}).has_value());
        const qint64 stopped = world.journal.events().last().seq;
        QVERIFY(world.ask(QStringLiteral("release"), {{QStringLiteral("reason"), QStringLiteral("all is well")}}).has_value());
        world.killConsole();
        world.startConsole();
        QTemporaryDir folder;
        keep(folder.path(), world);
        QList<Event> events = replayed(folder.path());
        QVERIFY(std::ranges::any_of(events, [](const Event &e) { return std::holds_alternative<EverythingStopped>(e.body); }));
        QVERIFY(std::holds_alternative<RolloutStarted>(events.first().body));
        QVERIFY(std::holds_alternative<ConsoleStarted>(events.last().body));
        QCOMPARE(at(running)->state, RolloutLifecycle::Running);
        QCOMPARE(at(stopped)->state, RolloutLifecycle::Paused);
        QVERIFY(at(stopped)->pauseReasons.contains(nameOf(PauseReason::Hold)));
        const auto end = at(events.last().seq);
        QVERIFY(end->interrupted);
        QCOMPARE(statusJson(*end), statusJson(snapshotOf(world.rollout(), {events.last().wallMs, events.last().monoMs})));
    }

    void whatComesAfterItsEndIsNotItsOwn()
    {
        EngineWorld world;
        QVERIFY(world.run(QJsonObject{{QStringLiteral("auto_promote"), true}}).has_value());
        QVERIFY(world.settle());
        QCOMPARE(world.rollout().lifecycle, RolloutLifecycle::Succeeded);
        for (int i = 0; i < 20; ++i)
            world.turn(); // what is recorded as it ends
        const qint64 last = world.journal.events().last().seq;
        world.killConsole();
        world.startConsole();
        QTemporaryDir folder;
        keep(folder.path(), world);
        const QList<Event> events = replayed(folder.path());
        QVERIFY(!events.isEmpty() && events.last().seq <= last);
        QVERIFY(lastOf<RolloutEnded>(events) > 0);
        QCOMPARE(lastOf<ConsoleStarted>(events), qint64(0));
        QCOMPARE(at(events.last().seq)->state, RolloutLifecycle::Succeeded);
    }

private:
    QList<Event> replayed(const QString &folder)
    {
        m_service = std::make_unique<JournalService>();
        QSignalSpy loaded(m_service.get(), &JournalService::loaded);
        m_service->load(folder, 1);
        [&] { QTRY_COMPARE(loaded.size(), 1); }();
        return *m_service->events();
    }
    std::shared_ptr<const RolloutSnapshot> at(qint64 seq)
    {
        std::shared_ptr<const RolloutSnapshot> folded;
        const auto connection = connect(m_service.get(), &JournalService::folded, this, [&](const auto &snapshot, qint64) { folded = snapshot; });
        m_service->foldTo(1, seq);
        [&] { QTRY_VERIFY(folded); }();
        disconnect(connection);
        return folded ? folded : std::make_shared<const RolloutSnapshot>();
    }
    std::unique_ptr<JournalService> m_service;
};

QTEST_GUILESS_MAIN(TestReplay)
#include "tst_replay.moc"
