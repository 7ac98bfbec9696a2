// Versions order as semantic versioning 2.0.0 §11 says, totally, and nothing else is taken for a version.
#include "domain/version.h"

#include <QTest>

using namespace bellwether;

class TestVersion : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void parses_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("printed");
        QTest::newRow("plain") << "1.5.0" << "1.5.0";
        QTest::newRow("leading v") << "v1.2.3-rc.1" << "1.2.3-rc.1";
        QTest::newRow("build") << "1.2.3+build.001" << "1.2.3+build.001";
        QTest::newRow("dash in build") << "1.2.3+a-b" << "1.2.3+a-b";
        QTest::newRow("dash in prerelease") << "1.0.0-alpha-beta.7" << "1.0.0-alpha-beta.7";
        QTest::newRow("largest number") << "18446744073709551615.0.0" << "18446744073709551615.0.0";
        QTest::newRow("huge prerelease number") << "1.0.0-99999999999999999999999" << "1.0.0-99999999999999999999999";
        QTest::newRow("128 characters") << "1.0.0-" + QString(122, 'a') << "1.0.0-" + QString(122, 'a');
    }
    void parses()
    {
        QFETCH(QString, text);
        QFETCH(QString, printed);
        const auto version = Version::parse(text);
        QVERIFY(version);
        QCOMPARE(version->toString(), printed);
        QCOMPARE(*Version::parse(version->toString()), *version);
    }
    void refuses_data()
    {
        QTest::addColumn<QString>("text");
        for (const char *text : {"", " ", "v", "1", "1.5", "1.5.0.1", "01.2.3", "1.02.3", "1.2.03", "1.2.3-", "1.2.3+", "1.2.3-01",
                                 "1.2.3-a..b", "1.2.3-a_b", "1.2.3+a+b", "vv1.2.3", "V1.2.3", "latest", "snapshot", "1.x.0", "-1.2.3",
                                 "+1.2.3", "1.2.3 ", " 1.2.3", "1.2.3\n", "$(touch ./pwned)", "1.2.3; reboot", "-rf",
                                 "18446744073709551616.0.0", "0x1.0.0", "1e3.0.0"})
            QTest::newRow(text) << QString::fromLatin1(text);
        QTest::newRow("arabic digits") << QString::fromUtf8("\u0661.0.0");
        QTest::newRow("129 characters") << "1.0.0-" + QString(123, 'a');
        QTest::newRow("2 MB") << QString(2'000'000, '9');
    }
    void refuses()
    {
        QFETCH(QString, text);
        const auto version = Version::parse(text);
        QVERIFY(!version);
        QCOMPARE(version.error().code, ErrorCode::BadVersion);
        QVERIFY(version.error().args.first().size() <= 128);
    }
    void ordersTotally()
    {
        // Ascending; the first eight stand in §11 of the specification.
        const QStringList ascending{"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
                                    "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.0+1", "1.0.0+2", "1.0.0+a", "1.9.0", "1.10.0-99",
                                    "1.10.0-100", "1.10.0-9999999999999999999999", "1.10.0-A", "1.10.0-a", "1.10.0", "1.10.1",
                                    "2.0.0-0", "2.0.0"};
        for (int i = 0; i < ascending.size(); ++i)
            for (int j = 0; j < ascending.size(); ++j) {
                const Version a = *Version::parse(ascending[i]), b = *Version::parse(ascending[j]);
                QVERIFY2(((a <=> b) < 0) == (i < j), qPrintable(ascending[i] + " " + ascending[j]));
                QVERIFY2((a == b) == (i == j), qPrintable(ascending[i] + " " + ascending[j]));
            }
    }
    void noVersionIsNotZero()
    {
        QVERIFY(Version().isNull());
        QVERIFY(Version() < *Version::parse("0.0.0-0"));
        QVERIFY(Version() == Version());
    }
    void keepsTheOldValueWhenTextIsBad()
    {
        Version version = *Version::parse("1.2.3");
        QVERIFY(!Version::fromText("rubbish", version));
        QCOMPARE(version.toString(), "1.2.3");
    }
    void tellsTheBump_data()
    {
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<int>("bump");
        QTest::newRow("none") << "1.4.0" << "v1.4.0" << int(Bump::None);
        QTest::newRow("patch") << "1.4.0" << "1.4.1" << int(Bump::Patch);
        QTest::newRow("other build of the same") << "1.4.0+b2" << "1.4.0+b1" << int(Bump::None);
        QTest::newRow("prerelease to release") << "1.4.0-rc.1" << "1.4.0" << int(Bump::Patch);
        QTest::newRow("minor") << "1.9.7" << "1.10.0" << int(Bump::Minor);
        QTest::newRow("major") << "1.9.7" << "2.0.0" << int(Bump::Major);
        QTest::newRow("[S23] down") << "1.10.0" << "1.9.0" << int(Bump::Downgrade);
    }
    void tellsTheBump()
    {
        QFETCH(QString, from);
        QFETCH(QString, to);
        QFETCH(int, bump);
        QCOMPARE(int(bumpBetween(*Version::parse(from), *Version::parse(to))), bump);
    }
};

QTEST_GUILESS_MAIN(TestVersion)
#include "tst_version.moc"
