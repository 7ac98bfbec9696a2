// Names are looked up by the system's resolver. What a deaf one does to the program is in tst_cliresolver.
#include "ssh/namelookup.h"

#include <QMutex>
#include <QTest>

using namespace bellwether;

class TestNameLookup : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void addressesAreWholeOnes_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("address");
        QTest::newRow("IPv4") << QStringLiteral("127.0.0.1") << QStringLiteral("127.0.0.1");
        QTest::newRow("a name") << QStringLiteral("localhost") << QStringLiteral("127.0.0.1");
        QTest::newRow("of a link, which is part of it") << QStringLiteral("fe80::1%lo") << QStringLiteral("fe80::1%1");
    }
    void addressesAreWholeOnes()
    {
        QFETCH(QString, name);
        QFETCH(QString, address);
        QMutex mutex;
        std::optional<QStringList> found;
        const NameLookup lookup(name, [&](const QList<QHostAddress> &addresses, const QString &) {
            const QMutexLocker lock(&mutex);
            found.emplace();
            for (const QHostAddress &one : addresses)
                found->append(one.toString());
        });
        QVERIFY(QTest::qWaitFor([&] { const QMutexLocker lock(&mutex); return found.has_value(); }, 30'000));
        const QMutexLocker lock(&mutex);
        QVERIFY2(found->contains(address), qPrintable(found->join(u' ')));
    }
    void nobodyIsToldOnceItIsGone()
    {
        std::atomic<int> told = 0;
        for (int i = 0; i < 300; ++i)
            NameLookup(QStringLiteral("127.0.0.1"), [&told](const QList<QHostAddress> &, const QString &) { ++told; });
        const int then = told; // those that were quicker
        QTest::qWait(100);
        QCOMPARE(told.load(), then);
    }
};

QTEST_GUILESS_MAIN(TestNameLookup)
#include "tst_namelookup.moc"
