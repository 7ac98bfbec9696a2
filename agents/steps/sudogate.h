#pragma once
// Passwords for sudo. One is asked of a person once for all machines of a login, and proven on each machine before
// anything there is given it: a wrong one costs one try and no step, and is asked again.
#include "remote/hostjobs.h"
#include "ssh/credentials.h"
#include "ssh/outbox.h"

#include <QHash>

namespace bellwether {

class SudoGate {
public:
    // credentials: who may ask people; null: nobody can be asked. Used and destroyed on the thread that makes it.
    SudoGate(HostJobs &jobs, Credentials *credentials);
    ~SudoGate(); // whoever still waits gets no answer
    Q_DISABLE_COPY_MOVE(SudoGate)

    // CredentialNeeded, SudoRefused, or why the machine was not reached; errors never before the call returned.
    void pass(const HostJobs::Host &host, std::function<void(Result<Secret>)> done);
    void doubt(const HostJobs::Host &host); // it was refused after all: proven anew before the next use

private:
    struct Machine {
        HostJobs::Host host;
        QString user;
        std::optional<Secret> proven;
        QList<std::function<void(Result<Secret>)>> waiters;
        Credentials::Ticket ticket = 0;
    };
    void ask(const QString &key, const QString &problem);
    void prove(const QString &key, const Secret &password);
    void judge(const QString &key, const Secret &password, const Result<ExecResult> &said);
    void settle(const QString &key, const Result<Secret> &outcome);

    HostJobs &m_jobs;
    Credentials *m_credentials;
    std::shared_ptr<Outbox> m_outbox;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
    QHash<QString, Machine> m_machines; // by user and machine
};

} // namespace bellwether
