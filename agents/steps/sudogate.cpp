#include "steps/sudogate.h"

#include "ssh/sshpool.h"

#include <QThread>

namespace bellwether {

namespace {

constexpr int proofMs = 60'000; // a login's checks may be slow where its accounts are far away

QString userOf(const HostJobs::Host &host)
{
    return host.endpoint.user.isEmpty() ? loginName() : host.endpoint.user;
}

QString keyOf(const HostJobs::Host &host)
{
    return userOf(host) + u'@' + host.endpoint.machine();
}

} // namespace

SudoGate::SudoGate(HostJobs &jobs, Credentials *credentials)
    : m_jobs(jobs)
    , m_credentials(credentials)
    , m_outbox(std::make_shared<Outbox>(QThread::currentThread()))
{
}

SudoGate::~SudoGate()
{
    m_alive.reset();
    for (const Machine &machine : std::as_const(m_machines)) {
        if (machine.ticket != 0)
            m_credentials->withdraw(machine.ticket);
    }
}

void SudoGate::pass(const HostJobs::Host &host, std::function<void(Result<Secret>)> done)
{
    const QString key = keyOf(host);
    Machine &machine = m_machines[key];
    if (machine.proven)
        return done(*machine.proven);
    machine.host = host;
    machine.user = userOf(host);
    machine.waiters.append(std::move(done));
    if (machine.waiters.size() == 1)
        ask(key, {});
}

void SudoGate::doubt(const HostJobs::Host &host)
{
    const auto machine = m_machines.find(keyOf(host));
    if (machine != m_machines.end())
        machine->proven.reset();
}

void SudoGate::ask(const QString &key, const QString &problem)
{
    // Answers come on any thread, also before the question has returned.
    const auto here = [this, outbox = m_outbox, alive = std::weak_ptr(m_alive), key](const Result<Secret> &given) {
        outbox->post([this, alive, key, given] {
            if (alive.expired())
                return;
            m_machines[key].ticket = 0;
            if (given)
                prove(key, *given);
            else
                settle(key, std::unexpected(given.error()));
        });
    };
    const Machine machine = m_machines[key];
    const QString name = machine.host.endpoint.machine();
    if (!m_credentials)
        return here(fail(ErrorCode::CredentialNeeded, {name, QStringLiteral("the password of %1 for sudo").arg(machine.user), QStringLiteral("there is nobody to ask")}));
    const auto ticket = m_credentials->password(machine.user, name, here, CredentialKind::Sudo, problem);
    m_machines[key].ticket = ticket;
}

void SudoGate::prove(const QString &key, const Secret &password)
{
    m_jobs.run(m_machines[key].host, {QStringLiteral("sudo"), QStringLiteral("-S"), QStringLiteral("--")}, {}, proofMs,
               [this, alive = std::weak_ptr(m_alive), key, password](const Result<ExecResult> &said) {
                   if (!alive.expired())
                       judge(key, password, said);
               }, password);
}

void SudoGate::judge(const QString &key, const Secret &password, const Result<ExecResult> &said)
{
    using Verdict = Credentials::Verdict;
    Machine &machine = m_machines[key];
    const QString name = machine.host.endpoint.machine();
    const bool wrong = !said && said.error().code == ErrorCode::SudoRefused && said.error().args.value(2) == QLatin1String("password");
    m_credentials->judged(machine.user, name, said ? Verdict::Accepted : wrong ? Verdict::Rejected : Verdict::Untried, CredentialKind::Sudo);
    if (wrong)
        return ask(key, QStringLiteral("sudo on %1 did not take that password.").arg(name));
    if (said)
        machine.proven = password;
    settle(key, said ? Result<Secret>(password) : Result<Secret>(std::unexpected(said.error())));
}

void SudoGate::settle(const QString &key, const Result<Secret> &outcome)
{
    const auto waiters = std::exchange(m_machines[key].waiters, {});
    for (const auto &done : waiters)
        done(outcome);
}

} // namespace bellwether
