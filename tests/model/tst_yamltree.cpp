// Hostile, broken and huge YAML (security rule S13, corpus 93 to 105): one error with its place, at once, and no guessing.
#include "config/yamltree.h"

#include <QElapsedTimer>
#include <QTest>

using namespace bellwether;

Q_DECLARE_METATYPE(ErrorCode)

class TestYamlTree : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void refuses_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<int>("line");
        QTest::addColumn<int>("column");
        QByteArray laughs = "a0: &a0 [x]\n";
        for (int i = 1; i < 30; ++i)
            laughs += QString("a%1: &a%1 [*a%2,*a%2,*a%2]\n").arg(i).arg(i - 1).toUtf8();
        QTest::newRow("[93] billion laughs") << laughs << ErrorCode::YamlAlias << 1 << 5;
        QTest::newRow("[94] cycle") << QByteArray("&a [*a]") << ErrorCode::YamlAlias << 1 << 1;
        QTest::newRow("alias") << QByteArray("a: 1\nb: &x 2\n") << ErrorCode::YamlAlias << 2 << 4;
        QTest::newRow("[95] open brackets") << QByteArray(100'000, '[') << ErrorCode::YamlTooDeep << 1 << 0;
        QTest::newRow("depth 33") << QByteArray(33, '[') + QByteArray(33, ']') << ErrorCode::YamlTooDeep << 1 << 33;
        QTest::newRow("[96] duplicate key") << QByteArray("hosts: []\nx: 1\nhosts: []\n") << ErrorCode::DuplicateKey << 3 << 1;
        QTest::newRow("[96] nested duplicate") << QByteArray("a:\n - b: {c: 1, c: 2}\n") << ErrorCode::DuplicateKey << 2 << 14;
        QTest::newRow("[97] python tag") << QByteArray("a: !!python/object/apply:os.system [\"id\"]") << ErrorCode::YamlSyntax << 1 << 0;
        QTest::newRow("custom tag on a scalar") << QByteArray("a: !x 1") << ErrorCode::YamlSyntax << 1 << 0;
        QTest::newRow("[101] tab") << QByteArray("hosts:\n\t- name: a\n") << ErrorCode::YamlSyntax << 2 << 1;
        QTest::newRow("[101] tab after spaces") << QByteArray("hosts:\n  - name: a\n \tport: 1\n") << ErrorCode::YamlSyntax << 0 << 0;
        QTest::newRow("[102] UTF-16 LE") << QByteArray("\xff\xfe" "a\0:\0", 6) << ErrorCode::YamlSyntax << 1 << 1;
        QTest::newRow("[102] UTF-16 BE") << QByteArray("\xfe\xff\0a\0:", 6) << ErrorCode::YamlSyntax << 1 << 1;
        QTest::newRow("[102] UTF-32") << QByteArray("\xff\xfe\0\0a\0\0\0", 8) << ErrorCode::YamlSyntax << 1 << 1;
        QTest::newRow("[103] 64 MiB scalar") << QByteArray(64 << 20, 'x') << ErrorCode::FileTooLarge << 0 << 0;
        QTest::newRow("[104] two documents") << QByteArray("a: 1\n---\nb: 2\n") << ErrorCode::YamlManyDocuments << 2 << 0;
        QTest::newRow("too many nodes") << "[" + QByteArray("1,").repeated(100'000) + "1]" << ErrorCode::YamlTooManyNodes << 1 << 0;
        QTest::newRow("NUL") << QByteArray("a: \0b", 5) << ErrorCode::YamlSyntax << 1 << 4;
        QTest::newRow("escape") << QByteArray("a: b\nc: \x1b[2J") << ErrorCode::YamlSyntax << 2 << 4;
        QTest::newRow("not UTF-8") << QByteArray("a: b\nc: \xc0\xaf") << ErrorCode::YamlSyntax << 2 << 1;
        QTest::newRow("empty") << QByteArray() << ErrorCode::FileEmpty << 0 << 0;
        QTest::newRow("comments only") << QByteArray("# nothing\n\n") << ErrorCode::FileEmpty << 0 << 0;
        QTest::newRow("null") << QByteArray("~") << ErrorCode::FileEmpty << 0 << 0;
        QTest::newRow("unclosed quote") << QByteArray("a: \"b\n") << ErrorCode::YamlSyntax << 0 << 0;
        QTest::newRow("unclosed single quote") << QByteArray("a: 'b\n") << ErrorCode::YamlSyntax << 0 << 0;
        QTest::newRow("cut off in a quote") << QByteArray("a: \"b\nc: d\n") << ErrorCode::YamlSyntax << 0 << 0;
        QTest::newRow("list as key") << QByteArray("? [a]\n: b\n") << ErrorCode::YamlSyntax << 1 << 3;
        QTest::newRow("null key") << QByteArray("~: b\n") << ErrorCode::YamlSyntax << 1 << 1;
        QTest::newRow("trailing rubbish") << QByteArray("[a] b") << ErrorCode::YamlManyDocuments << 1 << 0;
    }
    void refuses()
    {
        QFETCH(QByteArray, text);
        QFETCH(ErrorCode, code);
        QFETCH(int, line);
        QFETCH(int, column);
        QElapsedTimer timer;
        timer.start();
        const auto tree = readYaml(text, "f.yaml");
        QVERIFY(!tree);
        QCOMPARE(int(tree.error().code), int(code));
        QCOMPARE(tree.error().place.file, "f.yaml");
        if (line > 0)
            QCOMPARE(tree.error().place.line, line);
        if (column > 0)
            QCOMPARE(tree.error().place.column, column);
        for (const QString &arg : tree.error().args)
            QVERIFY(arg.size() < 200);
        QVERIFY2(timer.elapsed() < 20'000, "a hostile file may cost no more than its bytes"); // sanitizers are slow
    }
    void keepsScalarsAsTheyWereWritten()
    {
        const auto tree = readYaml("\xef\xbb\xbf" "a: 1.10\nb: NO\nc: '022'\nd: 0x16\ne: ~\nf: |\n  one\n  \ttwo\n<<: x\n", "f.yaml");
        QVERIFY(tree);
        QCOMPARE(tree->find("a")->text, "1.10");
        QVERIFY(!tree->find("a")->quoted);
        QCOMPARE(tree->find("b")->text, "NO");
        QCOMPARE(tree->find("c")->text, "022");
        QVERIFY(tree->find("c")->quoted);
        QCOMPARE(tree->find("d")->text, "0x16");
        QCOMPARE(tree->find("e")->kind, YamlNode::Kind::Null);
        QCOMPARE(tree->find("f")->text, "one\n\ttwo\n");
        QCOMPARE(tree->find("<<")->text, "x");
        QCOMPARE(tree->find("c")->line, 3);
        QCOMPARE(tree->find("c")->column, 4);
        QVERIFY(!tree->find("g"));
    }
    void endsOfFilesDoNotMatter_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("value");
        QTest::newRow("no newline") << QByteArray("a: b") << "b";
        QTest::newRow("end mark") << QByteArray("---\na: b\n...\n") << "b";
        QTest::newRow("clipped block") << QByteArray("a: |\n  b\n\n\n") << "b\n";
        QTest::newRow("clipped block, no newline") << QByteArray("a: |\n  b") << "b\n";
        QTest::newRow("stripped block") << QByteArray("a: |-\n  b\n") << "b";
        QTest::newRow("kept block") << QByteArray("a: |+\n  b\n\n") << "b\n\n";
        QTest::newRow("folded block") << QByteArray("a: >\n  b\n  c\n") << "b c\n";
        QTest::newRow("comment") << QByteArray("a: b # c") << "b";
        QTest::newRow("carriage returns") << QByteArray("a: b\r\n") << "b";
    }
    void endsOfFilesDoNotMatter()
    {
        QFETCH(QByteArray, text);
        const auto tree = readYaml(text, "f");
        QVERIFY(tree);
        QCOMPARE(tree->items.size(), std::size_t(1));
        QTEST(tree->items[0].text, "value");
    }
    void takesTheDeepestAllowed()
    {
        QVERIFY(readYaml(QByteArray(32, '[') + QByteArray(32, ']'), "f"));
    }
    void duplicateKeysHavePaths()
    {
        const auto tree = readYaml("hosts:\n  - name: a\n  - {port: 1, port: 2}\n", "f");
        QVERIFY(!tree);
        QCOMPARE(tree.error().place.key, "hosts[1].port");
    }
    void shownValuesAreOneShortLine()
    {
        QCOMPARE(shownValue("a\x1b[2J\nb"), QString::fromUtf8("a\ufffd[2J\ufffdb"));
        QCOMPARE(shownValue(QString(1000, 'x')).size(), 81);
        QCOMPARE(shownValue(QString::fromUtf8("a\u202eb")), QString::fromUtf8("a\ufffdb"));
    }
};

QTEST_GUILESS_MAIN(TestYamlTree)
#include "tst_yamltree.moc"
