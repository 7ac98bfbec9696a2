// What an import would change, and that it can be taken back.
#include "importhelp.h"

#include "rollout/workspace.h"

#include <QTest>

using namespace bellwether;

class TestInventoryDiff : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatIsNotSpokenOfStays();
    void fleetFilesReplaceWholeEntries();
    void groupsOfAnsibleAreAdded();
    void changesAreShownByKey();
    void hostsThatCannotBeUsedAreSkipped();
    void aNameInTwoFilesIsRefused();
    void changesAreTakenBackOneByOne();
    void anUndoIsNotUndone();
};

namespace {

Installation known()
{
    Installation host;
    host.name = "a";
    host.endpoint = {"old.org", 2222, "ops", "~/k", {}};
    host.groups = QStringList{"eu"};
    host.labels = {{"critical", ""}, {"site", "berlin"}};
    host.product = "sample";
    host.directory = "/srv/a";
    host.environment = Environment::Staging;
    return host;
}

Inventory inventory(const QList<Installation> &hosts)
{
    Inventory result;
    for (const Installation &host : hosts)
        result.put(host);
    return result;
}

InventoryDifference difference(const QByteArray &text, ImportFormat format, const Inventory &before)
{
    const auto import = importText(text, "file", format, ImportHome().files());
    return import ? differenceOf(before, {*import}) : InventoryDifference{};
}

Event happened(qint64 seq, EventBody body)
{
    Event e;
    e.seq = seq;
    e.body = std::move(body);
    return e;
}

} // namespace

void TestInventoryDiff::whatIsNotSpokenOfStays()
{
    const auto diff = difference("Host a\nHostName new.org\n", ImportFormat::SshConfig, inventory({known()}));
    QCOMPARE(diff.changed.size(), 1);
    Installation expected = known();
    expected.endpoint.address = "new.org";
    QCOMPARE(diff.changed.first().host, expected);
    const auto csv = difference("name,domain,user\na,a.org,\n", ImportFormat::Csv, inventory({known()}));
    expected = known();
    expected.domain = "a.org";
    QCOMPARE(csv.changed.first().host, expected);
    // A host that another tool reaches by its name has no address there: ours stays.
    for (const auto &[text, format] : {std::pair{"Host a\nUser u\n", ImportFormat::SshConfig}, std::pair{"[eu]\na ansible_user=u\n", ImportFormat::Ansible}}) {
        expected = known();
        expected.endpoint.user = "u";
        QCOMPARE(difference(text, format, inventory({known()})).changed.first().host.endpoint, expected.endpoint);
    }
    const auto same = difference("Host a\nHostName old.org\nPort 2222\n", ImportFormat::SshConfig, inventory({known()}));
    QVERIFY(same.isEmpty());
    QCOMPARE(same.unchanged, QStringList{"a"});
}

void TestInventoryDiff::fleetFilesReplaceWholeEntries()
{
    const auto diff = difference("hosts:\n  - name: a\n    address: new.org\n", ImportFormat::Fleet, inventory({known()}));
    Installation expected;
    expected.name = "a";
    expected.endpoint.address = "new.org";
    QCOMPARE(diff.changed.first().host, expected);
}

void TestInventoryDiff::groupsOfAnsibleAreAdded()
{
    const auto diff = difference("[test]\na ansible_host=old.org\n[eu]\na\n", ImportFormat::Ansible, inventory({known()}));
    QCOMPARE(diff.changed.first().host.groups, (QStringList{"eu", "test"}));
}

void TestInventoryDiff::changesAreShownByKey()
{
    const auto diff = difference("hosts:\n  - name: a\n    address: old.org\n    port: 22\n    user: ops\n    identity: ~/k\n    groups: [eu, us]\n    environment: production\n"
                                 "    labels: {site: york}\n    product: sample\n    directory: /srv/a\n  - name: b\n    address: x\n", ImportFormat::Fleet, inventory({known()}));
    QStringList keys;
    for (const KeyChange &change : diff.changed.first().keys)
        keys.append(change.key + ": " + change.before + " -> " + change.after);
    keys.sort();
    QCOMPARE(keys, (QStringList{"environment: staging -> production", "groups: eu -> eu,us", "labels.critical: \"\" -> ", "labels.site: berlin -> york", "port: 2222 -> 22"}));
    QCOMPARE(diff.added.size(), 1);
    QCOMPARE(diff.toTake().size(), 2);
}

void TestInventoryDiff::hostsThatCannotBeUsedAreSkipped()
{
    Installation gate;
    gate.name = "gate";
    gate.endpoint = {"gate.org", 22, {}, {}, "b"};
    const auto diff = difference("name,address,jump,user\na,,,x\nb,b.org,gate,\nc,c.org,gate,\nd,d.org,nobody,\n", ImportFormat::Csv, inventory({gate}));
    QStringList skipped;
    for (const Skipped &s : diff.skipped)
        skipped.append(s.what);
    QCOMPARE(skipped, (QStringList{"a", "b", "c"})); // no address; b and gate through each other; through those two
    QCOMPARE(diff.added.size(), 1);
}

void TestInventoryDiff::aNameInTwoFilesIsRefused()
{
    ImportHome home;
    const QString one = home.write("one", "Host a\n"), two = home.write("two.csv", "name,address\na,x\n");
    const auto both = importPaths({one, two}, std::nullopt, home.files());
    QVERIFY(!both.has_value());
    QCOMPARE(both.error().code, ErrorCode::DuplicateHost);
    QCOMPARE(both.error().place.file, two);
    const auto first = importPaths({one}, std::nullopt, home.files());
    QVERIFY(first.has_value());
    QCOMPARE(first->first().format, ImportFormat::SshConfig);
}

void TestInventoryDiff::changesAreTakenBackOneByOne()
{
    Workspace w;
    Installation a = known(), b = known(), changed = known();
    b.name = "b";
    changed.domain = "a.org";
    apply(w, happened(1, FleetImported{"first", {a}, 0}));
    apply(w, happened(2, FleetImported{"second", {changed, b}, 0}));
    apply(w, happened(3, FleetImported{"nothing new", {b}, 0}));
    apply(w, happened(4, HostRemoved{{"b"}, "gone", 0}));
    QCOMPARE(w.undo.size(), 3); // what changed nothing cannot be taken back
    QCOMPARE(w.undo.last().before, QList<Installation>{b});
    // as the engine records it
    apply(w, happened(5, FleetImported{"undo of a removal", {b}, 4}));
    QVERIFY(w.inventory.find("b"));
    QCOMPARE(w.undo.last().seq, 2);
    QCOMPARE(w.undo.last().added, QStringList{"b"});
    QCOMPARE(w.undo.last().before, QList<Installation>{a});
    apply(w, happened(6, FleetImported{"undo of second", {a}, 2}));
    apply(w, happened(7, HostRemoved{{"b"}, "undo of second", 2}));
    QCOMPARE(w.inventory.installations, QList<Installation>{a});
    QCOMPARE(w.undo.size(), 1);
    QCOMPARE(w.undo.last().source, QString("first"));
}

void TestInventoryDiff::anUndoIsNotUndone()
{
    Workspace w;
    for (int i = 1; i <= 30; ++i) {
        Installation host = known();
        host.domain = "d" + QString::number(i);
        apply(w, happened(i, FleetImported{"x", {host}, 0}));
    }
    QCOMPARE(w.undo.size(), 20);
    apply(w, happened(31, FleetImported{"undo", w.undo.last().before, 30}));
    QCOMPARE(w.undo.size(), 19);
    QCOMPARE(w.inventory.find("a")->domain, QString("d29"));
}

QTEST_GUILESS_MAIN(TestInventoryDiff)
#include "tst_inventorydiff.moc"
