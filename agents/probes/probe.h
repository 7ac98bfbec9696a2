#pragma once
// Asks a host for one fact as the profile says: a command or an HTTP GET, then what to take of the answer.
#include "domain/facts.h"
#include "domain/profile.h"
#include "remote/hostjobs.h"

#include <QJsonValue>

namespace bellwether {

struct ProbeAnswer {
    int status = 0; // exit status or HTTP status
    QByteArray body, err;
    bool isGood(const Probe &probe) const { return probe.via == ProbeVia::Http ? status >= 200 && status < 300 : status == 0; }
};

// What the probe does, for messages: "GET http://127.0.0.1:8080/version" or the command's words.
QString probeText(const Probe &probe);

// timeoutS 0 = the probe's own. A command that ends with another status than 0 is an answer, not an error.
// password: for a command by `sudo -S --`.
void runProbe(RemoteShell &shell, const HostJobs::Host &host, const Probe &probe, const QString &directory, int timeoutS,
              std::function<void(Result<ProbeAnswer>)> done, const Secret &password = {});

// The value the probe speaks of; CommandFailed, OutputUnreadable. `host` stands in errors.
Result<QJsonValue> probeValue(const Probe &probe, const ProbeAnswer &answer, const QString &host);

// One clause for an error, to stand behind the probe's name in HostFacts::problems.
QString errorClause(const Error &error);

// Did the way to the host fail (and not what was asked there)?
bool isConnectionError(const Error &error);

} // namespace bellwether
