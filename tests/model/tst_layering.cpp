// The layers, read from the source: what the include directories of the targets cannot forbid because it lies in
// /usr/include. Words in comments do not count.
#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QMap>
#include <QRegularExpression>
#include <QSet>
#include <QTest>

namespace {

struct Source {
    QString path; // below the source directory
    QString code; // without comments; texts in quotes stay
};

QString withoutComments(QString code)
{
    // Texts first, so that "//" within one is no comment.
    static const QRegularExpression parts(QStringLiteral("(\"(?:\\\\.|[^\"\\\\\\n])*\"|'(?:\\\\.|[^'\\\\\\n])')|//[^\\n]*|/\\*.*?\\*/"),
                                          QRegularExpression::DotMatchesEverythingOption);
    return code.replace(parts, QStringLiteral("\\1"));
}

QList<Source> sourcesIn(const QStringList &folders)
{
    QList<Source> sources;
    const QString root = QStringLiteral(BELLWETHER_SOURCE_DIR);
    for (const QString &folder : folders) {
        QDirIterator it(root + u'/' + folder, {QStringLiteral("*.cpp"), QStringLiteral("*.h")}, QDir::Files, QDirIterator::Subdirectories);
        while (it.hasNext()) {
            QFile file(it.next());
            if (file.open(QIODevice::ReadOnly))
                sources.append({it.filePath().mid(root.size() + 1), withoutComments(QString::fromUtf8(file.readAll()))});
        }
    }
    return sources;
}

QStringList includesOf(const Source &source)
{
    static const QRegularExpression include(QStringLiteral("^\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"]"), QRegularExpression::MultilineOption);
    QStringList includes;
    for (auto it = include.globalMatch(source.code); it.hasNext();)
        includes.append(it.next().captured(1));
    return includes;
}

// Names of classes as Qt's forwarding headers, found where they are installed.
QSet<QString> headersOf(const QString &module)
{
    QSet<QString> names;
    for (const QString &base : {QStringLiteral("/usr/include/x86_64-linux-gnu/qt6/"), QStringLiteral("/usr/include/qt6/"), QStringLiteral("/usr/include/aarch64-linux-gnu/qt6/")})
        for (const QString &name : QDir(base + module).entryList(QDir::Files))
            names.insert(name);
    return names;
}

QString moduleOf(const QString &include, const QMap<QString, QSet<QString>> &modules)
{
    for (auto it = modules.cbegin(); it != modules.cend(); ++it)
        if (include.startsWith(it.key() + u'/') || (!include.contains(u'/') && it->contains(include)))
            return it.key();
    return {};
}

} // namespace

class TestLayering : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void commentsDoNotCount()
    {
        QCOMPARE(withoutComments("a // SELECT x FROM y\nb /* c\nd */ e \"// f\" 'g'"), QString("a \nb  e \"// f\" 'g'"));
    }
    void includesStayInTheirLayer_data()
    {
        QTest::addColumn<QStringList>("folders");
        QTest::addColumn<QStringList>("modules");  // of Qt
        QTest::addColumn<QString>("others");       // a regular expression over include paths
        QTest::newRow("model") << QStringList{"model"} << QStringList{"QtWidgets", "QtGui", "QtNetwork", "QtCharts", "QtSvg", "QtPrintSupport"}
                               << "^(libssh/|curl/|spdlog/|sys/socket\\.h|netinet/|remote/|ssh/|probes/|steps/|engine/|feeds/|logging/|shell/|text/|widgets/)";
        QTest::newRow("agents") << QStringList{"agents"} << QStringList{"QtWidgets", "QtGui", "QtCharts", "QtSvg", "QtPrintSupport"}
                                << "^(yaml-cpp/|" + guiFolders() + ")";
        QTest::newRow("gui") << QStringList{"gui"} << QStringList{"QtSql", "QtNetwork"} << "^(libssh/|curl/|sqlite3\\.h|yaml-cpp/|" + agentFolders() + ")";
    }
    void includesStayInTheirLayer()
    {
        QFETCH(QStringList, folders);
        QFETCH(QStringList, modules);
        QFETCH(QString, others);
        QMap<QString, QSet<QString>> known;
        for (const QString &module : modules)
            known.insert(module, headersOf(module));
        const QRegularExpression forbidden(others);
        const QList<Source> sources = sourcesIn(folders);
        QVERIFY(sources.size() > 5);
        QStringList wrong;
        for (const Source &source : sources) {
            if (isCompositionRoot(source.path))
                continue;
            for (const QString &include : includesOf(source))
                if (forbidden.match(include).hasMatch() || !moduleOf(include, known).isEmpty())
                    wrong.append(source.path + " includes " + include);
        }
        QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join('\n')));
    }
    void theHeadersAreReallyFound()
    {
        QVERIFY(headersOf("QtCore").contains("QString")); // otherwise the check above could not fail
        QVERIFY(QStringLiteral(BELLWETHER_SOURCE_DIR).size() > 1);
    }
    void sqlLivesInTheJournal()
    {
        static const QRegularExpression statement(QStringLiteral(
            "\"[^\"\\n]*\\b(?:SELECT\\s[^\"\\n]*\\sFROM|INSERT\\s+(?:OR\\s+\\w+\\s+)?INTO|UPDATE\\s+\\w+\\s+SET|DELETE\\s+FROM|CREATE\\s+(?:TABLE|INDEX|TRIGGER|UNIQUE)|DROP\\s+TABLE|PRAGMA\\s+\\w+)\\b"));
        QStringList wrong;
        bool seen = false;
        for (const Source &source : sourcesIn({"model", "agents", "gui"})) {
            const bool has = statement.match(source.code).hasMatch();
            if (source.path.startsWith("model/journal/"))
                seen = seen || has;
            else if (has)
                wrong.append(source.path);
        }
        QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join('\n')));
        QVERIFY(seen); // the pattern finds what it is looking for
    }
    void neverInTheCode_data()
    {
        QTest::addColumn<QString>("word");
        QTest::addColumn<QString>("but"); // where it belongs
        QTest::newRow("[S4] plain-text keychain") << "setInsecureFallback" << "";
        QTest::newRow("[S20] TLS errors ignored") << "ignoreSslErrors" << "";
        QTest::newRow("[S20] TLS errors ignored by curl") << "CURLOPT_SSL_VERIFYPEER\\s*,\\s*0" << "";
        QTest::newRow("string-based connections") << "\\b(?:SIGNAL|SLOT)\\s*\\(" << "";
        QTest::newRow("nested event loop") << "\\bQEventLoop\\b|\\bprocessEvents\\s*\\(" << "model/base/loopthread.cpp";
        QTest::newRow("subclass of a thread") << "public\\s+QThread\\b" << "";
        QTest::newRow("system()") << "\\b(?:std::)?system\\s*\\(\\s*[\"a-z]|\\bpopen\\s*\\(" << "";
    }
    void neverInTheCode()
    {
        QFETCH(QString, word);
        QFETCH(QString, but);
        const QRegularExpression pattern(word);
        QStringList wrong;
        for (const Source &source : sourcesIn({"model", "agents", "gui"}))
            if (const auto match = pattern.match(source.code); match.hasMatch() && source.path != but)
                wrong.append(source.path + ": " + match.captured());
        QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join('\n')));
    }

private:
    static QString foldersOf(const QString &layer)
    {
        QStringList names;
        for (const QString &name : QDir(QStringLiteral(BELLWETHER_SOURCE_DIR) + u'/' + layer).entryList(QDir::Dirs | QDir::NoDotAndDotDot))
            names.append(QRegularExpression::escape(name) + u'/');
        return names.join(u'|');
    }
    static QString guiFolders() { return foldersOf("gui"); }
    static QString agentFolders() { return foldersOf("agents"); }
    // gui/main.cpp and gui/application.*: the only code that sees all three.
    static bool isCompositionRoot(const QString &path)
    {
        return path == QLatin1String("gui/main.cpp") || path.startsWith(QLatin1String("gui/application."));
    }
};

QTEST_GUILESS_MAIN(TestLayering)
#include "tst_layering.moc"
