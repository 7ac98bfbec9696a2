#include "ssh/sshlogin.h"

#include "domain/certificate.h"

#include <QDateTime>
#include <QRegularExpression>

namespace bellwether {

namespace {

constexpr int mostPrompts = 8;

// A host's words as a person may see them: printable, one line, bounded.
QString plain(const char *text, int limit)
{
    QString line = QString::fromUtf8(text ? text : "").left(limit * 2).simplified().left(limit);
    for (QChar &c : line) {
        if (!c.isPrint() && !c.isSurrogate())
            c = u'?';
    }
    return line;
}

bool asksForPassword(const QString &prompt)
{
    static const QRegularExpression password(QStringLiteral("password"), QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression other(QStringLiteral("one[- ]?time|otp|new|token|code|again|retype"), QRegularExpression::CaseInsensitiveOption);
    return password.match(prompt).hasMatch() && !other.match(prompt).hasMatch();
}

bool isAgent(const QString &identity)
{
    return identity == QLatin1String("agent") || identity.startsWith(QLatin1String("agent:"));
}

// The one a key is used with, nothing when it has none. A certificate that cannot be used stops the key: alone it would
// only be refused, and nobody would know why.
Result<std::optional<UserCertificate>> usableCertificate(const QString &keyPath, const Endpoint &to)
{
    const QString path = certificatePath(keyPath, to.certificate);
    auto certificate = readCertificate(path);
    if (!certificate)
        return certificate;
    if (!*certificate && to.certificate)
        return fail(ErrorCode::KeyUnusable, {path, QStringLiteral("the certificate is not there")});
    const QString problem = *certificate ? (*certificate)->problemAt(QDateTime::currentMSecsSinceEpoch(), to.user) : QString();
    if (!problem.isEmpty())
        return fail(ErrorCode::KeyUnusable, {path, problem});
    return certificate;
}

} // namespace

SshLogin::SshLogin(const Endpoint &to, KeyRing &keys, Credentials &credentials, const SshOptions &options, Hooks hooks)
    : m_to(to)
    , m_keys(keys)
    , m_credentials(credentials)
    , m_options(options)
    , m_hooks(std::move(hooks))
{
}

SshLogin::~SshLogin()
{
    if (m_asking)
        m_credentials.withdraw(m_ticket);
    verdict(Credentials::Verdict::Untried);
}

void SshLogin::begin()
{
    m_listed = m_partly = m_online = m_questioned = false;
    m_agent.reset();
    if (std::exchange(m_resumed, false))
        return; // only what the answer was for
    m_methods.clear();
    const bool byDefault = m_to.identity.isEmpty();
    std::deque<Method> locked;
    const QStringList files = byDefault ? KeyRing::defaults(m_options.keyFolder)
        : isAgent(m_to.identity) || m_to.identity == QLatin1String("password") ? QStringList() : QStringList(m_to.identity);
    for (const QString &path : files) {
        auto file = m_keys.load(path);
        if (!file) {
            const bool agent = !byDefault && qEnvironmentVariableIsSet("SSH_AUTH_SOCK");
            if (const QString known = agent ? KeyRing::onlyForAgent(path) : QString(); !known.isEmpty())
                locked.push_back({Kind::Agent, {}, nullptr, known});
            else if (!m_keyError)
                m_keyError = file.error();
            continue;
        }
        const auto certificate = usableCertificate(file->path, m_to);
        if (!certificate) {
            if (!m_keyError)
                m_keyError = certificate.error();
            continue;
        }
        const SharedKey key = file->key ? file->key : m_credentials.opened(*file);
        if (key) {
            addKey(*file, key);
            continue;
        }
        if (const QString known = fingerprintOf(file->publicHalf.get()); !byDefault && !known.isEmpty() && qEnvironmentVariableIsSet("SSH_AUTH_SOCK"))
            locked.push_back({Kind::Agent, *file, nullptr, known});
        if (*certificate)
            file->publicHalf = KeyRing::certificateAlone((*certificate)->path);
        locked.push_back({Kind::Locked, *file, nullptr});
    }
    const bool oneOfTheAgent = m_to.identity.startsWith(QLatin1String("agent:")); // says itself that there is none
    if (oneOfTheAgent || ((byDefault || isAgent(m_to.identity)) && qEnvironmentVariableIsSet("SSH_AUTH_SOCK")))
        m_methods.push_back({Kind::Agent, {}, nullptr, oneOfTheAgent ? m_to.identity.mid(6) : QString()});
    for (const Method &method : locked)
        m_methods.push_back(method);
    if (m_to.identity == QLatin1String("password") || (byDefault && m_credentials.canAsk()))
        m_methods.push_back({Kind::Password, {}, nullptr});
}

void SshLogin::addKey(const KeyFile &file, const SharedKey &key)
{
    const auto certificate = usableCertificate(file.path, m_to);
    const auto both = !certificate ? Result<SharedKey>(std::unexpected(certificate.error()))
        : *certificate             ? KeyRing::certified(key, (*certificate)->path)
                                   : Result<SharedKey>(key);
    if (both)
        m_methods.push_back({Kind::Key, file, *both});
    else if (!m_keyError)
        m_keyError = both.error();
}

std::optional<Error> SshLogin::problemBefore(const Endpoint &to)
{
    if (to.identity.isEmpty() || isAgent(to.identity) || to.identity == QLatin1String("password"))
        return std::nullopt;
    const auto certificate = usableCertificate(to.identity, to);
    return certificate ? std::nullopt : std::optional(certificate.error());
}

SshLogin::Outcome SshLogin::advance(ssh_session ssh, const std::function<bool()> &isReadable)
{
    for (int turn = 0; turn < 64; ++turn) {
        if (m_asking)
            return m_online ? Outcome::AskedOnline : Outcome::AskedOffline;
        if (m_failed)
            return Outcome::Failed;
        if (m_methods.empty())
            return exhausted(ssh);
        const std::optional<int> answer = std::exchange(m_questioned, false) ? int(SSH_AUTH_INFO) : attempt(ssh);
        if (!answer)
            return Outcome::AsksAgent;
        int rc = *answer;
        if (rc == SSH_AUTH_AGAIN && !ssh_is_connected(ssh))
            rc = SSH_AUTH_ERROR; // libssh goes on waiting for a host that has closed
        if (rc == SSH_AUTH_AGAIN) {
            if (!isReadable())
                return Outcome::Waiting;
            continue;
        }
        if (rc == SSH_AUTH_SUCCESS && m_methods.front().kind != Kind::Locked) {
            verdict(Credentials::Verdict::Accepted);
            m_agent.reset();
            return Outcome::In;
        }
        switch (judge(ssh, rc)) {
        case Step::Again:
        case Step::Asked:
            break;
        case Step::Next:
            if (!m_methods.empty())
                m_methods.pop_front();
            break;
        case Step::Failed:
            return Outcome::Failed;
        }
    }
    return Outcome::Waiting;
}

std::optional<int> SshLogin::attempt(ssh_session ssh)
{
    const Method &method = m_methods.front();
    switch (method.kind) {
    case Kind::Key:
        return ssh_userauth_publickey(ssh, nullptr, method.key.get());
    case Kind::Locked: // would it be let in? Nobody is asked for a passphrase in vain
        return method.file.publicHalf ? ssh_userauth_try_publickey(ssh, nullptr, method.file.publicHalf.get()) : int(SSH_AUTH_SUCCESS);
    case Kind::Agent:
        return m_agent ? m_agent->takeAnswer() : std::nullopt;
    case Kind::Password:
        if (!m_listed)
            return ssh_userauth_none(ssh, nullptr);
        return m_password ? (m_passwordSent = true, ssh_userauth_password(ssh, nullptr, m_password->c_str())) : int(SSH_AUTH_DENIED);
    case Kind::Interactive:
        return ssh_userauth_kbdint(ssh, nullptr, nullptr);
    }
    return SSH_AUTH_ERROR;
}

SshLogin::Step SshLogin::judge(ssh_session ssh, int rc)
{
    const Kind kind = m_methods.front().kind;
    if (rc == SSH_AUTH_SUCCESS) // kind is Locked
        return askForKey();
    if (rc == SSH_AUTH_INFO)
        return interact(ssh);
    if (rc == SSH_AUTH_PARTIAL) {
        verdict(Credentials::Verdict::Accepted);
        m_password.reset();
        m_agent.reset();
        m_partly = m_listed = true;
        m_methods.assign(1, {Kind::Password, {}, nullptr});
        return choosePassword(ssh);
    }
    if (rc == SSH_AUTH_ERROR && !ssh_is_connected(ssh)) {
        const QString reason = QString::fromUtf8(ssh_get_error(ssh));
        const bool sent = m_passwordSent;
        const auto ofAgent = kind == Kind::Agent ? m_agent->problem() : std::nullopt;
        const bool saidNo = ssh_userauth_list(ssh, nullptr) != 0; // to a key of the agent: libssh tries them all by itself
        verdict(sent ? Credentials::Verdict::Rejected : Credentials::Verdict::Untried);
        if (sent || m_denied > 0 || reason.contains(QLatin1String("authentication failures")))
            fail(authFailed(ssh));
        else if (ofAgent)
            fail(*ofAgent);
        else if (kind == Kind::Agent && saidNo)
            fail(authFailed(ssh));
        else
            fail({ErrorCode::ConnectionLost, {m_to.machine(), reason}, {}, nullptr});
        return Step::Failed;
    }
    if (kind == Kind::Password && !m_listed) {
        m_listed = true;
        return choosePassword(ssh);
    }
    if (kind == Kind::Agent) {
        if (const auto problem = std::exchange(m_agent, nullptr)->problem()) { // its own, and not that the host said no
            if (m_methods.front().file.path.isEmpty() && !m_keyError) // else its passphrase is the other way
                m_keyError = problem;
            return Step::Next;
        }
    }
    verdict(m_passwordSent ? Credentials::Verdict::Rejected : Credentials::Verdict::Untried);
    ++m_denied;
    return Step::Next;
}

// The host has said what it accepts. Its own questions come first: they may be more than a password.
SshLogin::Step SshLogin::choosePassword(ssh_session ssh)
{
    const int list = ssh_userauth_list(ssh, nullptr);
    if (list & SSH_AUTH_METHOD_INTERACTIVE) {
        m_methods.front().kind = Kind::Interactive;
        return Step::Again;
    }
    if (list & SSH_AUTH_METHOD_PASSWORD)
        return m_password ? Step::Again : askForPassword();
    ++m_denied;
    return Step::Next;
}

SshLogin::Step SshLogin::askForKey()
{
    m_asking = m_resumed = true;
    m_online = false;
    const KeyFile file = m_methods.front().file;
    m_ticket = m_credentials.openKey(file, m_to.machine(), answered<void>([file](SshLogin &self, const Status &opened) {
        if (!opened) {
            self.fail(opened.error());
            return;
        }
        self.m_methods.clear();
        if (const SharedKey key = self.m_credentials.opened(file))
            self.addKey(file, key);
    }));
    return Step::Asked;
}

SshLogin::Step SshLogin::askForPassword()
{
    if (const auto known = m_credentials.ready(m_to.user, m_to.machine())) {
        m_password = known;
        return Step::Again;
    }
    m_asking = true;
    m_online = m_partly; // the first factor would have to be given again
    m_resumed = !m_online;
    m_ticket = m_credentials.password(m_to.user, m_to.machine(), answered<Secret>([](SshLogin &self, const Result<Secret> &given) {
        if (!given) {
            self.fail(given.error());
            return;
        }
        self.m_password = *given;
        if (!self.m_online)
            self.m_methods.assign(1, {Kind::Password, {}, nullptr});
    }));
    return Step::Asked;
}

// keyboard-interactive: the host's prompts as plain text. A single hidden "Password:" is the password everybody knows.
SshLogin::Step SshLogin::interact(ssh_session ssh)
{
    const int count = ssh_userauth_kbdint_getnprompts(ssh);
    if (count > mostPrompts) {
        fail({ErrorCode::AuthFailed, {m_to.machine(), m_to.user, QStringLiteral("keyboard-interactive with %1 questions").arg(count)}, {}, nullptr});
        return Step::Failed;
    }
    if (m_answers) {
        for (int i = 0; i < count; ++i)
            ssh_userauth_kbdint_setanswer(ssh, static_cast<unsigned>(i), m_answers->value(i).c_str());
        m_answers.reset();
        return Step::Again;
    }
    QList<CredentialQuestion::Prompt> prompts;
    for (int i = 0; i < count; ++i) {
        char echo = 0;
        const QString text = plain(ssh_userauth_kbdint_getprompt(ssh, static_cast<unsigned>(i), &echo), 200);
        prompts.append({text, echo != 0});
    }
    if (count == 0)
        return Step::Again; // only words; the empty answer is due
    if (count == 1 && !prompts.first().echo && asksForPassword(prompts.first().text) && !m_passwordSent) {
        if (!m_password) {
            const Step step = askForPassword();
            m_questioned = step == Step::Asked && m_online;
            if (step != Step::Again)
                return step;
        }
        ssh_userauth_kbdint_setanswer(ssh, 0, m_password->c_str());
        m_passwordSent = true;
        return Step::Again;
    }
    verdict(Credentials::Verdict::Untried); // whether the password was right cannot be told from here on
    m_asking = m_online = m_questioned = true;
    QString words = plain(ssh_userauth_kbdint_getname(ssh), 200);
    const QString more = plain(ssh_userauth_kbdint_getinstruction(ssh), 600);
    words += (words.isEmpty() || more.isEmpty() ? QString() : QStringLiteral(": ")) + more;
    m_ticket = m_credentials.prompts(m_to.user, m_to.machine(), words, prompts, answered<QList<Secret>>([](SshLogin &self, const Result<QList<Secret>> &given) {
        if (given)
            self.m_answers = *given;
        else
            self.fail(given.error());
    }));
    return Step::Asked;
}

void SshLogin::askAgent(ssh_session ssh)
{
    if (!m_agent) {
        // Only looks for this login when the session's thread has it again: no other may be the one to end it.
        m_agent = std::make_unique<AgentCall>(m_methods.front().agentKey, m_options, [weak = weak_from_this(), post = m_hooks.post] {
            post([weak] {
                if (const auto self = weak.lock())
                    self->m_hooks.returned();
            });
        });
    }
    m_agent->ask(ssh);
}

void SshLogin::leaveAgent()
{
    m_agent.reset();
}

void SshLogin::verdict(Credentials::Verdict verdict)
{
    if (m_password)
        m_credentials.judged(m_to.user, m_to.machine(), verdict);
    m_password.reset();
    m_passwordSent = false;
}

SshLogin::Outcome SshLogin::exhausted(ssh_session ssh)
{
    if (m_denied > 0)
        return fail(authFailed(ssh));
    if (m_keyError)
        return fail(*m_keyError);
    return fail({ErrorCode::KeyUnusable,
                 {m_to.identity.isEmpty() ? QStringLiteral("~/.ssh/id_*") : m_to.identity,
                  m_to.identity == QLatin1String("agent") ? QStringLiteral("no agent is running (SSH_AUTH_SOCK is not set)")
                                                           : QStringLiteral("there is no key and no agent")}, {}, nullptr});
}

Error SshLogin::authFailed(ssh_session ssh) const
{
    QStringList names;
    const int list = ssh_userauth_list(ssh, nullptr);
    for (const auto &[bit, name] : {std::pair{SSH_AUTH_METHOD_PUBLICKEY, "publickey"}, {SSH_AUTH_METHOD_PASSWORD, "password"},
                                    {SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive"}, {SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi"},
                                    {SSH_AUTH_METHOD_HOSTBASED, "hostbased"}}) {
        if (list & bit)
            names.append(QLatin1String(name));
    }
    return {ErrorCode::AuthFailed, {m_to.machine(), m_to.user, names.join(QLatin1String(", "))}, {}, nullptr};
}

SshLogin::Outcome SshLogin::fail(Error error)
{
    m_error = std::move(error);
    m_failed = true;
    return Outcome::Failed;
}

template<class T, class Take>
std::function<void(Result<T>)> SshLogin::answered(Take take)
{
    return [weak = weak_from_this(), post = m_hooks.post, take, credentials = &m_credentials, to = m_to](Result<T> result) {
        post([weak, take, credentials, to, result = std::move(result)] {
            const auto self = weak.lock();
            if (!self) {
                if constexpr (std::is_same_v<T, Secret>) // others may be waiting for what we would have found out
                    credentials->judged(to.user, to.machine(), Credentials::Verdict::Untried);
                return;
            }
            self->m_asking = false;
            take(*self, result);
            self->m_hooks.resume();
        });
    };
}

} // namespace bellwether
