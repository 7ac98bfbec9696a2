#include "engine/steprunner.h"

#include "base/canonicaljson.h"
#include "rollout/console.h"
#include "rollout/wayback.h"

#include <algorithm>

namespace bellwether {

namespace {

// The host must never end these in the middle; passing their deadline pauses the rollout instead (model/rollout/decide).
int hostDeadline(const Step &step)
{
    switch (step.kind) {
    case StepKind::Backup:
    case StepKind::Migrate:
    case StepKind::Start:
    case StepKind::SetAside:
    case StepKind::Restore:
        return 0;
    case StepKind::Preflight:
    case StepKind::Guard:
    case StepKind::Pull:
    case StepKind::Stop:
    case StepKind::Pin:
    case StepKind::Health:
    case StepKind::Check:
    case StepKind::Validate:
        return step.deadlineS;
    }
    return step.deadlineS;
}

constexpr qint64 heldAgainMs = 1000, strangerAgainMs = 5000, orphanAgainMs = 5000, longAgainMs = 5000;
constexpr qint64 silentWatcherS = 60; // a busy disk holds it up for a while
constexpr int mostFenced = 12; // a minute: twice the time in which a lease is renewed

} // namespace

Result<QByteArray> StepRunner::scriptOf(const RolloutState &state, const QString &host, const Step &step)
{
    const PlanHost *planned = state.plan.host(host);
    if (!planned)
        return fail(ErrorCode::UnknownHost, {host});
    if (step.kind == StepKind::Pin)
        return pinScript(step.pinFile, step.pinKey, step.pinValue, step.argv);
    return stepScript(step.argv, planned->installation.directory, step.stdinText);
}

StepRunner::StepRunner(Runtime &runtime, int rollout, const QString &host, const StepRun &step)
    : m_runtime(runtime)
    , m_rollout(rollout)
    , m_run(step)
    , m_reading(stepLogPath(runtime.dataFolder(), rollout, host, step.token), runtime.rollout(rollout)->plan.host(host)->installation, step)
{
    const RolloutState &s = *state();
    const PlanHost *planned = s.plan.host(host);
    m_step = stepAt(s, s.hosts[host], step.direction, step.hop, step.index);
    m_host = planned->installation;
    m_probes = planned->probes;
    m_lostLink = !s.hosts[host].connected; // whoever lost it: this one says that it is back
    if (const auto script = scriptOf(s, host, m_step))
        m_script = *script;
}

template<class F>
auto StepRunner::guarded(F function)
{
    return [weak = weak_from_this(), function = std::move(function)](auto &&...args) {
        if (const auto self = weak.lock(); self && !self->m_ended)
            function(*self, std::forward<decltype(args)>(args)...);
    };
}

// Everything is stopped, or the journal takes nothing: what has not begun waits for the release, or for the journal.
bool StepRunner::mayBegin() const
{
    return !state()->hold && m_runtime.isRecording();
}

bool StepRunner::waitsForLeave(std::function<void()> work)
{
    if (mayBegin())
        return false;
    m_runtime.schedule(heldAgainMs, guarded([work = std::move(work)](StepRunner &) { work(); }));
    return true;
}

void StepRunner::begin()
{
    if (waitsForLeave([this] { begin(); }))
        return;
    if (!m_step.runsOnHost())
        return started();
    if (m_script.isEmpty())
        return end(StepOutcome::Failed, QStringLiteral("its command cannot be written as shell text"));
    const bool mayBeThere = m_run.attempt == 1 || repeatsTheUnknown();
    if (mayBeThere && !m_step.probe.isEmpty() && m_run.kind != StepKind::Backup) // a backup is taken and proven, never taken for granted
        return probe();
    start();
}

void StepRunner::attach()
{
    if (!m_step.runsOnHost())
        return started();
    m_runtime.hosts().poll(m_host, m_run.token, 0, 0, 0, guarded([](StepRunner &r, const Result<JobPoll> &poll) {
        if (!poll && isOutOfReach(poll.error()))
            return r.retry(poll.error(), [&r] { r.attach(); });
        if (!poll)
            return r.end(StepOutcome::InDoubt, clauseOf(poll.error()));
        r.connected();
        if (r.m_run.phase == StepPhase::Started)
            r.m_reading.setReadBefore(*poll);
        static const char *const words[] = {"absent", "unstarted", "running", "done", "lost"};
        StepReconciled e;
        e.host = r.m_host.name;
        e.token = r.m_run.token;
        e.found = QString::fromLatin1(words[static_cast<int>(poll->state)]);
        r.m_runtime.record(r.m_rollout, {e}, r.guarded([state = poll->state](StepRunner &self) {
            if (state == JobState::Absent || state == JobState::Unstarted) // had it begun, what became of it is not known
                return self.m_run.phase == StepPhase::Started ? self.forgotten() : self.begin();
            if (self.m_run.phase == StepPhase::Intended)
                self.started();
            else
                self.poll(0);
        }));
    }));
}

void StepRunner::probe()
{
    m_runtime.hosts().ask(m_host, m_step.probe, checkTimeoutS(), guarded([](StepRunner &r, const Result<bool> &already) {
        if (!already && r.asksAgain(already.error(), [&r] { r.probe(); }))
            return;
        r.connected();
        if (already && *already)
            return r.end(StepOutcome::Already, {});
        if (!r.repeatsTheUnknown())
            return r.start();
        if (!already)
            return r.end(StepOutcome::InDoubt, QStringLiteral("whether it has taken effect before could not be asked: %1").arg(clauseOf(already.error())));
        if (readsMigrations(r.m_run) && !r.state()->plan.policy.migrationsIdempotent)
            return r.end(StepOutcome::InDoubt, QStringLiteral("it has not taken effect as a whole, and %1 does not promise that its migrations may be repeated: restore it").arg(r.state()->plan.productName));
        r.start();
    }));
}

bool StepRunner::repeatsTheUnknown() const
{
    const StepRun *before = carriedOutBefore(state()->hosts.find(m_host.name).value(), m_run);
    return before && isUnknown(*before);
}

// The lease was lost. Where another console has had it, a person goes on first, and whatever was decided before rests on what
// nobody has seen since.
bool StepRunner::waitsForLease()
{
    if (m_mayHaveBegun)
        return false;
    // … or the host was ended meanwhile, for want of it: others on its machine may have it by now.
    if (m_runtime.epochOf(m_host) == 0 || !isBegun(state()->hosts.find(m_host.name)->state)) {
        m_runtime.wantsLease(m_rollout, m_host.name);
        m_runtime.schedule(heldAgainMs, guarded([](StepRunner &r) { r.start(); }));
        return true;
    }
    if (!state()->hosts.find(m_host.name)->mustBeSeen)
        return false;
    end(StepOutcome::Failed, QStringLiteral("another console has worked on the host since it was decided: look at it, then retry or go back"));
    return true;
}

void StepRunner::start()
{
    if (m_mayHaveBegun && !mayBegin())
        return lookWhileWaiting();
    if (waitsForLeave([this] { start(); }) || waitsForLease())
        return;
    const qint64 epoch = m_runtime.epochOf(m_host);
    m_runtime.hosts().start(m_host, m_run.token, epoch, m_runtime.owner(), hostDeadline(m_step), m_script,
                            guarded([epoch](StepRunner &r, const Result<JobState> &job) {
                                if (!job && isOutOfReach(job.error())) {
                                    r.m_mayHaveBegun = true;
                                    return r.retry(job.error(), [&r] { r.start(); }); // starting again attaches, never runs twice
                                }
                                if (!job && job.error().code == ErrorCode::HostHeld) {
                                    // For how long nobody knows, and nothing has begun: an abort takes it back.
                                    if (r.state()->abortRequested && !r.m_mayHaveBegun && r.isFirstToChange())
                                        return r.end(StepOutcome::Cancelled, clauseOf(job.error()));
                                    r.pauseForStranger(job.error());
                                    return r.m_runtime.schedule(strangerAgainMs, r.guarded([](StepRunner &self) { self.start(); }));
                                }
                                if (!job && job.error().code == ErrorCode::HostBusy) { // its turn comes
                                    if (!job.error().args.value(1).endsWith(QStringLiteral(" of ") + r.m_runtime.owner()))
                                        r.pauseForStranger(job.error());
                                    return r.m_runtime.schedule(strangerAgainMs, r.guarded([](StepRunner &self) { self.start(); }));
                                }
                                if (!job && job.error().code == ErrorCode::HostFenced)
                                    r.m_runtime.fenced(r.m_host, epoch, job.error());
                                if (!job && job.error().code == ErrorCode::HostFenced && !r.m_mayHaveBegun && ++r.m_fenced < mostFenced)
                                    return r.m_runtime.schedule(strangerAgainMs, r.guarded([](StepRunner &self) { self.start(); })); // until the lease is there again
                                if (!job)
                                    return r.m_mayHaveBegun ? r.lookAfter(job.error()) : r.end(StepOutcome::Failed, clauseOf(job.error()));
                                r.connected();
                                r.started();
                            }));
}

// Its start was sent before that, and the answer was lost: it is asked for, not sent again.
void StepRunner::lookWhileWaiting()
{
    m_runtime.hosts().poll(m_host, m_run.token, 0, 0, 0, guarded([](StepRunner &r, const Result<JobPoll> &poll) {
        if (!poll && isOutOfReach(poll.error()))
            return r.retry(poll.error(), [&r] { r.start(); });
        if (!poll)
            return r.end(StepOutcome::InDoubt, clauseOf(poll.error()));
        r.connected();
        if (poll->state != JobState::Absent && poll->state != JobState::Unstarted)
            return r.started();
        r.m_mayHaveBegun = false;
        r.start();
    }));
}

// Whether nothing has been changed on the host, were it not for this step.
bool StepRunner::isFirstToChange() const
{
    HostRun before = state()->hosts.find(m_host.name).value();
    before.steps.removeIf([this](const StepRun &step) { return step.token == m_run.token; });
    return m_run.direction == Direction::Forward && !isChanged(before, m_run.hop);
}

// Another console has stopped everything on this host: a person has to know.
void StepRunner::pauseForStranger(const Error &held)
{
    if (state()->pauses.contains(PauseReason::Hold))
        return;
    Paused e;
    e.reason = PauseReason::Hold;
    e.detail = clauseOf(held);
    m_runtime.record(m_rollout, {e});
}

// Refused now, but an earlier request may have got through before its answer was lost: the host knows.
void StepRunner::lookAfter(const Error &refused)
{
    m_runtime.hosts().poll(m_host, m_run.token, 0, 0, 0, guarded([refused](StepRunner &r, const Result<JobPoll> &poll) {
        if (!poll && isOutOfReach(poll.error()))
            return r.retry(poll.error(), [&r, refused] { r.lookAfter(refused); });
        if (!poll)
            return r.end(StepOutcome::InDoubt, clauseOf(poll.error()));
        r.connected();
        if (poll->state == JobState::Absent || poll->state == JobState::Unstarted) {
            if (refused.code != ErrorCode::HostFenced)
                return r.end(StepOutcome::Failed, clauseOf(refused));
            r.m_mayHaveBegun = false;
            return r.start();
        }
        r.started();
    }));
}

void StepRunner::started()
{
    StepStarted e;
    e.host = m_host.name;
    e.token = m_run.token;
    auto next = guarded([](StepRunner &r) {
        r.m_run.phase = StepPhase::Started;
        if (r.m_step.runsOnHost())
            r.poll(0);
        else if (r.m_step.kind != StepKind::Health) // the health watch samples, the fold decides
            r.measure();
    });
    if (m_run.phase == StepPhase::Started)
        return next();
    m_runtime.record(m_rollout, {e}, next);
}

void StepRunner::poll(int waitS)
{
    const qint64 asked = m_runtime.now().monoMs;
    m_runtime.hosts().poll(m_host, m_run.token, m_reading.out(), m_reading.err(), waitS, guarded([asked, waitS](StepRunner &r, const Result<JobPoll> &poll) {
        if (!poll && isOutOfReach(poll.error()))
            return r.retry(poll.error(), [&r] { r.poll(0); });
        if (!poll)
            return r.end(StepOutcome::InDoubt, clauseOf(poll.error()));
        r.connected();
        r.take(*poll, waitS > 0 ? 0 : r.m_runtime.now().monoMs - asked);
    }));
}

void StepRunner::take(const JobPoll &poll, qint64 tookMs)
{
    observed(m_reading.take(*state(), poll));
    switch (poll.state) {
    case JobState::Running:
        watched(poll.heartbeatAgeS);
        cancelIfAborted();
        return m_reading.isLong() ? watch(poll.outSize, poll.errSize) : this->poll(m_cancelAsked ? 1 : 10);
    case JobState::Done:
        return m_reading.isAtItsEnd(poll, tookMs) ? exited(poll) : this->poll(0);
    case JobState::Lost:
        if (poll.stepAlive) // only what watched it has gone: nothing is known of the step before it has ended
            return orphaned();
        return m_reading.isAtItsEnd(poll, tookMs) ? lost() : this->poll(0);
    case JobState::Absent:
    case JobState::Unstarted:
        return forgotten();
    }
}

// It has said more than is kept while it goes on: it is asked now and then how it stands, and what it says meanwhile is
// left where it is until it has ended.
void StepRunner::watch(qint64 outSize, qint64 errSize)
{
    m_runtime.schedule(m_cancelAsked ? heldAgainMs : longAgainMs, guarded([outSize, errSize](StepRunner &r) {
        r.m_runtime.hosts().poll(r.m_host, r.m_run.token, outSize, errSize, 0, r.guarded([](StepRunner &self, const Result<JobPoll> &poll) {
            if (!poll || poll->state != JobState::Running)
                return self.poll(0);
            self.connected();
            self.watched(poll->heartbeatAgeS);
            self.cancelIfAborted();
            self.watch(poll->outSize, poll->errSize);
        }));
    }));
}

// What watches over a step on its host moves every second. Frozen, it keeps no deadline and hears no cancel: people are told. (On
// a full disk it cannot say that it moves.)
void StepRunner::watched(qint64 silentS)
{
    m_silentLooks = silentS < silentWatcherS ? 0 : m_silentLooks + 1;
    if (m_silentLooks != 2) // twice: the host itself may have been asleep
        return;
    StepReconciled e;
    e.host = m_host.name;
    e.token = m_run.token;
    e.found = QStringLiteral("running, but what watches over it has not moved for %1 s and may keep no deadline").arg(silentS);
    m_runtime.record(m_rollout, {e});
}

// A reboot before its folder is mounted, a machine that was set back: never a reason to run it again.
void StepRunner::forgotten()
{
    end(StepOutcome::InDoubt, QStringLiteral("the host no longer knows the step it had taken"));
}

// Its supervisor was killed and it goes on by itself, in the one slot of the host. Its deadline is ours to keep now.
void StepRunner::orphaned()
{
    cancelIfAborted();
    const StepRun *run = state()->hosts.find(m_host.name)->current();
    if (const int deadlineS = hostDeadline(m_step); deadlineS > 0 && run && m_runtime.now().monoMs - run->startedMono > deadlineS * 1000LL)
        m_runtime.hosts().cancel(m_host, m_run.token, m_runtime.epochOf(m_host), m_runtime.owner(), [](const Status &) {});
    m_runtime.schedule(orphanAgainMs, guarded([](StepRunner &r) { r.poll(0); }));
    if (std::exchange(m_orphan, true))
        return;
    StepReconciled e;
    e.host = m_host.name;
    e.token = m_run.token;
    e.found = QStringLiteral("running, though what watched over it is gone");
    m_runtime.record(m_rollout, {e});
}

// An abort ends what may be begun again and has changed nothing: a check, a backup, a pull. Everything else goes on to its
// next safe point. What became of it the host says, as of any other step.
void StepRunner::cancelIfAborted()
{
    const HostRun &host = state()->hosts.find(m_host.name).value();
    const bool harmless = m_run.kind == StepKind::Guard || m_run.kind == StepKind::Backup || m_run.kind == StepKind::Pull;
    if (m_cancelAsked || !state()->abortRequested || m_run.direction != Direction::Forward || !harmless || !m_step.idempotent || isChanged(host, m_run.hop))
        return;
    m_cancelAsked = true;
    m_runtime.hosts().cancel(m_host, m_run.token, m_runtime.epochOf(m_host), m_runtime.owner(), guarded([](StepRunner &r, const Status &asked) {
        r.m_cancelAsked = asked.has_value(); // the next poll tries again
    }));
}

void StepRunner::observed(const QList<EventBody> &events)
{
    if (!events.isEmpty())
        m_runtime.record(m_rollout, events);
}

void StepRunner::exited(const JobPoll &poll)
{
    observed(m_reading.finish(*state()));
    const qint64 ms = poll.durationS * 1000;
    if (poll.why == QLatin1String("timeout"))
        return end(StepOutcome::TimedOut, QStringLiteral("it did not end within %1 s").arg(m_step.deadlineS), poll.exitStatus, ms);
    if (poll.why == QLatin1String("cancel"))
        return end(StepOutcome::Cancelled, QStringLiteral("it was cancelled"), poll.exitStatus, ms);
    if (poll.exitStatus != 0) {
        const QString words = m_reading.lastLine();
        return end(StepOutcome::Failed, words.isEmpty() ? QStringLiteral("exit status %1").arg(poll.exitStatus) : QStringLiteral("exit status %1: %2").arg(poll.exitStatus).arg(words), poll.exitStatus, ms);
    }
    if (const QString reason = m_reading.whyNotDone(*state()); !reason.isEmpty())
        return end(StepOutcome::Failed, reason, 0, ms);
    verify(0, ms);
}

void StepRunner::verify(int exitStatus, qint64 durationMs)
{
    if (m_run.kind == StepKind::Backup)
        return proveBackup(exitStatus, durationMs);
    if (m_step.verify.isEmpty())
        return end(StepOutcome::Done, {}, exitStatus, durationMs);
    m_runtime.hosts().ask(m_host, m_step.verify, checkTimeoutS(), guarded([exitStatus, durationMs](StepRunner &r, const Result<bool> &there) {
        if (!there && r.asksAgain(there.error(), [&r, exitStatus, durationMs] { r.verify(exitStatus, durationMs); }))
            return;
        r.connected();
        if (!there && there.error().code == ErrorCode::CommandTimeout)
            return r.end(StepOutcome::Failed, QStringLiteral("it left with 0, and its check did not end within %1 s").arg(r.checkTimeoutS()), exitStatus, durationMs);
        if (!there || !*there)
            return r.end(StepOutcome::Failed, there ? QStringLiteral("it left with 0, but its effect is not there") : clauseOf(there.error()), exitStatus, durationMs);
        r.end(StepOutcome::Done, {}, exitStatus, durationMs);
    }));
}

void StepRunner::proveBackup(int exitStatus, qint64 durationMs)
{
    const QString path = resolvedBackupPath(*state(), state()->hosts[m_host.name], m_run.hop);
    Probes probes = m_probes;
    probes.backup.timeoutS = std::max(probes.backup.timeoutS, m_step.deadlineS); // to read all of it may take as long as to write it
    m_runtime.hosts().proveBackup(m_host, probes, path, guarded([exitStatus, durationMs](StepRunner &r, const Result<Backup> &backup) {
        if (!backup && r.asksAgain(backup.error(), [&r, exitStatus, durationMs] { r.proveBackup(exitStatus, durationMs); }))
            return;
        r.connected();
        StepEnded e;
        e.exitStatus = exitStatus;
        e.durationMs = durationMs;
        if (!backup || !backup->verified || backup->size <= 0) {
            e.outcome = StepOutcome::Failed;
            e.reason = !backup ? QStringLiteral("the backup could not be read: %1").arg(clauseOf(backup.error()))
                               : QStringLiteral("the backup is not usable: %1").arg(backup->problem.isEmpty() ? QStringLiteral("it is empty") : backup->problem);
            return r.finish(e);
        }
        BackupProven proven;
        proven.host = r.m_host.name;
        proven.hop = r.m_run.hop;
        proven.backup = *backup;
        r.finish(e, {proven});
    }));
}

void StepRunner::lost()
{
    observed(m_reading.finish(*state()));
    if (m_step.verify.isEmpty())
        return end(StepOutcome::Lost, QStringLiteral("what carried it out on the host is gone; whether it took effect is unknown"));
    m_runtime.hosts().ask(m_host, m_step.verify, checkTimeoutS(), guarded([](StepRunner &r, const Result<bool> &there) {
        if (!there && r.asksAgain(there.error(), [&r] { r.lost(); }))
            return;
        r.connected();
        if (there && *there)
            return r.verify(0, 0);
        r.end(StepOutcome::Lost, there ? QStringLiteral("what carried it out on the host is gone and its effect is not there")
                                       : QStringLiteral("what carried it out on the host is gone, and whether it took effect could not be asked: %1").arg(clauseOf(there.error())));
    }));
}

void StepRunner::measure()
{
    m_runtime.hosts().measure(m_host, m_probes, guarded([](StepRunner &r, const HostFacts &facts) {
        if (!facts.reachable && r.m_step.kind != StepKind::Preflight)
            return r.retry(Error{ErrorCode::ConnectionLost, {r.m_host.name, facts.error}, {}, nullptr}, [&r] { r.measure(); });
        if (facts.reachable)
            r.connected();
        FactsMeasured e;
        e.host = r.m_host.name;
        e.phase = r.m_step.kind == StepKind::Preflight ? QStringLiteral("preflight") : r.m_run.direction == Direction::Forward ? QStringLiteral("check") : QStringLiteral("back");
        e.token = r.m_run.token;
        e.hop = r.m_run.hop;
        e.facts = facts;
        r.m_runtime.record(r.m_rollout, {e}); // the fold judges and ends the step
    }));
}

// After the new version was started its ledger is read at once, however the step ended: it decides the way back.
void StepRunner::measureThenEnd(StepEnded end)
{
    m_runtime.hosts().measure(m_host, m_probes, guarded([end](StepRunner &r, const HostFacts &facts) {
        if (!facts.reachable)
            return r.retry(Error{ErrorCode::ConnectionLost, {r.m_host.name, facts.error}, {}, nullptr}, [&r, end] { r.measureThenEnd(end); });
        r.connected();
        FactsMeasured e;
        e.host = r.m_host.name;
        e.phase = QStringLiteral("migrated");
        e.token = r.m_run.token;
        e.hop = r.m_run.hop;
        e.facts = facts;
        StepEnded ended = end;
        if (ended.outcome == StepOutcome::Done && facts.ledger && !facts.ledger->halfMigrated.isEmpty()) { // whatever it says of itself
            ended.outcome = StepOutcome::Failed;
            ended.reason = QStringLiteral("its ledger says that %1 did not finish").arg(facts.ledger->halfMigrated);
        }
        r.m_reading.judgeUnread(ended, facts);
        r.finish(ended, {e});
    }));
}

void StepRunner::end(StepOutcome outcome, const QString &reason, std::optional<int> exitStatus, qint64 durationMs)
{
    StepEnded e;
    e.outcome = outcome;
    e.reason = reason;
    e.exitStatus = exitStatus;
    e.durationMs = durationMs;
    if (readsMigrations(m_run) && m_step.runsOnHost() && outcome != StepOutcome::Already)
        return measureThenEnd(e);
    finish(e);
}

void StepRunner::finish(StepEnded end, QList<EventBody> before)
{
    if (m_ended)
        return;
    end.host = m_host.name;
    end.token = m_run.token;
    m_reading.describe(end);
    before.append(end);
    const bool onHost = m_step.runsOnHost() && end.outcome != StepOutcome::Already && end.outcome != StepOutcome::InDoubt;
    const auto keep = shared_from_this();
    m_runtime.record(m_rollout, before, [keep, onHost] { // only what is durable may be forgotten on the host
        if (onHost)
            keep->m_runtime.hosts().acknowledge(keep->m_host, keep->m_run.token, [](Status) {});
    });
    m_ended = true;
}

// A check that could not be asked is asked again; one that did not end in time twice in a row is an answer: its host was
// reached, and each try goes on there.
bool StepRunner::asksAgain(const Error &error, std::function<void()> work)
{
    if (error.code == ErrorCode::CommandTimeout) {
        if (m_slowChecks++ > 0)
            return false;
        m_runtime.schedule(heldAgainMs, guarded([work = std::move(work)](StepRunner &) { work(); }));
        return true;
    }
    if (!isOutOfReach(error))
        return false;
    retry(error, std::move(work));
    return true;
}

void StepRunner::retry(const Error &error, std::function<void()> work)
{
    if (!m_lostLink) {
        m_lostLink = true;
        ConnectionChanged e;
        e.host = m_host.name;
        e.reason = clauseOf(error);
        m_runtime.record(m_rollout, {e});
    }
    m_slowChecks = 0;
    m_runtime.schedule(backOffMs(m_failures++), guarded([work = std::move(work)](StepRunner &) { work(); }));
}

void StepRunner::connected()
{
    m_failures = m_slowChecks = 0;
    if (!m_lostLink)
        return;
    m_lostLink = false;
    ConnectionChanged e;
    e.host = m_host.name;
    e.connected = true;
    m_runtime.record(m_rollout, {e});
}

} // namespace bellwether
