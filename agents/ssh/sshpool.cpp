#include "ssh/sshpool.h"

#include "ssh/execcall.h"
#include "ssh/httpcall.h"
#include "ssh/sshworker.h"

#include <QRegularExpression>
#include <QThread>

#include <pwd.h>
#include <unistd.h>

namespace bellwether {

namespace {

// libssh turns host and user into more than text in places; only plain names get that far (S8).
const QRegularExpression addressForm(QStringLiteral("\\A(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9]{1,15})?)\\z"));
const QRegularExpression userForm(QStringLiteral("\\A[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}\\z"));

QString loginName()
{
    const passwd *entry = ::getpwuid(::geteuid());
    return entry ? QString::fromLocal8Bit(entry->pw_name) : qEnvironmentVariable("USER");
}

} // namespace

struct SshPool::Private {
    std::unique_ptr<Credentials> nobody; // asks no one
    SshOptions options;
    std::shared_ptr<Outbox> outbox;
    std::atomic<int> open{0};
    std::vector<std::unique_ptr<QThread>> threads;
    std::vector<std::unique_ptr<SshWorker>> workers; // the last one is for sessions that may ask the agent
    QString user = loginName();

    // The same address always meets the same worker, so that its limits need no lock.
    SshWorker &workerFor(const Endpoint &to) const
    {
        const bool mayAskAgent = to.identity == QLatin1String("agent") || to.identity.startsWith(QLatin1String("agent:"))
            || (to.identity.isEmpty() && qEnvironmentVariableIsSet("SSH_AUTH_SOCK"));
        if (mayAskAgent)
            return *workers.back();
        return *workers[qHash(to.address, 0) % (workers.size() - 1)];
    }
    Result<Endpoint> checked(Endpoint to) const
    {
        if (to.user.isEmpty())
            to.user = user;
        if (!addressForm.match(to.address).hasMatch())
            return fail(ErrorCode::BadValue, {QStringLiteral("address"), to.address, QStringLiteral("a host name or an IP address")});
        if (!userForm.match(to.user).hasMatch())
            return fail(ErrorCode::BadValue, {QStringLiteral("user"), to.user, QStringLiteral("a login name")});
        if (to.port < 1 || to.port > 65535)
            return fail(ErrorCode::BadValue, {QStringLiteral("port"), QString::number(to.port), QStringLiteral("1 to 65535")});
        if (!to.jump.isEmpty())
            return fail(ErrorCode::ConnectFailed, {to.machine(), to.address,
                QStringLiteral("it is behind the jump host %1, which this version cannot use yet").arg(to.jump)});
        return to;
    }
    void submit(std::unique_ptr<SshCall> call)
    {
        SshWork work;
        work.to = call->endpoint();
        work.call = std::move(call);
        SshWorker &worker = workerFor(work.to);
        worker.submit(std::move(work));
    }
};

SshPool::SshPool(const KeyTrust &trust, QObject *receiver, const SshOptions &options, Credentials *credentials)
    : d(std::make_unique<Private>())
{
    ssh_init();
    d->options = options;
    if (!credentials) {
        d->nobody = std::make_unique<Credentials>();
        credentials = d->nobody.get();
    }
    d->outbox = std::make_shared<Outbox>(receiver->thread());
    const int count = options.workers > 0 ? options.workers : std::clamp(QThread::idealThreadCount(), 1, 4);
    SshOptions share = options; // the worker for the agent comes on top: most fleets use either
    share.handshakes = std::max(1, options.handshakes / (count + 1));
    for (int i = 0; i <= count; ++i) {
        auto thread = std::make_unique<QThread>();
        auto worker = std::make_unique<SshWorker>(trust, *credentials, share, d->open);
        thread->setObjectName(i < count ? QStringLiteral("ssh-%1").arg(i) : QStringLiteral("ssh-agent"));
        worker->moveToThread(thread.get());
        thread->start();
        d->threads.push_back(std::move(thread));
        d->workers.push_back(std::move(worker));
    }
}

SshPool::~SshPool()
{
    for (const auto &worker : d->workers) {
        SshWork work;
        work.kind = SshWork::Kind::Stop;
        worker->submit(std::move(work));
    }
    for (const auto &thread : d->threads)
        thread->wait();
    d->workers.clear();
}

void SshPool::exec(const Endpoint &to, ExecRequest request, std::function<void(Result<ExecResult>)> done)
{
    const auto endpoint = d->checked(to);
    if (!endpoint)
        return d->outbox->post([done = std::move(done), error = endpoint.error()] { done(std::unexpected(error)); });
    d->submit(std::make_unique<ExecCall>(*endpoint, std::move(request), std::move(done), d->outbox));
}

void SshPool::httpGet(const Endpoint &to, HttpRequest request, std::function<void(Result<HttpResult>)> done)
{
    auto endpoint = d->checked(to);
    if (endpoint && (!addressForm.match(request.address).hasMatch() || request.port < 1 || request.port > 65535
                     || request.path.contains(u'\r') || request.path.contains(u'\n') || request.path.contains(u' ')))
        endpoint = fail(ErrorCode::BadValue, {QStringLiteral("http address"), request.address + request.path, QStringLiteral("a host name or an IP address, a port and a path")});
    if (!endpoint)
        return d->outbox->post([done = std::move(done), error = endpoint.error()] { done(std::unexpected(error)); });
    d->submit(std::make_unique<HttpCall>(*endpoint, std::move(request), std::move(done), d->outbox));
}

void SshPool::scanKey(const Endpoint &to, std::function<void(Result<HostKey>)> done)
{
    const auto endpoint = d->checked(to);
    if (!endpoint)
        return d->outbox->post([done = std::move(done), error = endpoint.error()] { done(std::unexpected(error)); });
    SshWork work;
    work.kind = SshWork::Kind::Scan;
    work.to = *endpoint;
    work.scan = [outbox = d->outbox, done = std::move(done)](const Result<HostKey> &key) {
        outbox->post([done, key] { done(key); });
    };
    SshWorker &worker = d->workerFor(*endpoint);
    worker.submit(std::move(work));
}

void SshPool::closeAll()
{
    for (const auto &worker : d->workers) {
        SshWork work;
        work.kind = SshWork::Kind::CloseAll;
        worker->submit(std::move(work));
    }
}

int SshPool::openSessions() const
{
    return d->open.load(std::memory_order_relaxed);
}

} // namespace bellwether
