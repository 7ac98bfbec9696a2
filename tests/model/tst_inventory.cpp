#include "domain/installation.h"
#include "domain/release.h"

#include <QTest>

using namespace bellwether;

class TestInventory : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void keepsItselfSortedAndUnique()
    {
        Inventory inventory;
        for (const char *name : {"c", "a", "b", "a"})
            inventory.put(named(name, 22));
        inventory.put(named("b", 2222));
        QCOMPARE(inventory.installations.size(), 3);
        QCOMPARE(inventory.installations[0].name, "a");
        QCOMPARE(inventory.installations[2].name, "c");
        QCOMPARE(inventory.find("b")->endpoint.port, 2222);
        QVERIFY(!inventory.find("bb"));
        QVERIFY(!inventory.find(""));
        QVERIFY(inventory.remove("a"));
        QVERIFY(!inventory.remove("a"));
        QVERIFY(!inventory.find("a"));
    }
    void findsInstallationsOfOneMachine()
    {
        Inventory inventory;
        inventory.put(named("a", 22));
        inventory.put(named("b", 2222));
        inventory.put(named("c", 22));
        QCOMPARE(inventory.onMachine("127.0.0.1:22"), (QStringList{"a", "c"}));
        QVERIFY(inventory.onMachine("127.0.0.1:23").isEmpty());
    }
    void cataloguesFindByMeaning()
    {
        Catalogue catalogue;
        catalogue.releases.resize(2);
        catalogue.releases[0].version = *Version::parse("1.4.0");
        catalogue.releases[1].version = *Version::parse("1.5.0");
        QCOMPARE(catalogue.find(*Version::parse("v1.5.0")), &catalogue.releases[1]);
        QVERIFY(!catalogue.find(*Version::parse("1.6.0")));
    }

private:
    static Installation named(const char *name, int port)
    {
        Installation installation;
        installation.name = QString::fromLatin1(name);
        installation.endpoint.address = "127.0.0.1";
        installation.endpoint.port = port;
        return installation;
    }
};

QTEST_GUILESS_MAIN(TestInventory)
#include "tst_inventory.moc"
