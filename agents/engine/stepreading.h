#pragma once
// How the output of a step is read from its host, over a link that may be slow, and what it says of how the step ended. It asks
// nobody: who polls is told where to read on and when enough has been read.
//
// While a step runs, all of it is read until it isLong(); then only how it stands is worth a poll. Once the step has ended reading
// goes on for 10 s (of migrations for 5 min), then the end alone is read: no more than its last MiB where it is long, no more
// than about two polls bring where the link is slow. What is passed over is marked in the log and counted in StepEnded.
#include "engine/stepoutput.h"
#include "remote/hostjobs.h"

namespace bellwether {

class StepReading {
public:
    StepReading(const QString &logPath, const Installation &host, const StepRun &run);

    // Where the next poll reads on.
    qint64 out() const { return m_output.out(); }
    qint64 err() const { return m_output.err(); }
    bool isLong() const { return m_output.isLong(); }

    // After an interruption: the console before this one has read as much as the host has now.
    void setReadBefore(const JobPoll &poll) { m_output.setReadBefore(poll.outSize + poll.errSize); }
    // What a poll brought; the events are what is to be recorded of it, and state is what has been recorded already.
    QList<EventBody> take(const RolloutState &state, const JobPoll &poll) { return m_output.take(state, poll.out, poll.err); }
    // After take(), of a step that has ended: whether all has been read that is worth the link. It may move out() and err() on.
    // tookMs: for how long the poll was under way, 0 where it waited for news.
    bool isAtItsEnd(const JobPoll &poll, qint64 tookMs);
    QList<EventBody> finish(const RolloutState &state) { return m_output.finish(state); } // no more is read

    // After finish(). Its last line, without secrets.
    QString lastLine() const;
    // Why a step that left with 0 did not end well, by what it said of its migrations; empty: nothing speaks against it.
    QString whyNotDone(const RolloutState &state) const;
    // A failure may stand in what was not read of its output. Then only its ledger can say how it went; where that says
    // nothing, nobody knows, and it has ended in doubt.
    void judgeUnread(StepEnded &end, const HostFacts &facts) const;
    void describe(StepEnded &end) const; // how much it said, how much of it was not read, and its last words

private:
    StepOutput m_output;
    StepKind m_kind;
    bool m_ofMigrations;
    qint64 m_endReadMs = 0; // spent on reading it since its step has ended
};

} // namespace bellwether
