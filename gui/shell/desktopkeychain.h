#pragma once
// The desktop's keychain (Secret Service or KWallet) by QtKeychain, on a thread of its own: its jobs want an event loop,
// and a locked one shows its owner a prompt for as long as it likes. QtKeychain's plain-text fall-back is never switched
// on (S4): where no service runs there is no keychain, and secrets are asked for each session. One per program: QtKeychain's
// queue belongs to the thread that used it first.
#include "rollout/keychain.h"

#include <QThread>
#include <memory>

namespace bellwether {

class DesktopKeychain final : public Keychain {
public:
    explicit DesktopKeychain(int deadlineMs = 3'000); // of an answer
    ~DesktopKeychain() override;

    QString whyNot() const override;
    void read(const QString &name, std::function<void(std::optional<Secret>)> done) override;
    void write(const QString &name, Secret secret) override;
    void forget(const QString &name) override;
    void forgetAll() override;

private:
    class Worker;
    QThread m_thread;
    Worker *m_worker; // lives on the thread
};

} // namespace bellwether
