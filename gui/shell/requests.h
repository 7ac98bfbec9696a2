#pragma once
// Sends requests to the console and brings each answer back to the GUI thread, exactly once, unless the asker is gone.
#include "rollout/console.h"

#include <QObject>
#include <memory>

namespace bellwether {

class Requests final : public QObject {
    Q_OBJECT

public:
    explicit Requests(ConsolePort &console, QObject *parent = nullptr);
    ~Requests() override;
    void setActor(const QString &name) { m_actor = name; }
    QString actor() const { return m_actor; }
    ConsolePort &console() const { return m_console; }

    // `done` runs on the GUI thread; dropped when `context` was destroyed meanwhile.
    void send(const QString &verb, const QJsonObject &args, QObject *context, std::function<void(const Reply &)> done);

protected:
    bool event(QEvent *event) override;

private:
    struct Shared;
    ConsolePort &m_console;
    std::shared_ptr<Shared> m_shared;
    QString m_actor;
};

} // namespace bellwether
