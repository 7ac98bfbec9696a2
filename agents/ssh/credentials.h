#pragma once
// What sessions need from a person, asked once for all of them: keys that were opened (the key stays in memory, its
// passphrase does not), passwords of this session. Thread-safe. Answers come on any thread, never under a lock: post.
// A password that is to serve many hosts is tried on one of them first, so that a mistyped one locks nobody out.
#include "base/error.h"
#include "rollout/credentials.h"
#include "rollout/keychain.h"
#include "ssh/keyring.h"

#include <QSet>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

namespace bellwether {

class Credentials final : public CredentialPort {
public:
    explicit Credentials(std::unique_ptr<Keychain> keychain = nullptr);
    ~Credentials() override; // what is still asked is dropped without an answer
    Q_DISABLE_COPY_MOVE(Credentials)

    // -- for sessions
    using Ticket = quint64;
    SharedKey opened(const KeyFile &file) const; // null: locked
    // Afterwards opened() has it. CredentialNeeded, KeyUnusable.
    Ticket openKey(const KeyFile &file, const QString &machine, std::function<void(Status)> done);
    // A user's password, or the one that sudo wants. Whoever was given it says what became of it (judged). `problem`: why
    // it is asked again. CredentialNeeded.
    Ticket password(const QString &user, const QString &machine, std::function<void(Result<Secret>)> done,
                    CredentialKind kind = CredentialKind::Password, const QString &problem = {});
    // What is in memory and may be tried now, without asking anybody.
    std::optional<Secret> ready(const QString &user, const QString &machine);
    enum class Verdict { Accepted, Rejected, Untried };
    void judged(const QString &user, const QString &machine, Verdict verdict, CredentialKind kind = CredentialKind::Password);
    // A host's own questions (keyboard-interactive), for one answer.
    Ticket prompts(const QString &user, const QString &machine, const QString &instruction,
                   const QList<CredentialQuestion::Prompt> &prompts, std::function<void(Result<QList<Secret>>)> done);
    void withdraw(Ticket ticket); // nobody waits for it any more; a `done` that is just being called is not held up
    bool canAsk() const;

    // A person wants something of hosts: what was refused may be asked again, what was held back may be tried again.
    void personAsked();
    int round() const { return m_round.load(std::memory_order_relaxed); } // grows with each personAsked

    // -- for people
    QList<CredentialQuestion> questions() const override;
    void answer(qint64 id, CredentialAnswer answer) override;
    void refuse(qint64 id) override;
    QString cannotKeep() const override;
    void forgetKept() override;
    void listen(std::function<void()> changed) override;

private:
    struct Waiter {
        Ticket ticket = 0;
        QString machine;
        std::function<void(Result<QList<Secret>>)> done;
    };
    struct Open {
        CredentialQuestion question;
        QString key; // what it is about; empty: only this once
        KeyFile file;
        std::vector<Waiter> waiters;
        bool looking = false; // in the keychain, before a person is asked
        bool held = false;    // another host tries the password
        bool isVisible() const { return !looking && !held; }
    };
    struct Held { // a password, and for all machines it was given for
        Secret value;
        bool proven = false, keep = false;
        QString tester;       // machine that tries it now
        bool fromKeychain = false;
    };
    struct OpenedKey {
        qint64 modified = 0, size = 0;
        SharedKey key;
    };
    struct Trial {
        qint64 id = 0;
        KeyFile file;
        Secret passphrase;
        bool keep = false, fromKeychain = false;
    };
    using Work = std::vector<std::function<void()>>; // what is done once the lock is open

    // All of these with the lock held.
    Ticket ask(Open open, Waiter waiter, Work &work);
    void show(qint64 id, Work &work); // to the person; refused when there is none
    void found(qint64 id, const std::optional<Secret> &secret, Work &work);
    void give(qint64 id, const QList<Secret> &values, Work &work);
    void deny(qint64 id, const QString &why, Work &work);
    void settle(CredentialKind kind, const QString &user, const QString &problem, Work &work);
    std::optional<Secret> readyNow(CredentialKind kind, const QString &user, const QString &machine);
    std::shared_ptr<Held> heldFor(CredentialKind kind, const QString &user, const QString &machine);
    std::vector<qint64> openOf(CredentialKind kind, const QString &user) const;
    void tellListener(Work &work) const;

    void tryPassphrases(); // the trier's thread
    void tried(Trial trial, const SharedKey &key);

    std::unique_ptr<Keychain> m_keychain;
    mutable std::mutex m_mutex;
    std::map<qint64, Open> m_open;
    std::map<QString, std::shared_ptr<Held>> m_held; // by "password user@machine" or "password user@*", or "sudo …"
    std::map<QString, OpenedKey> m_keys; // by path
    QSet<QString> m_refused;
    QSet<QString> m_odd;     // machines whose password is not the one of all others
    QSet<QString> m_written; // into the keychain
    std::function<void()> m_changed;
    quint64 m_tickets = 0;
    qint64 m_ids = 0;
    std::atomic<int> m_round{0};
    bool m_stopping = false;
    std::vector<Trial> m_trials;
    std::condition_variable m_moreTrials;
    std::thread m_trier; // a key derivation takes as long as its owner chose: never on a thread of sessions
};

} // namespace bellwether
