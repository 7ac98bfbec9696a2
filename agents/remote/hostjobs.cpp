#include "remote/hostjobs.h"

#include "remote/hostanswer.h"
#include "remote/hostscripts.h"

#include <QCryptographicHash>
#include <QHash>
#include <QTimer>

#include <algorithm>

namespace bellwether {

namespace {

std::unexpected<Error> errorOf(const HostAnswer &answer, const HostJobs::Host &host)
{
    const QString name = host.endpoint.machine();
    if (answer.err == "locked")
        return fail(ErrorCode::HostLocked, {name, answer.text("owner"), answer.text("left"), answer.rest(" by="), answer.text("since")});
    if (answer.err == "stale")
        return fail(ErrorCode::HostLeaseStale, {name, answer.text("owner"), answer.rest(" by="), answer.text("since"), answer.text("silent")});
    if (answer.err == "held")
        return fail(ErrorCode::HostHeld, {name, answer.text("owner"), answer.reason()});
    if (answer.err == "busy")
        return fail(ErrorCode::HostBusy, {name, answer.text("job") + QStringLiteral(" of ") + answer.text("owner")});
    if (answer.err == "fenced")
        return fail(ErrorCode::HostFenced, {name, answer.text("owner"), answer.text("epoch")});
    if (answer.err == "disk")
        return fail(ErrorCode::HostDiskFull, {name});
    if (answer.err == "state") {
        const QString unread = answer.rest("file=");
        return fail(ErrorCode::HostStateUnusable, {name, stateFolder(host.stateRoot), unread.isEmpty() ? answer.reason()
            : QStringLiteral("another login made %1 and this one may not read it, so what is under way there is not known (where several "
                             "logins work on a host its state folder belongs to a group of theirs, with mode 2770 from v1 on, and what lies in it may be "
                             "read and written by that group)").arg(unread)});
    }
    if (answer.err == "sha")
        return fail(ErrorCode::ConnectionLost, {name, QStringLiteral("the step's script arrived incomplete; nothing was started")});
    return fail(ErrorCode::Internal, {QStringLiteral("host protocol on %1: %2").arg(name, hostWords(answer.header))});
}

// What came back is an answer, or the reason why it is none.
Result<HostAnswer> read(const Result<ExecResult> &result, const HostJobs::Host &host)
{
    auto answer = answerOf(result, host.endpoint.machine());
    if (answer && !answer->err.isEmpty())
        return errorOf(*answer, host);
    return answer;
}

template<class T>
void deliverLater(std::function<void(Result<T>)> done, Error error)
{
    QTimer::singleShot(0, [done = std::move(done), error = std::move(error)] { done(std::unexpected(error)); });
}

// Sends one verb; `turn` makes the result of its answer.
template<class T, class Turn>
void ask(RemoteShell &shell, const HostJobs::Host &host, const QStringList &verb, ExecRequest request,
         std::function<void(Result<T>)> done, Turn turn)
{
    auto command = helperCommand(verb, host.stateRoot);
    if (!command)
        return deliverLater<T>(std::move(done), command.error());
    request.command = *command;
    shell.exec(host.endpoint, std::move(request), [host, done = std::move(done), turn](const Result<ExecResult> &result) {
        const auto answer = read(result, host);
        if (answer)
            done(turn(*answer, *result));
        else
            done(std::unexpected(answer.error()));
    });
}

void askPlain(RemoteShell &shell, const HostJobs::Host &host, const QStringList &verb, std::function<void(Status)> done)
{
    ask<void>(shell, host, verb, {}, std::move(done), [](const HostAnswer &, const ExecResult &) -> Status { return {}; });
}

bool stateFrom(const QByteArray &name, JobState &state)
{
    static const QHash<QByteArray, JobState> states{{"absent", JobState::Absent}, {"unstarted", JobState::Unstarted},
        {"running", JobState::Running}, {"done", JobState::Done}, {"lost", JobState::Lost}};
    const auto it = states.constFind(name);
    if (it != states.constEnd())
        state = *it;
    return it != states.constEnd();
}

QByteArray withFirstLine(const Secret &password, const QByteArray &rest)
{
    QByteArray input;
    if (password.isEmpty())
        return rest;
    input.reserve(password.size() + 1 + rest.size()); // it must not move while it grows
    return input.append(password.c_str(), password.size()).append('\n').append(rest);
}

// What sudo says without what it says to everybody.
QByteArray wordsOfSudo(const QByteArray &err)
{
    static const QList<QByteArray> noise{"sudo: unable to resolve host", "sudo: setrlimit(", "Sorry, try again.", "We trust you have received",
                                         "Administrator. It usually", "#1) ", "#2) ", "#3) ", "For security reasons, the password"};
    QByteArray said;
    for (const QByteArray &line : err.split('\n')) {
        const QByteArray bare = line.trimmed();
        if (!bare.isEmpty() && std::ranges::none_of(noise, [&](const QByteArray &start) { return bare.startsWith(start); }))
            said += bare + '\n';
    }
    return said;
}

std::unexpected<Error> sudoRefused(const HostJobs::Host &host, const QByteArray &err)
{
    const QByteArray said = wordsOfSudo(err);
    if (said.contains("incorrect"))
        return fail(ErrorCode::SudoRefused, {host.endpoint.machine(), QStringLiteral("it does not take the password that was given"), QStringLiteral("password")});
    if (said.contains("must have a tty"))
        return fail(ErrorCode::SudoRefused, {host.endpoint.machine(), hostWords(said) + QStringLiteral(" (requiretty in its sudoers)")});
    return fail(ErrorCode::SudoRefused, {host.endpoint.machine(), said.isEmpty() ? QStringLiteral("it gave no reason") : hostWords(said)});
}

std::unexpected<Error> unreadable(const HostJobs::Host &host, const QString &what, const QString &why)
{
    return fail(ErrorCode::OutputUnreadable, {host.endpoint.machine(), what, why});
}

// Everything here came from a host that may lie: sizes, token and result are checked before they are believed.
Result<JobPoll> pollFrom(const HostAnswer &answer, const HostJobs::Host &host, const QString &token, qint64 maxBytes)
{
    const QString what = QStringLiteral("poll of ") + token;
    JobPoll poll;
    if (answer.text("token") != token)
        return unreadable(host, what, QStringLiteral("the answer is for another step"));
    if (!stateFrom(answer.fields.value("state"), poll.state))
        return unreadable(host, what, QStringLiteral("its state is unknown"));
    const qint64 outCount = answer.number("n_out", -1);
    const qint64 errCount = answer.number("n_err", -1);
    if (outCount < 0 || errCount < 0 || outCount > maxBytes || errCount > maxBytes
        || answer.body.size() < outCount + errCount)
        return unreadable(host, what, QStringLiteral("fewer bytes came than were announced"));
    poll.outSize = answer.number("out");
    poll.errSize = answer.number("err");
    poll.out = answer.body.left(outCount);
    poll.err = answer.body.mid(outCount, errCount);
    poll.heartbeatAgeS = answer.number("hb", -1);
    poll.stepAlive = answer.fields.value("step") == "alive";
    if (poll.state != JobState::Done)
        return poll;
    const qint64 rc = answer.number("rc", -1);
    if (rc < 0 || rc > 255)
        return unreadable(host, what, QStringLiteral("its exit status is %1").arg(answer.text("rc")));
    poll.exitStatus = static_cast<int>(rc);
    poll.why = answer.text("why");
    poll.durationS = answer.number("dur");
    return poll;
}

} // namespace

HostJobs::HostJobs(RemoteShell &shell)
    : m_shell(shell)
{
}

void HostJobs::lock(const Host &host, const QString &owner, int ttlS, std::function<void(Result<Lease>)> done, const LeaseClaim &claim)
{
    ask<Lease>(m_shell, host, {QStringLiteral("lock"), owner, QString::number(ttlS), hostWords(claim.by.toUtf8()), claim.takeFrom}, {}, std::move(done),
               [host](const HostAnswer &answer, const ExecResult &) -> Result<Lease> {
                   const qint64 epoch = answer.number("epoch");
                   if (epoch <= 0)
                       return unreadable(host, QStringLiteral("lock"), QStringLiteral("it names no epoch"));
                   return Lease{epoch, true, answer.text("taken"), answer.number("hold") > 0};
               });
}

void HostJobs::renew(const Host &host, qint64 epoch, const QString &owner, int ttlS, std::function<void(Status)> done)
{
    askPlain(m_shell, host, {QStringLiteral("renew"), QString::number(epoch), owner, QString::number(ttlS)}, std::move(done));
}

void HostJobs::unlock(const Host &host, qint64 epoch, const QString &owner, std::function<void(Status)> done)
{
    askPlain(m_shell, host, {QStringLiteral("unlock"), QString::number(epoch), owner}, std::move(done));
}

void HostJobs::start(const Host &host, const QString &token, qint64 epoch, const QString &owner, int timeoutS,
                     const QByteArray &script, std::function<void(Result<JobState>)> done, const Secret &password)
{
    const QString sha = QString::fromLatin1(QCryptographicHash::hash(script, QCryptographicHash::Sha256).toHex());
    ExecRequest request;
    request.input = withFirstLine(password, script);
    QStringList verb{QStringLiteral("start"), token, QString::number(epoch), owner, QString::number(timeoutS), sha};
    if (!password.isEmpty())
        verb.append(QStringLiteral("password"));
    ask<JobState>(m_shell, host, verb, std::move(request), std::move(done),
                  [host, token](const HostAnswer &answer, const ExecResult &) -> Result<JobState> {
                      JobState state = JobState::Absent;
                      if (answer.text("token") != token || !stateFrom(answer.fields.value("state"), state))
                          return unreadable(host, QStringLiteral("start of ") + token, QStringLiteral("the answer is for another step"));
                      return state;
                  });
}

void HostJobs::poll(const Host &host, const QString &token, qint64 outOffset, qint64 errOffset, int maxBytes, int waitS,
                    std::function<void(Result<JobPoll>)> done)
{
    ExecRequest request;
    request.timeoutMs = waitS * 1000 + 20'000;
    request.outputLimit = 2 * qsizetype(maxBytes) + (64 << 10);
    ask<JobPoll>(m_shell, host,
                 {QStringLiteral("poll"), token, QString::number(outOffset), QString::number(errOffset),
                  QString::number(maxBytes), QString::number(waitS)},
                 std::move(request), std::move(done), [host, token, maxBytes](const HostAnswer &answer, const ExecResult &) {
                     return pollFrom(answer, host, token, maxBytes);
                 });
}

void HostJobs::cancel(const Host &host, const QString &token, qint64 epoch, const QString &owner, std::function<void(Status)> done)
{
    askPlain(m_shell, host, {QStringLiteral("cancel"), token, QString::number(epoch), owner}, std::move(done));
}

void HostJobs::acknowledge(const Host &host, const QString &token, std::function<void(Status)> done)
{
    askPlain(m_shell, host, {QStringLiteral("ack"), token}, std::move(done));
}

void HostJobs::hold(const Host &host, const QString &owner, const QString &reason, std::function<void(Status)> done)
{
    askPlain(m_shell, host, {QStringLiteral("hold"), owner, reason}, std::move(done));
}

void HostJobs::unhold(const Host &host, const QString &owner, std::function<void(Status)> done)
{
    askPlain(m_shell, host, {QStringLiteral("unhold"), owner}, std::move(done));
}

void HostJobs::who(const Host &host, std::function<void(Result<HostIdentity>)> done)
{
    ask<HostIdentity>(m_shell, host, {QStringLiteral("who")}, {}, std::move(done),
                      [](const HostAnswer &answer, const ExecResult &) -> Result<HostIdentity> {
                          const qint64 late = answer.number("late", -1);
                          return HostIdentity{answer.text("machine"), answer.text("boot"), answer.text("owner"),
                                              answer.number("left"), answer.text("job"), answer.number("ends") > 0, answer.rest(" unfit="),
                                              answer.text("lacks").replace(u',', QLatin1String(", ")), late < 0 ? -1 : std::min<qint64>(late, 100'000) * 10};
                      });
}

void HostJobs::run(const Host &host, const QStringList &argv, const QString &directory, int timeoutMs,
                   std::function<void(Result<ExecResult>)> done, const Secret &password)
{
    auto command = plainCommand(argv, directory);
    if (!command)
        return deliverLater<ExecResult>(std::move(done), command.error());
    ExecRequest request;
    request.command = *command;
    request.timeoutMs = timeoutMs;
    request.input = withFirstLine(password, {});
    const bool bySudo = argv.first() == QLatin1String("sudo"); // there is a first: it became a command
    m_shell.exec(host.endpoint, std::move(request), [host, directory, bySudo, done = std::move(done)](Result<ExecResult> result) {
        const auto answer = read(result, host);
        if (answer) {
            const QByteArray said = bySudo && result->exitStatus == 1 ? wordsOfSudo(result->err) : QByteArray();
            if (said.startsWith("sudo: ") || said.startsWith("Sorry, user "))
                return done(sudoRefused(host, result->err));
            result->out = answer->body;
            return done(std::move(result));
        }
        if (bySudo && result && result->out.contains("bwr err=sudo"))
            return done(sudoRefused(host, result->err));
        if (result && result->out.contains("bwr err=nodir"))
            return done(fail(ErrorCode::CommandFailed, {host.endpoint.machine(), QStringLiteral("cd ") + directory,
                                                        QStringLiteral("1"), hostWords(result->err)}));
        done(std::unexpected(answer.error()));
    });
}

} // namespace bellwether
