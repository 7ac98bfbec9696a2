// Many descriptors watched as one.
#include "ssh/fdwatch.h"

#include <QTest>

#include <array>
#include <sys/socket.h>
#include <unistd.h>

using namespace bellwether;

namespace {

struct Pair { // ours is watched, theirs is what the host does
    int ours = -1, theirs = -1;
    Pair()
    {
        std::array<int, 2> both{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, both.data()) == 0)
            ours = both[0], theirs = both[1];
    }
    ~Pair()
    {
        closeOurs();
        if (theirs >= 0)
            ::close(theirs);
    }
    Q_DISABLE_COPY_MOVE(Pair)
    void closeOurs()
    {
        if (ours >= 0)
            ::close(std::exchange(ours, -1));
    }
    void closeTheirs() { ::close(std::exchange(theirs, -1)); }
    bool say() const { return ::write(theirs, "x", 1) == 1; }
    void hear() const
    {
        char c = 0;
        while (::read(ours, &c, 1) == 1) {
        }
    }
};

} // namespace

class TestFdWatch : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void tellsWhoeverIsReady()
    {
        FdWatch watch;
        std::array<Pair, 200> pairs; // half of them are ready: more than are told of in one turn
        std::array<int, 200> heard{};
        for (size_t i = 0; i < pairs.size(); ++i) {
            const quint64 id = watch.add(pairs[i].ours, [&, i](bool readable) {
                heard[i] += readable;
                pairs[i].hear();
            });
            QVERIFY(id != 0);
            watch.want(id, true, false);
            QVERIFY(i % 2 == 0 || pairs[i].say());
        }
        for (int turn = 0; turn < 10; ++turn)
            QCoreApplication::processEvents();
        for (size_t i = 0; i < pairs.size(); ++i)
            QCOMPARE(heard[i], int(i % 2));
    }

    void tellsOnlyWhatIsWanted()
    {
        FdWatch watch;
        Pair pair;
        int readable = 0, writable = 0;
        const quint64 id = watch.add(pair.ours, [&](bool read) { ++(read ? readable : writable); });
        QVERIFY(pair.say());
        QTest::qWait(1);
        QCOMPARE(readable + writable, 0);
        watch.want(id, false, true);
        QTRY_VERIFY(writable > 0);
        QCOMPARE(readable, 0);
        watch.want(id, true, true);
        QTRY_VERIFY(readable > 0);
        watch.want(id, false, false);
        const int before = readable + writable;
        pair.closeTheirs(); // a hang-up cannot be waited away: who wants nothing is not told of it, either
        QTest::qWait(20);
        QCOMPARE(readable + writable, before);
        watch.want(id, false, true);
        QTRY_VERIFY(readable + writable > before);
    }

    void nobodyIsToldAfterBeingRemoved() // also when both were ready, and the first one's turn removes the other
    {
        FdWatch watch;
        Pair one, two;
        quint64 ids[2] = {};
        int told = 0;
        const auto removeBoth = [&](bool) {
            ++told;
            watch.remove(ids[0], true);
            watch.remove(ids[1], true);
        };
        ids[0] = watch.add(one.ours, removeBoth);
        ids[1] = watch.add(two.ours, removeBoth);
        for (const quint64 id : ids)
            watch.want(id, true, false);
        QVERIFY(one.say() && two.say());
        QTRY_COMPARE(told, 1);
        QTest::qWait(20);
        QCOMPARE(told, 1);
    }

    void aNumberThatBecameAnothersIsLeftAlone()
    {
        FdWatch watch;
        Pair old;
        const int number = old.ours;
        const quint64 first = watch.add(old.ours, [](bool) {});
        watch.want(first, true, false);
        old.closeOurs(); // behind its back, as libssh does
        Pair next;
        const int ours = next.ours == number ? number : ::dup2(next.ours, number);
        QCOMPARE(ours, number);
        bool told = false;
        const quint64 second = watch.add(number, [&](bool) {
            told = true;
            next.hear();
        });
        watch.want(second, true, false);
        watch.remove(first, false);
        QVERIFY(next.say());
        QTRY_VERIFY(told);
        watch.remove(second, true);
        if (next.ours != number)
            ::close(number);
    }
};

QTEST_GUILESS_MAIN(TestFdWatch)
#include "tst_fdwatch.moc"
