#pragma once
#include "journalview/journalservice.h"

#include <atomic>

namespace bellwether {

class JournalWorker final : public QObject {
    Q_OBJECT

public:
    struct Load {
        QString dataFolder;
        int rollout = 0;
    };
    struct Fold {
        int rollout = 0;
        qint64 seq = 0;
        quint64 wish = 0;
    };
    struct Verify {
        QString dataFolder;
    };
    struct Report {
        QString dataFolder;
        JournalService::Export wish;
        ReportMakers makers;
    };
    using Command = std::variant<Load, Fold, Verify, Report>;

    explicit JournalWorker(std::shared_ptr<Mailbox<JournalService::Message>> results);
    void command(Command command); // any thread
    void want(quint64 wish) { m_wanted.store(wish); }
    void stop() { m_reader.reset(); }

private:
    void work();
    JournalReader *reader(const QString &dataFolder);
    void load(const Load &load);
    void forget();
    QList<Event> shown() const;
    void fold(const Fold &fold);
    void verify(const Verify &verify);
    void report(const Report &report);
    void write(const JournalService::Export &wish, const QByteArray &bytes, const std::function<Status(const QString &, const QString &)> &sign);

    std::shared_ptr<Mailbox<JournalService::Message>> m_results;
    Mailbox<Command> m_commands;
    std::atomic<quint64> m_wanted{0};
    std::unique_ptr<JournalReader> m_reader;
    QString m_folder;
    int m_rollout = 0;
    QList<Event> m_events; // of the rollout, and those that concern every one since it was begun
    RolloutState m_newest; // folded from them
    qint64 m_readTo = 0;
};

} // namespace bellwether
