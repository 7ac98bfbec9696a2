#include "ssh/credentials.h"

#include "logging/redactor.h"

#include <QFile>

namespace bellwether {

namespace {

QString passwordKey(CredentialKind kind, const QString &user, const QString &machine)
{
    return (kind == CredentialKind::Sudo ? QStringLiteral("sudo ") : QStringLiteral("password ")) + user + u'@' + machine;
}

bool isPassword(CredentialKind kind)
{
    return kind == CredentialKind::Password || kind == CredentialKind::Sudo;
}

QString passphraseKey(const QString &path)
{
    return QStringLiteral("passphrase ") + path;
}

QString whatOf(const CredentialQuestion &question)
{
    switch (question.kind) {
    case CredentialKind::Passphrase:
        return QStringLiteral("the passphrase of %1").arg(question.subject);
    case CredentialKind::Password:
        return QStringLiteral("the password of %1").arg(question.user);
    case CredentialKind::Prompts:
        return QStringLiteral("an answer to what it asks %1").arg(question.user);
    case CredentialKind::Sudo:
        return QStringLiteral("the password of %1 for sudo").arg(question.user);
    }
    return {};
}

QString nobody(CredentialKind kind)
{
    switch (kind) {
    case CredentialKind::Passphrase:
        return QStringLiteral("there is nobody to ask here; load the key into ssh-agent and use identity agent, use a key without a passphrase, "
                              "or run this in a terminal or in the console's window");
    case CredentialKind::Password:
    case CredentialKind::Prompts:
        return QStringLiteral("there is nobody to ask here; use a key, or run this in a terminal or in the console's window");
    case CredentialKind::Sudo:
        return QStringLiteral("there is nobody to ask here; let sudo run the commands without one (sudo: nopassword), or run this in a "
                              "terminal or in the console's window");
    }
    return {};
}

} // namespace

Credentials::Credentials(std::unique_ptr<Keychain> keychain)
    : m_keychain(std::move(keychain))
    , m_trier([this] { tryPassphrases(); })
{
}

Credentials::~Credentials()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_stopping = true;
        m_changed = {};
    }
    m_moreTrials.notify_all();
    m_trier.join();
    m_keychain.reset(); // its answers still lead here
}

SharedKey Credentials::opened(const KeyFile &file) const
{
    const std::scoped_lock lock(m_mutex);
    const auto it = m_keys.find(file.path);
    return it != m_keys.end() && it->second.modified == file.modified && it->second.size == file.size ? it->second.key : nullptr;
}

Credentials::Ticket Credentials::openKey(const KeyFile &file, const QString &machine, std::function<void(Status)> done)
{
    if (opened(file)) {
        done({});
        return 0;
    }
    Open open;
    open.key = passphraseKey(file.path);
    open.file = file;
    open.question.kind = CredentialKind::Passphrase;
    open.question.subject = file.path;
    open.question.prompts = {{QStringLiteral("Passphrase"), false}};
    Work work;
    Ticket ticket = 0;
    {
        const std::scoped_lock lock(m_mutex);
        ticket = ask(std::move(open), {0, machine, [done = std::move(done)](const Result<QList<Secret>> &given) {
                                           if (given)
                                               done({});
                                           else
                                               done(std::unexpected(given.error()));
                                       }}, work);
    }
    for (const auto &one : work)
        one();
    return ticket;
}

Credentials::Ticket Credentials::password(const QString &user, const QString &machine,
                                          std::function<void(Result<Secret>)> done, CredentialKind kind, const QString &problem)
{
    Open open;
    open.key = passwordKey(kind, user, machine);
    open.question.kind = kind;
    open.question.problem = problem;
    open.question.user = user;
    open.question.subject = user + u'@' + machine;
    open.question.prompts = {{QStringLiteral("Password"), false}};
    open.question.forAll = true;
    Work work;
    Ticket ticket = 0;
    {
        const std::scoped_lock lock(m_mutex);
        const auto value = readyNow(kind, user, machine);
        if (value)
            work.push_back([done = std::move(done), value = *value] { done(value); });
        else
            open.held = heldFor(kind, user, machine) != nullptr;
        if (!value)
            ticket = ask(std::move(open), {0, machine, [done = std::move(done)](const Result<QList<Secret>> &given) {
                                               if (given)
                                                   done(given->value(0));
                                               else
                                                   done(std::unexpected(given.error()));
                                           }}, work);
    }
    for (const auto &one : work)
        one();
    return ticket;
}

std::optional<Secret> Credentials::ready(const QString &user, const QString &machine)
{
    const std::scoped_lock lock(m_mutex);
    return readyNow(CredentialKind::Password, user, machine);
}

std::optional<Secret> Credentials::readyNow(CredentialKind kind, const QString &user, const QString &machine)
{
    const auto held = heldFor(kind, user, machine);
    if (!held || (!held->proven && !held->tester.isEmpty()))
        return std::nullopt;
    if (!held->proven)
        held->tester = machine;
    return held->value;
}

void Credentials::judged(const QString &user, const QString &machine, Verdict verdict, CredentialKind kind)
{
    Work work;
    {
        const std::scoped_lock lock(m_mutex);
        const auto held = heldFor(kind, user, machine);
        if (!held)
            return;
        QString problem;
        const QString own = passwordKey(kind, user, machine);
        if (verdict == Verdict::Rejected) {
            if (held->fromKeychain && m_keychain)
                work.push_back([chain = m_keychain.get(), own] { chain->forget(own); });
            problem = QStringLiteral("%1 did not accept that password.").arg(machine);
            const bool servesOthers = std::ranges::any_of(m_held, [&](const auto &one) { return one.second == held && one.first != own; });
            if (held->proven && servesOthers) {
                m_odd.insert(own); // what has served others stays theirs; this machine wants another
                m_held.erase(own);
            } else {
                std::erase_if(m_held, [&](const auto &one) { return one.second == held; });
            }
        } else {
            if (held->tester == machine)
                held->tester.clear();
            if (verdict == Verdict::Accepted) {
                held->proven = true;
                if (held->keep && m_keychain && !m_written.contains(own)) {
                    m_written.insert(own);
                    work.push_back([chain = m_keychain.get(), own, value = held->value] { chain->write(own, value); });
                }
            }
        }
        settle(kind, user, problem, work);
    }
    for (const auto &one : work)
        one();
}

Credentials::Ticket Credentials::prompts(const QString &user, const QString &machine, const QString &instruction,
                                         const QList<CredentialQuestion::Prompt> &prompts,
                                         std::function<void(Result<QList<Secret>>)> done)
{
    Open open;
    open.question.kind = CredentialKind::Prompts;
    open.question.user = user;
    open.question.subject = user + u'@' + machine;
    open.question.instruction = instruction;
    open.question.prompts = prompts;
    Work work;
    Ticket ticket = 0;
    {
        const std::scoped_lock lock(m_mutex);
        ticket = ask(std::move(open), {0, machine, std::move(done)}, work);
    }
    for (const auto &one : work)
        one();
    return ticket;
}

void Credentials::withdraw(Ticket ticket)
{
    Work work;
    {
        const std::scoped_lock lock(m_mutex);
        for (auto it = m_open.begin(); it != m_open.end(); ++it) {
            auto &waiters = it->second.waiters;
            const auto mine = std::ranges::find(waiters, ticket, &Waiter::ticket);
            if (mine == waiters.end())
                continue;
            it->second.question.machines.removeOne(mine->machine);
            waiters.erase(mine);
            if (waiters.empty())
                m_open.erase(it);
            tellListener(work);
            break;
        }
    }
    for (const auto &one : work)
        one();
}

bool Credentials::canAsk() const
{
    const std::scoped_lock lock(m_mutex);
    return m_changed != nullptr;
}

void Credentials::personAsked()
{
    const std::scoped_lock lock(m_mutex);
    m_refused.clear();
    m_round.fetch_add(1, std::memory_order_relaxed);
}

QList<CredentialQuestion> Credentials::questions() const
{
    const std::scoped_lock lock(m_mutex);
    QList<CredentialQuestion> all;
    for (const auto &[id, open] : m_open) {
        if (!open.isVisible())
            continue;
        // Of one user's passwords one at a time, with all who wait for one.
        const auto same = std::ranges::find_if(all, [&open = open](const CredentialQuestion &other) {
            return isPassword(other.kind) && open.question.kind == other.kind && other.user == open.question.user;
        });
        if (same == all.end())
            all.append(open.question);
        else
            same->machines += open.question.machines;
    }
    return all;
}

void Credentials::answer(qint64 id, CredentialAnswer answer)
{
    for (const Secret &value : std::as_const(answer.values))
        processRedactor().add(value.copy());
    Work work;
    {
        const std::scoped_lock lock(m_mutex);
        const auto it = m_open.find(id);
        if (it == m_open.end() || it->second.question.busy || answer.values.size() < it->second.question.prompts.size())
            return;
        Open &open = it->second;
        const CredentialQuestion question = open.question;
        switch (question.kind) {
        case CredentialKind::Passphrase:
            open.question.busy = true;
            m_trials.push_back({id, open.file, answer.values.first(), answer.keep, false});
            m_moreTrials.notify_one();
            tellListener(work);
            break;
        case CredentialKind::Password:
        case CredentialKind::Sudo: {
            const QString machine = question.machines.value(0);
            const auto given = std::make_shared<Held>(Held{answer.values.first(), false, answer.keep, machine, false});
            const QStringList named = QStringList(machine) + answer.machines;
            m_held[passwordKey(question.kind, question.user, answer.forAll ? QStringLiteral("*") : machine)] = given;
            for (const QString &one : named) {
                const QString own = passwordKey(question.kind, question.user, one);
                if (answer.forAll)
                    m_odd.remove(own); // it refused another one
                else
                    m_held.try_emplace(own, given);
            }
            give(id, answer.values, work);
            for (const qint64 other : openOf(question.kind, question.user)) {
                if (answer.forAll || named.contains(m_open[other].question.machines.value(0)))
                    m_open[other].held = true;
            }
            break;
        }
        case CredentialKind::Prompts:
            give(id, answer.values, work);
            break;
        }
    }
    for (const auto &one : work)
        one();
}

void Credentials::refuse(qint64 id)
{
    Work work;
    {
        const std::scoped_lock lock(m_mutex);
        const auto it = m_open.find(id);
        if (it == m_open.end() || it->second.question.busy)
            return;
        std::vector<qint64> all{id};
        if (isPassword(it->second.question.kind))
            all = openOf(it->second.question.kind, it->second.question.user);
        for (const qint64 one : all) {
            if (!m_open[one].key.isEmpty())
                m_refused.insert(m_open[one].key);
            deny(one, QStringLiteral("it was not given"), work);
        }
    }
    for (const auto &one : work)
        one();
}

QString Credentials::cannotKeep() const
{
    return m_keychain ? m_keychain->whyNot() : CredentialPort::cannotKeep();
}

void Credentials::forgetKept()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_written.clear();
        for (const auto &[key, held] : m_held)
            held->keep = false;
    }
    if (m_keychain)
        m_keychain->forgetAll();
}

void Credentials::listen(std::function<void()> changed)
{
    Work work;
    {
        const std::scoped_lock lock(m_mutex);
        m_changed = std::move(changed);
        std::vector<qint64> visible;
        for (const auto &[id, open] : m_open) {
            if (open.isVisible() && !open.question.busy)
                visible.push_back(id);
        }
        for (const qint64 id : visible)
            show(id, work);
    }
    for (const auto &one : work)
        one();
}

Credentials::Ticket Credentials::ask(Open open, Waiter waiter, Work &work)
{
    const Ticket ticket = waiter.ticket = ++m_tickets;
    if (!open.key.isEmpty()) {
        const auto same = std::ranges::find_if(m_open, [&](const auto &other) { return other.second.key == open.key; });
        if (same != m_open.end()) {
            same->second.question.machines.append(waiter.machine);
            same->second.waiters.push_back(std::move(waiter));
            tellListener(work);
            return ticket;
        }
    }
    const qint64 id = open.question.id = ++m_ids;
    open.question.machines = {waiter.machine};
    open.question.cannotKeep = cannotKeep();
    open.waiters.push_back(std::move(waiter));
    const bool refused = m_refused.contains(open.key);
    const bool kept = !open.key.isEmpty() && !open.held && open.question.cannotKeep.isEmpty();
    Open &stored = m_open.emplace(id, std::move(open)).first->second;
    if (refused) {
        deny(id, QStringLiteral("it was not given"), work);
    } else if (kept) {
        stored.looking = true;
        work.push_back([this, id, chain = m_keychain.get(), name = stored.key] {
            chain->read(name, [this, id](const std::optional<Secret> &secret) {
                Work more;
                {
                    const std::scoped_lock lock(m_mutex);
                    found(id, secret, more);
                }
                for (const auto &one : more)
                    one();
            });
        });
    } else if (!stored.held) {
        show(id, work);
    }
    return ticket;
}

void Credentials::show(qint64 id, Work &work)
{
    if (!m_changed)
        return deny(id, nobody(m_open[id].question.kind), work);
    tellListener(work);
}

void Credentials::found(qint64 id, const std::optional<Secret> &secret, Work &work)
{
    const auto it = m_open.find(id);
    if (it == m_open.end() || m_stopping)
        return;
    Open &open = it->second;
    const bool late = !std::exchange(open.looking, false); // a person has been asked meanwhile
    if (late && (open.question.busy || open.held || open.question.round > 0))
        return;
    if (!secret || secret->isEmpty())
        return late ? void() : show(id, work);
    processRedactor().add(secret->copy());
    if (open.question.kind == CredentialKind::Passphrase) {
        open.question.busy = true;
        m_trials.push_back({id, open.file, *secret, false, true});
        m_moreTrials.notify_one();
        return tellListener(work);
    }
    const QString machine = open.question.machines.value(0);
    m_held[open.key] = std::make_shared<Held>(Held{*secret, false, false, machine, true});
    give(id, {*secret}, work);
}

void Credentials::give(qint64 id, const QList<Secret> &values, Work &work)
{
    for (Waiter &waiter : m_open[id].waiters)
        work.push_back([done = std::move(waiter.done), values] { done(values); });
    m_open.erase(id);
    tellListener(work);
}

void Credentials::deny(qint64 id, const QString &why, Work &work)
{
    Open &open = m_open[id];
    for (Waiter &waiter : open.waiters) {
        const Error error{ErrorCode::CredentialNeeded, {waiter.machine, whatOf(open.question), why}, {}, nullptr};
        work.push_back([done = std::move(waiter.done), error] { done(std::unexpected(error)); });
    }
    m_open.erase(id);
    tellListener(work);
}

void Credentials::settle(CredentialKind kind, const QString &user, const QString &problem, Work &work)
{
    for (const qint64 id : openOf(kind, user)) {
        Open &open = m_open[id];
        if (!open.held)
            continue;
        const QString machine = open.question.machines.value(0);
        if (!heldFor(kind, user, machine)) {
            open.held = false;
            open.question.problem = problem;
            ++open.question.round;
            show(id, work);
        } else if (const auto value = readyNow(kind, user, machine)) {
            give(id, {*value}, work);
        }
    }
}

std::shared_ptr<Credentials::Held> Credentials::heldFor(CredentialKind kind, const QString &user, const QString &machine)
{
    const QString key = passwordKey(kind, user, machine);
    auto found = m_held.find(key);
    if (found == m_held.end() && !m_odd.contains(key))
        found = m_held.find(passwordKey(kind, user, QStringLiteral("*")));
    return found == m_held.end() ? nullptr : found->second;
}

std::vector<qint64> Credentials::openOf(CredentialKind kind, const QString &user) const
{
    std::vector<qint64> ids;
    for (const auto &[id, open] : m_open) {
        if (open.question.kind == kind && open.question.user == user)
            ids.push_back(id);
    }
    return ids;
}

void Credentials::tellListener(Work &work) const
{
    if (m_changed)
        work.push_back(m_changed);
}

void Credentials::tryPassphrases()
{
    std::unique_lock lock(m_mutex);
    while (true) {
        m_moreTrials.wait(lock, [this] { return m_stopping || !m_trials.empty(); });
        if (m_stopping)
            return m_trials.clear();
        Trial trial = std::move(m_trials.front());
        m_trials.erase(m_trials.begin());
        lock.unlock();
        ssh_key key = nullptr;
        // An empty passphrase would let libssh look for one at the terminal.
        if (!trial.passphrase.isEmpty())
            ssh_pki_import_privkey_file(QFile::encodeName(trial.file.path).constData(), trial.passphrase.c_str(), nullptr, nullptr, &key);
        tried(std::move(trial), key ? SharedKey(key, ssh_key_free) : nullptr);
        lock.lock();
    }
}

void Credentials::tried(Trial trial, const SharedKey &key)
{
    Work work;
    {
        const std::scoped_lock lock(m_mutex);
        const QString name = passphraseKey(trial.file.path);
        if (key)
            m_keys[trial.file.path] = {trial.file.modified, trial.file.size, key};
        if (key && trial.keep && m_keychain)
            work.push_back([chain = m_keychain.get(), name, secret = trial.passphrase] { chain->write(name, secret); });
        if (!key && trial.fromKeychain)
            work.push_back([chain = m_keychain.get(), name] { chain->forget(name); });
        const auto it = m_open.find(trial.id);
        if (it != m_open.end() && key) {
            give(trial.id, {}, work);
        } else if (it != m_open.end()) {
            CredentialQuestion &question = it->second.question;
            question.busy = false;
            ++question.round;
            question.problem = trial.fromKeychain ? QStringLiteral("The passphrase in the keychain does not open this key.")
                                                  : QStringLiteral("That passphrase does not open this key.");
            show(trial.id, work);
        }
    }
    for (const auto &one : work)
        one();
}

} // namespace bellwether
