// One small command on N loopback hosts: our pool, cold and over kept sessions, against the tools people use for it, in
// the same run. Quote the ratios and the client CPU per host, never the seconds: hosts and client share this machine.
// Arguments: rounds (3; the median counts), then sizes (50 200 500).
#include "peers.h"
#include "ssh/sshpool.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QEventLoop>

#include <algorithm>
#include <memory>
#include <sys/resource.h>

using namespace bellwether;

namespace {

Cost ours(SshPool &pool, const TestSshd &sshd, int hosts)
{
    Cost cost;
    QEventLoop loop;
    int left = hosts;
    QElapsedTimer wall;
    wall.start();
    const double before = cpuMs(RUSAGE_SELF);
    for (int i = 0; i < hosts; ++i) {
        ExecRequest request;
        request.command = "cat /proc/loadavg";
        request.timeoutMs = 120'000;
        pool.exec(sshd.endpoint(PeerFleet::address(i)), request, [&](const Result<ExecResult> &result) {
            cost.answered += result && result->exitStatus == 0 && result->out.contains('/');
            if (--left == 0)
                loop.quit();
        });
    }
    loop.exec();
    cost.wallMs = double(wall.nsecsElapsed()) / 1e6;
    cost.cpuMs = cpuMs(RUSAGE_SELF) - before;
    return cost;
}

// Middle values of wall and CPU; the worst answer counts.
Cost median(QList<Cost> all)
{
    Cost middle = all.value(all.size() / 2);
    const auto by = [&](auto member) {
        std::sort(all.begin(), all.end(), [member](const Cost &a, const Cost &b) { return a.*member < b.*member; });
        return all.at(all.size() / 2).*member;
    };
    middle.wallMs = by(&Cost::wallMs);
    middle.cpuMs = by(&Cost::cpuMs);
    for (const Cost &one : all)
        middle.answered = std::min(middle.answered, one.answered);
    return middle;
}

void row(const char *name, int hosts, const Cost &cost, const Cost &base)
{
    std::printf("%-30s %5d %6d %9.0f %12.3f %10.2f %10.1f\n", name, hosts, cost.answered, cost.wallMs, cost.cpuMs / hosts, cost.wallMs / base.wallMs,
                cost.cpuMs / base.cpuMs);
    std::fflush(stdout);
}

// The middle one of five commands in a row over connections that are open, as a health check's are; cold ones are one each. A single
// one would measure how much of the caches those whose turn came before have left.
template<class Run>
Cost turn(bool kept, Run run)
{
    QList<Cost> costs;
    for (int i = 0; i < (kept ? 5 : 1); ++i)
        costs.append(run());
    return median(costs);
}

// Ours and the peers of one kind, in turn in each round: a machine that gets slower meanwhile does so for everybody. False when
// somebody did not answer.
bool compare(const char *name, const TestSshd &sshd, const KeyTrust &trust, bool kept, int hosts, int rounds)
{
    PeerFleet fleet(sshd, hosts);
    std::unique_ptr<SshPool> pool;
    bool ok = true;
    QList<Cost> own;
    QList<std::pair<Peer, QList<Cost>>> others;
    for (const Peer &peer : PeerFleet::peers()) {
        if (peer.kept == kept && fleet.prepare(peer))
            others.append({peer, {}});
        else
            ok = ok && peer.kept != kept;
    }
    for (int round = 0; round < rounds; ++round) {
        if (!kept || !pool)
            pool = std::make_unique<SshPool>(trust, qApp);
        if (kept && round == 0)
            ours(*pool, sshd, hosts); // connects
        own.append(turn(kept, [&] { return ours(*pool, sshd, hosts); }));
        for (auto &[peer, costs] : others)
            costs.append(turn(kept, [&] { return fleet.run(peer); }));
    }
    const Cost base = median(own);
    row(name, hosts, base, base);
    ok = ok && base.answered == hosts;
    for (const auto &[peer, costs] : others) {
        row(peer.name, hosts, median(costs), base);
        ok = ok && median(costs).answered == hosts;
    }
    return ok;
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    qunsetenv("SSH_AUTH_SOCK");
    const int rounds = argc > 1 ? std::max(1, atoi(argv[1])) : 3;
    QList<int> sizes;
    for (int i = 2; i < argc; ++i)
        sizes.append(std::clamp(atoi(argv[i]), 1, 500));
    if (sizes.isEmpty())
        sizes = {50, 200, 500};
    TestSshd sshd({}, QStringLiteral("0.0.0.0"));
    if (!sshd.isRunning()) {
        std::fprintf(stderr, "sshd did not start: %s\n", qPrintable(sshd.failure()));
        return 1;
    }
    TestTrust trust;
    trust.trustEverywhere(sshd.fingerprint());
    bool ok = true;
    std::printf("%-30s %5s %6s %9s %12s %10s %10s\n", "", "hosts", "ok", "wall ms", "CPU ms/host", "wall x", "CPU x");
    for (const int hosts : sizes) {
        ok = compare("bellwether, cold", sshd, trust, false, hosts, rounds) && ok;
        ok = compare("bellwether, kept sessions", sshd, trust, true, hosts, rounds) && ok;
    }
    return ok ? 0 : 1;
}
