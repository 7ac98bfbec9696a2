// What the engine refuses of requests that change the fleet and the keys that are believed, whoever sends them. [S1]
#include "engineworld.h"

#include "base/fields.h"

#include <QTest>

using namespace bellwether;

class TestFleetRequests : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anUndoPutsBackAndOnlyWhatWasShown();
    void anUndoLeavesRolloutsAlone();
    void anImportIsOfWhatItWasComparedWith();
    void jumpsInACircleAreRefused();
    void importedKeysReplaceNone();
    void revokedKeysAreNeverTrusted();
    void anotherKeyNeedsAReason();
    void aTrustedKeyIsNoLongerRefused();
    void blanksAreNoReason_data();
    void blanksAreNoReason();
};

namespace {

const QString keyA = QStringLiteral("SHA256:") + QString(43, u'A'), keyB = QStringLiteral("SHA256:") + QString(43, u'B');

Reply take(EngineWorld &w, const QList<Installation> &hosts)
{
    return w.ask("fleet-import", {{"source", "test"}, {"installations", valueToJson(hosts)}});
}

QJsonObject key(const QString &machine, const QString &fingerprint)
{
    return {{"machine", machine}, {"key_type", "ssh-ed25519"}, {"fingerprint", fingerprint}};
}

} // namespace

void TestFleetRequests::anUndoPutsBackAndOnlyWhatWasShown()
{
    EngineWorld w;
    QVERIFY(!w.ask("fleet-undo"));
    const QList<Installation> hosts = w.planned();
    const Reply first = take(w, hosts.mid(0, 2));
    QVERIFY(first.has_value());
    Installation changed = hosts[0];
    changed.domain = "new.example.test";
    const Reply second = take(w, {changed, hosts[2]});
    QVERIFY(second.has_value());
    const qint64 seq = second->value(QLatin1String("undo")).toInteger();
    QVERIFY(seq > first->value(QLatin1String("undo")).toInteger());
    QCOMPARE(w.engine->workspace().inventory.installations.size(), 3);
    const Reply other = w.ask("fleet-undo", {{"expect", first->value(QLatin1String("undo"))}});
    QVERIFY(!other);
    QCOMPARE(other.error().code, ErrorCode::NotAllowed);
    QVERIFY(w.ask("fleet-undo", {{"expect", seq}}).has_value());
    QCOMPARE(w.engine->workspace().inventory.installations, hosts.mid(0, 2));
    // and so it is for a console that reads the journal anew
    w.killConsole();
    w.startConsole();
    QCOMPARE(w.engine->workspace().inventory.installations, hosts.mid(0, 2));
    QCOMPARE(w.engine->workspace().undo.size(), 1);
}

void TestFleetRequests::anUndoLeavesRolloutsAlone()
{
    EngineWorld w;
    QVERIFY(take(w, w.planned()).has_value());
    QVERIFY(w.run().has_value());
    const Reply undone = w.ask("fleet-undo");
    QVERIFY(!undone);
    QCOMPARE(undone.error().code, ErrorCode::HostInOtherRollout);
    QCOMPARE(w.engine->workspace().inventory.installations.size(), w.plan.hosts.size());
}

void TestFleetRequests::anImportIsOfWhatItWasComparedWith()
{
    EngineWorld w;
    QList<Installation> hosts = w.planned();
    const auto compared = [&](qint64 with, const Installation &host) {
        return w.ask("fleet-import", {{"source", "test"}, {"installations", valueToJson(QList<Installation>{host})}, {"expect", with}});
    };
    QVERIFY(compared(0, hosts[0]).has_value()); // an empty fleet
    const qint64 seen = w.engine->workspace().newestChange();
    QVERIFY(seen > 0);
    hosts[0].endpoint.jump = "gate"; // somebody else, meanwhile
    QVERIFY(take(w, {hosts[0]}).has_value());
    Installation old = hosts[0];
    old.endpoint.jump.clear();
    old.domain = "new.example.test";
    const Reply late = compared(seen, old);
    QVERIFY(!late);
    QCOMPARE(late.error().code, ErrorCode::NotAllowed);
    QCOMPARE(*w.engine->workspace().inventory.find(hosts[0].name), hosts[0]);
    QVERIFY(w.ask("fleet-undo").has_value()); // the fleet is what it was compared with
    QVERIFY(compared(seen, old).has_value());
    // of two that come at once only the first was compared with what it meets
    const qint64 now = w.engine->workspace().newestChange();
    int taken = 0, refused = 0;
    for (const char *domain : {"one.example.test", "two.example.test"}) {
        old.domain = domain;
        w.engine->request({"fleet-import", {{"source", "test"}, {"installations", valueToJson(QList<Installation>{old})}, {"expect", now}}, "tester"},
                          [&](const Reply &reply) { ++(reply ? taken : refused); });
    }
    for (int i = 0; i < 100 && taken + refused < 2; ++i)
        w.turn(10);
    QCOMPARE(taken, 1);
    QCOMPARE(refused, 1);
    QCOMPARE(w.engine->workspace().inventory.find(old.name)->domain, QString("one.example.test"));
}

void TestFleetRequests::jumpsInACircleAreRefused()
{
    EngineWorld w;
    QList<Installation> hosts = w.planned();
    hosts[0].endpoint.jump = hosts[1].name;
    QVERIFY(take(w, hosts).has_value());
    hosts[1].endpoint.jump = hosts[0].name;
    const Reply circle = take(w, {hosts[1]});
    QVERIFY(!circle);
    QCOMPARE(circle.error().code, ErrorCode::BadValue);
    QVERIFY(w.engine->workspace().inventory.find(hosts[1].name)->endpoint.jump.isEmpty());
}

void TestFleetRequests::importedKeysReplaceNone()
{
    EngineWorld w;
    const QList<Installation> hosts = w.planned();
    QVERIFY(take(w, hosts).has_value());
    const QString machine = hosts[0].endpoint.machine(), other = hosts[1].endpoint.machine();
    QVERIFY(w.ask("trust-import", {{"source", "f"}, {"keys", QJsonArray{key(machine, keyA)}}}).has_value());
    QCOMPARE(w.trust.trusted(machine).fingerprint, keyA);
    // one that differs refuses all of them: nobody saw it among the new ones
    const Reply differs = w.ask("trust-import", {{"source", "f"}, {"keys", QJsonArray{key(other, keyB), key(machine, keyB)}}});
    QVERIFY(!differs);
    QCOMPARE(differs.error().code, ErrorCode::HostKeyChanged);
    QCOMPARE(w.trust.trusted(machine).fingerprint, keyA);
    QVERIFY(!w.trust.trusted(other).known);
    const Reply stranger = w.ask("trust-import", {{"source", "f"}, {"keys", QJsonArray{key("192.0.2.1:22", keyB)}}});
    QVERIFY(!stranger);
    QCOMPARE(stranger.error().code, ErrorCode::UnknownHost);
    for (const char *bad : {"", "SHA256:short", "MD5:AAAA", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"})
        QVERIFY(!w.ask("trust-import", {{"source", "f"}, {"keys", QJsonArray{key(other, bad)}}}));
}

void TestFleetRequests::revokedKeysAreNeverTrusted()
{
    EngineWorld w;
    const QList<Installation> hosts = w.planned();
    QVERIFY(take(w, hosts).has_value());
    const QString machine = hosts[0].endpoint.machine();
    QVERIFY(w.ask("trust", {{"host", hosts[0].name}, {"key_type", "ssh-ed25519"}, {"fingerprint", keyA}}).has_value());
    const Reply taken = w.ask("trust-import", {{"source", "f"}, {"keys", QJsonArray{key(hosts[1].endpoint.machine(), keyA)}}, {"revoked", QJsonArray{key({}, keyA)}}});
    QVERIFY(taken.has_value());
    QCOMPARE(taken->value(QLatin1String("trusted")).toInt(-1), 0);
    QCOMPARE(taken->value(QLatin1String("revoked")).toInt(), 1);
    QCOMPARE(taken->value(QLatin1String("left_out")).toInt(), 1);
    QVERIFY(w.trust.isRevoked(keyA) && !w.trust.isRevoked(keyB));
    const Reply again = w.ask("trust", {{"host", hosts[1].name}, {"key_type", "ssh-ed25519"}, {"fingerprint", keyA}, {"reason", "surely"}});
    QVERIFY(!again);
    QCOMPARE(again.error().code, ErrorCode::HostKeyRevoked);
    w.turn();
    for (const FleetRow &row : w.engine->snapshot()->fleet)
        if (row.installation.endpoint.machine() == machine)
            QCOMPARE(row.keyState, QString("revoked"));
    w.killConsole();
    w.trust.set({}, {});
    w.startConsole();
    QVERIFY(w.trust.isRevoked(keyA)); // from the journal
}

void TestFleetRequests::anotherKeyNeedsAReason()
{
    // [fault 30]
    EngineWorld w;
    const QList<Installation> hosts = w.planned();
    QVERIFY(take(w, hosts).has_value());
    const QString machine = hosts[0].endpoint.machine();
    const auto trust = [&](const QString &fingerprint, const QJsonValue &reason = {}) {
        return w.ask("trust", {{"host", hosts[0].name}, {"key_type", "ssh-ed25519"}, {"fingerprint", fingerprint}, {"reason", reason}});
    };
    const auto trusted = [&] {
        QList<HostTrusted> all;
        for (const Event &event : w.journal.events())
            if (const auto *e = std::get_if<HostTrusted>(&event.body))
                all.append(*e);
        return all;
    };
    for (const char *bad : {"", "SHA256:short", "MD5:AAAA"})
        QVERIFY2(!trust(bad), bad);
    QVERIFY(trust(keyA).has_value());
    for (const QJsonValue &reason : {QJsonValue(), QJsonValue(""), QJsonValue(" \t\n"), QJsonValue(1)}) {
        const Reply refused = trust(keyB, reason);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::NotAllowed);
    }
    QVERIFY(trust(keyA).has_value()); // the same one needs none
    QCOMPARE(w.trust.trusted(machine).fingerprint, keyA);
    QCOMPARE(trusted().size(), 2);
    QVERIFY(trust(keyB, " the disk was replaced, ticket 7 ").has_value());
    QCOMPARE(w.trust.trusted(machine).fingerprint, keyB);
    QCOMPARE(trusted().size(), 3);
    QCOMPARE(trusted().last().machine, machine);
    QCOMPARE(trusted().last().fingerprint, keyB);
    QCOMPARE(trusted().last().replaced, keyA);
    QCOMPARE(trusted().last().reason, QString("the disk was replaced, ticket 7"));
    QVERIFY(trusted().first().replaced.isEmpty());
    QCOMPARE(w.journal.events().last().actor, QString("tester"));
}

void TestFleetRequests::aTrustedKeyIsNoLongerRefused()
{
    // What was measured at the door of the old key is over, for the host and for who is reached through it.
    EngineWorld w;
    QList<Installation> hosts = w.planned();
    hosts[1].endpoint.jump = hosts[0].name;
    QVERIFY(take(w, hosts).has_value());
    const auto trust = [&](const QString &fingerprint) {
        return w.ask("trust", {{"host", hosts[0].name}, {"key_type", "ssh-ed25519"}, {"fingerprint", fingerprint}, {"reason", "set up anew"}});
    };
    const auto row = [&](int i) {
        for (const FleetRow &one : w.engine->snapshot()->fleet)
            if (one.installation.name == hosts[i].name)
                return one;
        return FleetRow();
    };
    QVERIFY(trust(keyA).has_value());
    w.fleet.refusing = [&](const QString &verb, const QString &host) -> std::optional<Error> {
        if (verb != QLatin1String("measure") || (host != hosts[0].name && host != hosts[1].name))
            return std::nullopt;
        return Error{ErrorCode::HostKeyChanged, {hosts[0].name, QStringLiteral("ssh-ed25519"), keyB, keyA}, {}, nullptr};
    };
    QVERIFY(w.ask("check").has_value());
    QCOMPARE(row(0).keyState, QString("changed"));
    QCOMPARE(row(1).facts.error, QString("host-key-changed"));
    QVERIFY(row(2).facts.reachable);
    const QString keyC = QStringLiteral("SHA256:") + QString(43, u'C');
    QVERIFY(trust(keyC).has_value()); // not the one that it showed
    w.turn();
    QCOMPARE(row(0).keyState, QString("changed"));
    QVERIFY(trust(keyB).has_value());
    w.turn();
    for (const bool again : {false, true}) {
        QCOMPARE(row(0).keyState, QString("trusted"));
        for (int i : {0, 1}) {
            QVERIFY(row(i).facts.error.isEmpty());
            QCOMPARE(row(i).facts.measuredMs, 0); // it is not said to be well either
        }
        QVERIFY(row(2).facts.reachable);
        if (again)
            break;
        w.killConsole(); // and so it is for a console that reads the journal anew
        w.startConsole();
        w.turn();
    }
}

void TestFleetRequests::blanksAreNoReason_data()
{
    QTest::addColumn<QString>("verb");
    for (const char *verb : {"skip", "stop-all"})
        QTest::newRow(verb) << QString(verb);
}

void TestFleetRequests::blanksAreNoReason()
{
    QFETCH(QString, verb);
    EngineWorld w;
    QVERIFY(w.run().has_value());
    const qsizetype before = w.journal.events().size();
    const Reply blank = w.ask(verb, {{"hosts", QJsonArray{w.planned().last().name}}, {"reason", "  \n "}});
    QVERIFY(!blank);
    QCOMPARE(blank.error().code, ErrorCode::NotAllowed);
    QVERIFY2(blank.error().args.value(1).contains("needs a reason"), qPrintable(blank.error().args.join(u' ')));
    for (const Event &event : w.journal.events().mid(before))
        QVERIFY2(event.actor != QLatin1String("tester"), qPrintable(eventName(event.body)));
}

QTEST_GUILESS_MAIN(TestFleetRequests)
#include "tst_fleetrequests.moc"
