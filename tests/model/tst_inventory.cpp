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
    void theWayToAHost()
    {
        Inventory inventory;
        for (const char *pair : {"gate ", "site gate", "db site", "round circle", "circle round", "self self", "lost nowhere"}) {
            const QString words = QString::fromLatin1(pair);
            Installation host = named(words.section(u' ', 0, 0).toLatin1(), 22);
            host.endpoint.jump = words.section(u' ', 1);
            inventory.put(host);
        }
        const auto wayNames = [&](const char *name) {
            QStringList names;
            const auto way = inventory.wayTo(*inventory.find(QString::fromLatin1(name)));
            for (const Installation &jump : way.value())
                names.append(jump.name);
            return names;
        };
        QCOMPARE(wayNames("gate"), QStringList());
        QCOMPARE(wayNames("db"), (QStringList{"gate", "site"}));
        for (const char *name : {"round", "circle", "self"})
            QVERIFY(inventory.wayTo(*inventory.find(name)).error().code == ErrorCode::BadValue);
        QVERIFY(inventory.wayTo(*inventory.find("lost")).error().code == ErrorCode::UnknownHost);
        QCOMPARE(inventory.reachedThrough("gate"), QStringList("site"));
        // One private address behind two jump hosts is two machines: two keys, two leases.
        QCOMPARE(inventory.find("gate")->endpoint.machine(), QString("127.0.0.1:22"));
        QCOMPARE(inventory.find("db")->endpoint.machine(), QString("127.0.0.1:22 via site"));
        QCOMPARE(inventory.onMachine("127.0.0.1:22"), QStringList("gate"));
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
    static Installation named(const QByteArray &name, int port)
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
