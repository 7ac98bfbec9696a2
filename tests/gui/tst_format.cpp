// Words, numbers and tokens as they are shown.
#include "text/format.h"
#include "text/words.h"
#include "widgets/icons.h"

#include <QApplication>
#include <QFile>
#include <QPainter>
#include <QTest>
#include <cmath>

using namespace bellwether;

namespace {

double luminance(const QColor &c)
{
    const auto channel = [](double v) { return v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); };
    return 0.2126 * channel(c.redF()) + 0.7152 * channel(c.greenF()) + 0.0722 * channel(c.blueF());
}

double contrast(const QColor &a, const QColor &b)
{
    const double x = luminance(a), y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

bool hasInk(const QString &icon)
{
    const QImage image = iconPixmap(icon, QColor(Qt::red), 16, 1.0).toImage();
    for (int y = 0; y < 16; ++y)
        for (int x = 0; x < 16; ++x)
            if (image.pixelColor(x, y).alpha() > 128)
                return true;
    return false;
}

} // namespace

class TestFormat : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        qunsetenv("BELLWETHER_THEME");
        theme().install(*qobject_cast<QApplication *>(QCoreApplication::instance()));
    }

    void durationsAreInWords_data()
    {
        QTest::addColumn<qint64>("ms");
        QTest::addColumn<QString>("text");
        QTest::newRow("part of a second") << qint64(550) << "0.55 s";
        QTest::newRow("seconds and parts") << qint64(1350) << "1.35 s";
        QTest::newRow("nothing") << qint64(0) << "0 s";
        QTest::newRow("minutes") << qint64(254420) << "4 min 14 s";
        QTest::newRow("whole minutes") << qint64(120000) << "2 min";
        QTest::newRow("hours") << qint64(10200000) << "2 h 50 min";
        QTest::newRow("days") << qint64(273600000) << "3 d 4 h";
        QTest::newRow("unknown is said") << qint64(-1) << "unknown";
    }
    void durationsAreInWords()
    {
        QFETCH(qint64, ms);
        QTEST(durationText(ms), "text");
    }

    void countdownsRoundUp_data()
    {
        QTest::addColumn<qint64>("ms");
        QTest::addColumn<QString>("text");
        QTest::newRow("an hour less") << qint64(3312000) << "55:12";
        QTest::newRow("hours") << qint64(10930000) << "3:02:10";
        QTest::newRow("the last moment is a second") << qint64(1) << "00:01";
        QTest::newRow("over") << qint64(-5000) << "00:00";
    }
    void countdownsRoundUp()
    {
        QFETCH(qint64, ms);
        QTEST(clockText(ms), "text");
    }

    void sizesCountsAndNames()
    {
        QCOMPARE(bytesText(qint64(18200000000)), QStringLiteral("18.2 GB"));
        QCOMPARE(bytesText(qint64(999)), QStringLiteral("999 B"));
        QCOMPARE(bytesText(qint64(999600)), QStringLiteral("1.0 MB"));
        QCOMPARE(bytesText(std::optional<qint64>()), QStringLiteral("unknown"));
        QCOMPARE(hostsText(1), QStringLiteral("1 host"));
        QCOMPARE(hostsText(46), QStringLiteral("46 hosts"));
        QCOMPARE(agoText(0, 5), QString(QChar(0x2013)));
        QCOMPARE(agoText(1000, 41000), QStringLiteral("40 s ago"));
        QCOMPARE(joinNames({"a", "b", "c", "d", "e"}, 2), QStringLiteral("a, b and 3 more"));
    }

    void hostileTextBecomesVisible()
    {
        const QString shown = visibleText(QStringLiteral("a\x1b[2J\x9b" "b") + QChar(0x202E) + QStringLiteral("gpj\n"));
        for (const QChar c : shown)
            QVERIFY2(c.isPrint() && c.category() != QChar::Other_Format, qPrintable(QString::number(c.unicode(), 16)));
        QVERIFY(shown.startsWith(QLatin1Char('a')));
        QCOMPARE(visibleText(QString(5000, 'x'), 10).size(), 11);
    }

    void everyStateHasItsIconAndItsWord()
    {
        QStringList icons, words;
        const auto take = [&](const StateLook &look) {
            QVERIFY(!look.word.isEmpty());
            QVERIFY2(QFile::exists(":/bellwether/icons/" + look.icon + ".svg"), qPrintable(look.icon));
            QVERIFY2(hasInk(look.icon), qPrintable(look.icon));
            words << look.word;
        };
        for (int i = 0; i <= static_cast<int>(HostRunState::RollbackFailed); ++i)
            take(look(static_cast<HostRunState>(i)));
        QCOMPARE(QSet<QString>(words.cbegin(), words.cend()).size(), words.size());
        for (int i = 0; i <= static_cast<int>(FleetState::Healthy); ++i)
            take(look(static_cast<FleetState>(i)));
        for (int i = 0; i <= static_cast<int>(GateVerdict::Error); ++i)
            take(look(static_cast<GateVerdict>(i)));
        for (int i = 0; i <= static_cast<int>(RolloutLifecycle::Aborted); ++i)
            take(look(static_cast<RolloutLifecycle>(i)));
    }

    void textKeepsItsContrast_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }
    void textKeepsItsContrast()
    {
        QFETCH(bool, dark);
        theme().setMode(dark ? ThemeMode::Dark : ThemeMode::Light);
        QCOMPARE(theme().isDark(), dark);
        const QList<Role> grounds{Role::Surface, Role::Raised, Role::Sunken, Role::Selection};
        for (const Role ground : grounds) {
            QVERIFY(contrast(theme().colour(Role::Text), theme().colour(ground)) >= 4.5);
            QVERIFY(contrast(theme().colour(Role::Muted), theme().colour(ground)) >= 4.5);
            for (int s = 0; s <= static_cast<int>(StateRole::Canary); ++s)
                QVERIFY(contrast(theme().colour(static_cast<StateRole>(s)), theme().colour(ground)) >= 4.5);
        }
        for (int s = 0; s <= static_cast<int>(StateRole::Canary); ++s) {
            QVERIFY(contrast(theme().colour(static_cast<StateRole>(s)), theme().tint(static_cast<StateRole>(s))) >= 4.5);
            QVERIFY(contrast(theme().colour(Role::Text), theme().tint(static_cast<StateRole>(s))) >= 4.5);
        }
        QVERIFY(contrast(theme().colour(Role::OnAccent), theme().colour(Role::Accent)) >= 4.5);
        QVERIFY(contrast(theme().colour(Role::OnProduction), theme().colour(Role::ProductionFill)) >= 4.5);
    }

    void iconsAreDrawnInTheirColour()
    {
        const QImage image = iconPixmap(QStringLiteral("state/healthy"), QColor(Qt::red), 16, 2.0).toImage();
        QCOMPARE(image.size(), QSize(32, 32));
        QCOMPARE(image.devicePixelRatio(), 2.0);
        QCOMPARE(image.pixelColor(3, 16), QColor(Qt::red));
        QCOMPARE(image.pixelColor(0, 0).alpha(), 0);
    }
};

QTEST_MAIN(TestFormat)
#include "tst_format.moc"
