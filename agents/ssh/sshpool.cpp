#include "ssh/sshpool.h"

#include "base/loopthread.h"
#include "ssh/execcall.h"
#include "ssh/httpcall.h"
#include "ssh/keyring.h"
#include "ssh/sshworker.h"

#include <QRegularExpression>

#include <csignal>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

namespace bellwether {

namespace {

// libssh turns host and user into more than text in places; only plain names get that far (S8).
const QRegularExpression addressForm(QStringLiteral("\\A(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9]{1,15})?)\\z"));
const QRegularExpression userForm(QStringLiteral("\\A[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}\\z"));

constexpr int mostHops = 8;

// libssh writes to sockets whose peer may have gone, and a fleet behind jump hosts has more of them than the usual 1024.
void prepareProcess()
{
    struct sigaction pipes {};
    if (::sigaction(SIGPIPE, nullptr, &pipes) == 0 && pipes.sa_handler == SIG_DFL)
        ::signal(SIGPIPE, SIG_IGN);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = std::max<rlim_t>(files.rlim_cur, std::min<rlim_t>(files.rlim_max, 65'536));
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
}

} // namespace

QString loginName()
{
    const passwd *entry = ::getpwuid(::geteuid());
    return entry ? QString::fromLocal8Bit(entry->pw_name) : qEnvironmentVariable("USER");
}

struct SshPool::Private {
    std::unique_ptr<Credentials> nobody; // asks no one
    SshOptions options;
    std::shared_ptr<Outbox> outbox;
    std::atomic<int> open{0};
    std::vector<std::unique_ptr<LoopThread>> threads;
    std::vector<std::unique_ptr<SshWorker>> workers;
    QString user = loginName();
    JumpHost jumpHost;
    mutable QHash<QString, bool> throughAgent; // key files, by path: looked at once

    bool mayAskAgent(const QString &identity) const
    {
        if (identity == QLatin1String("agent") || identity.startsWith(QLatin1String("agent:")))
            return true;
        if (identity == QLatin1String("password") || !qEnvironmentVariableIsSet("SSH_AUTH_SOCK"))
            return false;
        if (!identity.isEmpty() && !throughAgent.contains(identity)) {
            const auto file = KeyRing().load(identity);
            throughAgent.insert(identity, file ? file->isLocked() : !KeyRing::onlyForAgent(identity).isEmpty());
        }
        return identity.isEmpty() || throughAgent.value(identity);
    }
    // The same address always meets the same worker, so that its limits need no lock; so does all that lies behind it.
    SshWorker &workerFor(const SshRoute &route) const { return *workers[qHash(route.entry().address, 0) % workers.size()]; }
    Result<std::shared_ptr<const SshRoute>> routeTo(Endpoint to, const QString &name = {}, int hops = 0) const
    {
        if (to.user.isEmpty())
            to.user = user;
        if (!addressForm.match(to.address).hasMatch())
            return fail(ErrorCode::BadValue, {QStringLiteral("address"), to.address, QStringLiteral("a host name or an IP address")});
        if (!userForm.match(to.user).hasMatch())
            return fail(ErrorCode::BadValue, {QStringLiteral("user"), to.user, QStringLiteral("a login name")});
        if (to.port < 1 || to.port > 65535)
            return fail(ErrorCode::BadValue, {QStringLiteral("port"), QString::number(to.port), QStringLiteral("1 to 65535")});
        auto route = std::make_shared<SshRoute>(SshRoute{to, name, nullptr, mayAskAgent(to.identity)});
        if (to.jump.isEmpty())
            return route;
        const auto jump = jumpHost ? jumpHost(to.jump) : std::nullopt;
        const auto refused = [&to](const QString &why) { return fail(ErrorCode::ConnectFailed, {to.machine(), to.address, why}); };
        if (!jump)
            return refused(QStringLiteral("its jump host %1 is not in the inventory").arg(to.jump));
        if (hops >= mostHops)
            return refused(QStringLiteral("there are more than %1 jump hosts on the way to it").arg(mostHops));
        auto over = routeTo(*jump, to.jump, hops + 1);
        route->over = over ? std::move(*over) : std::make_shared<SshRoute>(SshRoute{*jump, to.jump, nullptr});
        if (!over)
            return std::unexpected(route->becauseOfJump(over.error()));
        return route;
    }
    void submit(std::shared_ptr<const SshRoute> route, std::unique_ptr<SshCall> call)
    {
        SshWorker &worker = workerFor(*route);
        SshWork work;
        work.route = std::move(route);
        work.call = std::move(call);
        worker.submit(std::move(work));
    }
};

SshPool::SshPool(const KeyTrust &trust, QObject *receiver, const SshOptions &options, Credentials *credentials, JumpHost jumpHost)
    : d(std::make_unique<Private>())
{
    ssh_init();
    prepareProcess();
    d->jumpHost = std::move(jumpHost);
    d->options = options;
    if (!credentials) {
        d->nobody = std::make_unique<Credentials>();
        credentials = d->nobody.get();
    }
    d->outbox = std::make_shared<Outbox>(receiver->thread());
    const int count = options.workers > 0 ? options.workers : std::clamp(QThread::idealThreadCount(), 1, 4);
    SshOptions share = options;
    share.handshakes = std::max(1, options.handshakes / count);
    for (int i = 0; i < count; ++i) {
        auto thread = std::make_unique<LoopThread>(QStringLiteral("ssh-%1").arg(i));
        auto worker = std::make_unique<SshWorker>(trust, *credentials, share, d->open);
        worker->moveToThread(thread->asQThread());
        thread->begin();
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
        thread->join();
    d->workers.clear();
}

void SshPool::exec(const Endpoint &to, ExecRequest request, std::function<void(Result<ExecResult>)> done)
{
    const auto route = d->routeTo(to);
    if (!route)
        return d->outbox->post([done = std::move(done), error = route.error()] { done(std::unexpected(error)); });
    d->submit(*route, std::make_unique<ExecCall>((*route)->to, std::move(request), std::move(done), d->outbox));
}

void SshPool::httpGet(const Endpoint &to, HttpRequest request, std::function<void(Result<HttpResult>)> done)
{
    auto route = d->routeTo(to);
    if (route && (!addressForm.match(request.address).hasMatch() || request.port < 1 || request.port > 65535
                     || request.path.contains(u'\r') || request.path.contains(u'\n') || request.path.contains(u' ')))
        route = fail(ErrorCode::BadValue, {QStringLiteral("http address"), request.address + request.path, QStringLiteral("a host name or an IP address, a port and a path")});
    if (!route)
        return d->outbox->post([done = std::move(done), error = route.error()] { done(std::unexpected(error)); });
    d->submit(*route, std::make_unique<HttpCall>((*route)->to, std::move(request), std::move(done), d->outbox));
}

void SshPool::scanKey(const Endpoint &to, std::function<void(Result<HostKey>)> done)
{
    const auto route = d->routeTo(to);
    if (!route)
        return d->outbox->post([done = std::move(done), error = route.error()] { done(std::unexpected(error)); });
    auto looksOnly = std::make_shared<SshRoute>(**route);
    looksOnly->mayAskAgent = false; // nobody logs in
    SshWork work;
    work.kind = SshWork::Kind::Scan;
    work.route = std::move(looksOnly);
    work.scan = [outbox = d->outbox, done = std::move(done)](const Result<HostKey> &key) {
        outbox->post([done, key] { done(key); });
    };
    SshWorker &worker = d->workerFor(**route);
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
