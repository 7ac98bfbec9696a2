#pragma once
// Carries out one step on one host and reports its one outcome. Safe to begin at any time: it asks the host where the
// step is (absent, unstarted, running, done, lost) and goes on from there. A lost link is retried, never a failure.
#include "engine/runtime.h"
#include "engine/stepreading.h"

namespace bellwether {

class StepRunner : public std::enable_shared_from_this<StepRunner> {
public:
    StepRunner(Runtime &runtime, int rollout, const QString &host, const StepRun &step);
    void begin();               // right after StepIntended was committed
    void attach();              // after an interruption
    void cancelIfAborted();     // asks the host to end it, where the abort of its rollout may do that
    int rollout() const { return m_rollout; }
    QString token() const { return m_run.token; }

    // The bytes a step runs on the host and their hash; the same before and after an interruption.
    static Result<QByteArray> scriptOf(const RolloutState &state, const QString &host, const Step &step);

private:
    const RolloutState *state() const { return m_runtime.rollout(m_rollout); }
    template<class F>
    auto guarded(F function);

    void probe();
    void start();
    bool mayBegin() const;
    bool waitsForLeave(std::function<void()> work);
    void lookWhileWaiting();
    bool isFirstToChange() const;
    void pauseForStranger(const Error &held);
    void lookAfter(const Error &refused);
    void started();
    void poll(int waitS);
    void take(const JobPoll &poll, qint64 tookMs);
    void watch(qint64 outSize, qint64 errSize);
    void watched(qint64 silentS);
    void forgotten();
    void orphaned();
    void exited(const JobPoll &poll);
    void lost();
    void verify(int exitStatus, qint64 durationMs);
    void proveBackup(int exitStatus, qint64 durationMs);
    void measure();
    void measureThenEnd(StepEnded end);
    void end(StepOutcome outcome, const QString &reason, std::optional<int> exitStatus = {}, qint64 durationMs = 0);
    void finish(StepEnded end, QList<EventBody> before = {});
    void retry(const Error &error, std::function<void()> work);
    void connected();
    bool asksAgain(const Error &error, std::function<void()> work);
    int checkTimeoutS() const { return std::max(60, m_step.deadlineS); }
    bool repeatsTheUnknown() const;
    bool waitsForLease();
    void observed(const QList<EventBody> &events);

    Runtime &m_runtime;
    int m_rollout;
    StepRun m_run;
    Step m_step;
    Installation m_host;
    Probes m_probes;
    QByteArray m_script;
    StepReading m_reading;
    int m_failures = 0, m_slowChecks = 0, m_fenced = 0;
    int m_silentLooks = 0; // in a row at which what watches over it had not moved
    bool m_cancelAsked = false;
    bool m_lostLink = false, m_ended = false, m_mayHaveBegun = false, m_orphan = false;
};

} // namespace bellwether
