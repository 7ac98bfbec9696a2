#pragma once
// apply() from inside: one function per event. What concerns one host is in applyhost.cpp, the rest in apply.cpp.
#include "rollout/state.h"

namespace bellwether {

struct Applier {
    RolloutState &s;
    const Event &e;

    HostRun *host(const QString &name);
    static StepRun *findStep(HostRun &host, const QString &token); // null: none of it
    static HostRunState stateDuring(StepKind kind, Direction direction);
    void touch(HostRun &h) const { h.changedMono = e.monoMs; }
    void recognise(HostRun &h, const HostFacts &facts); // its machine may be one that is known by another address
    int hopWithin(const HostRun &h, int hop) const; // a journal is data: its numbers are not believed

    // A wave is settled while all of its hosts rest; the bake counts from then. The count of those that do not is kept
    // event by event, so that folding a big fleet costs the same for each event.
    static bool isSettled(const HostRun &h) { return isResting(h.state) && h.state != HostRunState::Waiting; }
    void countAnew();
    void settle();

    // Events of the workspace change no rollout.
    void operator()(const ConsoleStarted &) {}
    void operator()(const EverythingStopped &) {}
    void operator()(const EverythingReleased &) {}
    void operator()(const HoldsSpread &) {}
    void operator()(const HoldsLifted &) {}
    void operator()(const FleetImported &) {}
    void operator()(const HostRemoved &) {}
    void operator()(const HostTrusted &) {}
    void operator()(const KeyRevoked &) {}
    void operator()(const ReleasesImported &) {}
    void operator()(const TransferBegun &) {}
    void operator()(const FileTransferred &) {}
    void operator()(const TransferFailed &) {}
    void operator()(const ReportExported &) {}

    // one host
    void operator()(const HostBegun &b);
    void operator()(const HostEnded &b);
    void operator()(const LeaseRefused &b);
    void operator()(const TakeOverConfirmed &b);
    void operator()(const StepIntended &b);
    void operator()(const StepStarted &b);
    void operator()(const StepEnded &b);
    void operator()(const ConnectionChanged &b);
    void operator()(const MigrationObserved &b);
    void operator()(const BackupProven &b);
    void operator()(const FactsMeasured &b);
    void operator()(const HealthObserved &b);
    void operator()(const HostRetried &b);
    void operator()(const HostSkipped &b);
    void operator()(const HostGivenUp &b);
    void operator()(const WayBackDecided &b);
    void operator()(const StepReconciled &) {}

    // the whole, or several hosts
    void operator()(const RolloutStarted &b);
    void operator()(const RolloutResumed &);
    void operator()(const WaveOpened &b);
    void operator()(const LeaseTaken &b);
    void operator()(const GateAssessed &b);
    void operator()(const GatePassed &b);
    void operator()(const Promoted &b);
    void operator()(const Paused &b);
    void operator()(const Unpaused &b);
    void operator()(const RollbackConfirmed &b);
    void operator()(const AbortRequested &b);
    void operator()(const RolloutEnded &b);
};

} // namespace bellwether
