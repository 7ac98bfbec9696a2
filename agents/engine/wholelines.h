#pragma once
// One stream of a step, cut into whole lines: two streams can then be read as one without a line of the one ending in the
// middle of the other's. Where carriage returns count as ends, too, a progress bar comes as it moves.
#include <QByteArray>

namespace bellwether {

class WholeLines {
public:
    explicit WholeLines(bool endsAtReturns = false) : m_endsAtReturns(endsAtReturns) {}
    QByteArray feed(const QByteArray &bytes); // the lines that have ended by now
    QByteArray finish();                      // the last one, though it has no end
    void skip(); // reading goes on further ahead: the line that has begun and the one it then stands in are left out

private:
    qsizetype firstEnd(const QByteArray &bytes) const;
    qsizetype lastEnd(const QByteArray &bytes) const;

    QByteArray m_rest;
    bool m_endsAtReturns;
    bool m_tooLong = false; // the rest of this line is passed over
};

} // namespace bellwether
