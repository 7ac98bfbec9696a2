#include "probes/probe.h"

#include <QJsonDocument>

namespace bellwether {

namespace {

HttpRequest httpRequest(const Probe &probe, int timeoutMs)
{
    HttpRequest request;
    if (!probe.httpAddress.isEmpty())
        request.address = probe.httpAddress;
    request.port = probe.httpPort.isEmpty() ? 80 : probe.httpPort.toInt(); // 0 is refused further down
    request.path = probe.httpPath;
    request.timeoutMs = timeoutMs;
    return request;
}

QString lastWords(const ProbeAnswer &answer)
{
    const QString err = QString::fromUtf8(answer.err.right(300)).simplified();
    return (err.isEmpty() ? QString::fromUtf8(answer.body.right(300)).simplified() : err).right(160);
}

std::unexpected<Error> unreadable(const Probe &probe, const QString &host, const QString &why)
{
    return fail(ErrorCode::OutputUnreadable, {host, probeText(probe), why});
}

Result<QJsonValue> jsonValue(const Probe &probe, const QByteArray &body, const QString &host)
{
    QJsonParseError problem;
    // Qt reads documents only; a bare value becomes one by brackets.
    const QJsonDocument document = QJsonDocument::fromJson('[' + body + ']', &problem);
    if (problem.error != QJsonParseError::NoError || document.array().size() != 1)
        return unreadable(probe, host, body.trimmed().isEmpty() ? QStringLiteral("nothing was printed")
                                                                : QStringLiteral("it is not JSON: ") + QString::fromUtf8(body.left(60)).simplified());
    QJsonValue value = document.array().at(0);
    for (const QString &key : probe.field.split(u'.', Qt::SkipEmptyParts)) {
        if (!value.isObject() || !value.toObject().contains(key))
            return unreadable(probe, host, QStringLiteral("it has no field %1").arg(probe.field));
        value = value.toObject().value(key);
    }
    return value;
}

} // namespace

QString probeText(const Probe &probe)
{
    if (probe.via == ProbeVia::Command)
        return probe.argv.join(u' ').left(120);
    return QStringLiteral("GET http://%1:%2%3").arg(probe.httpAddress.isEmpty() ? QStringLiteral("127.0.0.1") : probe.httpAddress,
                                                    probe.httpPort.isEmpty() ? QStringLiteral("80") : probe.httpPort, probe.httpPath);
}

void runProbe(RemoteShell &shell, const HostJobs::Host &host, const Probe &probe, const QString &directory, int timeoutS,
              std::function<void(Result<ProbeAnswer>)> done, const Secret &password)
{
    const int timeoutMs = std::max(1, timeoutS > 0 ? timeoutS : probe.timeoutS) * 1000;
    if (probe.via == ProbeVia::Http) {
        shell.httpGet(host.endpoint, httpRequest(probe, timeoutMs), [done = std::move(done)](const Result<HttpResult> &result) {
            if (result)
                done(ProbeAnswer{result->status, result->body, {}});
            else
                done(std::unexpected(result.error()));
        });
        return;
    }
    HostJobs(shell).run(host, probe.argv, directory, timeoutMs, [host, probe, done = std::move(done)](const Result<ExecResult> &result) {
        if (!result)
            return done(std::unexpected(result.error()));
        if (result->exitStatus < 0)
            return done(fail(ErrorCode::CommandFailed, {host.endpoint.machine(), probeText(probe),
                result->signal.isEmpty() ? QStringLiteral("unknown") : QStringLiteral("SIG") + result->signal, QString()}));
        if (result->truncated)
            return done(unreadable(probe, host.endpoint.machine(), QStringLiteral("it is incomplete: more than 1 MiB was printed, or a process left behind holds it open")));
        done(ProbeAnswer{result->exitStatus, result->out, result->err});
    }, password);
}

Result<QJsonValue> probeValue(const Probe &probe, const ProbeAnswer &answer, const QString &host)
{
    if (!answer.isGood(probe))
        return fail(ErrorCode::CommandFailed, {host, probeText(probe), QString::number(answer.status), lastWords(answer)});
    switch (probe.format) {
    case ProbeFormat::Json:
        return jsonValue(probe, answer.body, host);
    case ProbeFormat::Text:
        return QJsonValue(QString::fromUtf8(answer.body).trimmed());
    case ProbeFormat::Lines: {
        QJsonArray lines;
        for (const QString &line : QString::fromUtf8(answer.body).split(u'\n')) {
            if (!line.trimmed().isEmpty())
                lines.append(line.trimmed());
        }
        return lines;
    }
    }
    return unreadable(probe, host, QStringLiteral("its format is unknown"));
}

QString errorClause(const Error &error)
{
    const auto arg = [&](int i) { return error.args.value(i); };
    if (error.code == ErrorCode::CommandFailed)
        return QStringLiteral("%1 ended with %2%3").arg(arg(1), arg(2), arg(3).isEmpty() ? QString() : QStringLiteral(": ") + arg(3));
    if (error.code == ErrorCode::CommandTimeout)
        return QStringLiteral("%1 gave no answer within %2 s").arg(arg(1), arg(2));
    if (error.code == ErrorCode::OutputUnreadable)
        return QStringLiteral("the answer of %1 cannot be read: %2").arg(arg(1), arg(2));
    if (error.code == ErrorCode::SudoRefused)
        return QStringLiteral("sudo refused: %1").arg(arg(1));
    if (error.code == ErrorCode::CredentialNeeded)
        return QStringLiteral("%1: %2").arg(arg(1), arg(2));
    if (error.code == ErrorCode::ConnectFailed)
        return QStringLiteral("%1: %2").arg(arg(1), arg(2));
    return QLatin1String(errorKey(error.code)) + QStringLiteral(": ") + error.args.mid(1).join(QStringLiteral(", "));
}

bool isConnectionError(const Error &error)
{
    switch (error.code) {
    case ErrorCode::ConnectFailed: // "address" for the host, "address:port" for a service on it
        return !error.args.value(1).contains(QLatin1String(":")) || error.args.value(1) == error.args.value(0).section(u':', 0, -2);
    case ErrorCode::HostNameUnresolved:
    case ErrorCode::ConnectTimeout:
    case ErrorCode::NotSsh:
    case ErrorCode::HostKeyUnknown:
    case ErrorCode::HostKeyChanged:
    case ErrorCode::HostKeyRevoked:
    case ErrorCode::AuthFailed:
    case ErrorCode::KeyUnusable:
    case ErrorCode::CredentialNeeded:
    case ErrorCode::NoCommonAlgorithm:
    case ErrorCode::ConnectionLost:
    case ErrorCode::NoShell:
    case ErrorCode::BadValue:
        return true;
    default:
        return false;
    }
}

} // namespace bellwether
