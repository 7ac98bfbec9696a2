#pragma once
// What a step has said on its host, as far as it has been read: kept in the step's log and, where the step runs
// migrations, read for them. Both streams come as bytes in any portions and are joined line by line.
#include "engine/steplog.h"
#include "engine/wholelines.h"
#include "migrations/logreader.h"
#include "rollout/state.h"

#include <memory>
#include <optional>

namespace bellwether {

// Whether the output of this step tells of migrations: it starts the new version.
bool readsMigrations(const StepRun &run);

class StepOutput {
public:
    static constexpr qint64 endBytes = 1 << 20; // of each stream: its end

    // onHost: where all of its output lies, for the log
    StepOutput(QString logPath, QString host, StepRun run, QString onHost);

    // The console before this one has read so many bytes of both streams, and recorded what they told.
    void setReadBefore(qint64 bytes) { m_readBefore = bytes; }
    // What is to be recorded of it; state is what has been recorded already.
    QList<EventBody> take(const RolloutState &state, const QByteArray &out, const QByteArray &err);
    QList<EventBody> finish(const RolloutState &state); // no more comes; last lines count though they have no end

    // More has been read than is kept of its beginning: from here on only its end is worth the link. What is read for
    // migrations is read up to 64 MiB.
    bool isLong() const;
    // Goes on no more than `most` bytes before the end of each stream; what is left out is marked in the log.
    void skip(qint64 outSize, qint64 errSize, qint64 most);
    qint64 unread() const { return m_unread; } // bytes that were left out

    qint64 out() const { return m_out; } // how far it has been read
    qint64 err() const { return m_err; }
    QString lastWords() const; // without secrets, at most 2 KiB; ends its log
    std::optional<LogOutcome> outcome() const; // of its migrations; nothing where it is not read for them

private:
    QList<EventBody> observe(const RolloutState &state, const QByteArray &lines, bool finished);
    QByteArray beside(const QByteArray &pieces, const WholeLines &stream);
    bool isKnown(const RolloutState &state, const EventBody &observed) const;
    StepLog &log();

    QString m_logPath, m_host, m_onHost;
    StepRun m_run;
    std::unique_ptr<StepLog> m_log; // from the first bytes on
    std::unique_ptr<LogReader> m_reader;
    WholeLines m_outLines, m_errLines;                       // for the reader
    WholeLines m_outPieces{true}, m_errPieces{true};         // for the log
    const WholeLines *m_begun = nullptr;                     // whose line was begun last in the log and has not ended
    qint64 m_out = 0, m_err = 0, m_readBefore = 0, m_unread = 0;
};

} // namespace bellwether
