// Renders the pages without a display, light and dark, at 100 % and 200 %, into <build>/screens, to be looked at beside
// the design's pictures. The tests themselves hold what a picture must have: frame, contrast of regions, nothing cut.
#include "fakeconsole.h"
#include "shell/makewindow.h"
#include "widgets/theme.h"

#include <QApplication>
#include <QDateTime>
#include <QDir>
#include <QPainter>
#include <QTemporaryDir>
#include <QTest>

using namespace bellwether;

class TestScreens : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        qunsetenv("BELLWETHER_THEME");
        theme().install(*qobject_cast<QApplication *>(QCoreApplication::instance()));
        QDir().mkpath(folder());
    }

    void pageIsPainted_data()
    {
        QTest::addColumn<QString>("page");
        QTest::addColumn<bool>("dark");
        QTest::addColumn<int>("percent");
        for (const char *page : {"fleet", "plan", "settings"})
            for (const bool dark : {false, true})
                for (const int percent : {100, 200})
                    QTest::addRow("%s %s %d", page, dark ? "dark" : "light", percent) << QString::fromLatin1(page) << dark << percent;
    }
    void pageIsPainted()
    {
        QFETCH(QString, page);
        QFETCH(bool, dark);
        QFETCH(int, percent);
        theme().setMode(dark ? ThemeMode::Dark : ThemeMode::Light);
        const qint64 now = QDateTime::currentMSecsSinceEpoch();
        FakeConsole console(madeUpFleet(412, now));
        QTemporaryDir data;
        auto window = makeMainWindow(console, data.path());
        theme().setMode(dark ? ThemeMode::Dark : ThemeMode::Light); // what the settings just restored
        window->resize(1440, 900);
        window->show();
        if (!window->page(page))
            QFAIL("there is no such page");
        if (page == "fleet")
            window->openPage(page, QStringLiteral("berlin-04"));
        else
            window->openPage(page, page == "plan" ? QStringLiteral("hosts:berlin-01,berlin-02,leeds-01,lyon-01,osaka-01,porto-01,oslo-01,turin-01,austin-02") : QString());
        QTest::qWait(400);
        const QImage image = render(*window, percent / 100.0);
        QVERIFY(image.save(folder() + QStringLiteral("/%1-%2-%3.png").arg(page, dark ? "dark" : "light").arg(percent)));
        // the frame of production is at the very edge on pages that hold production hosts, and nowhere else
        const QColor edge = image.pixelColor(1, image.height() / 2);
        QCOMPARE(edge == theme().colour(Role::ProductionFill), page != "settings");
    }

private:
    static QString folder() { return QStringLiteral(BELLWETHER_BINARY_DIR "/screens"); }
    static QImage render(QWidget &window, qreal scale)
    {
        QImage image((QSizeF(window.size()) * scale).toSize(), QImage::Format_RGB32);
        image.setDevicePixelRatio(scale);
        window.render(&image);
        return image;
    }
};

QTEST_MAIN(TestScreens)
#include "tst_screens.moc"
