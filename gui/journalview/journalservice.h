#pragma once
// Reads the journal for History on a thread of its own: events of a rollout, the state folded to a moment, verification
// and reports. The window's thread asks and receives finished values.
#include "base/mailbox.h"
#include "journal/journal.h"
#include "report/auditreport.h"

#include <QObject>
#include <QThread>
#include <memory>
#include <variant>

namespace bellwether {

class JournalWorker;

// What this layer cannot make by itself; called on the service's thread; empty functions mean it is not offered.
struct ReportMakers {
    std::function<Result<QByteArray>(const AuditReport &)> pdf;
    std::function<Status(const QString &file, const QString &key)> sign; // writes FILE.sig
};

class JournalService final : public QObject {
    Q_OBJECT

public:
    using Events = std::shared_ptr<const QList<Event>>;
    struct Export {
        int rollout = 0;
        ReportFormat format = ReportFormat::Html;
        QString file, key;
    };
    struct Exported {
        Export wish;
        QString sha256;
    };

    explicit JournalService(QObject *parent = nullptr);
    ~JournalService() override;
    void setMakers(const ReportMakers &makers) { m_makers = makers; }
    const ReportMakers &makers() const { return m_makers; }

    void load(const QString &dataFolder, int rollout); // again when there may be more
    void foldTo(int rollout, qint64 seq);              // only the newest wish is carried out
    void verify(const QString &dataFolder);
    void exportReport(const QString &dataFolder, const Export &wish);

    const Events &events() const { return m_events; }
    int rollout() const { return m_rollout; }

Q_SIGNALS:
    void loaded();
    void folded(std::shared_ptr<const bellwether::RolloutSnapshot> snapshot, qint64 seq);
    void verified(const bellwether::JournalCheck &check);
    void exported(const bellwether::JournalService::Exported &report);
    void failed(const bellwether::Error &error);

private:
    friend class JournalWorker;
    struct Loaded {
        int rollout = 0;
        Events events;
    };
    struct Folded {
        quint64 wish = 0;
        qint64 seq = 0;
        std::shared_ptr<const RolloutSnapshot> snapshot;
    };
    using Message = std::variant<Loaded, Folded, JournalCheck, Exported, Error>;
    void receive();

    ReportMakers m_makers;
    Events m_events = std::make_shared<const QList<Event>>();
    int m_rollout = 0;
    quint64 m_wish = 0;
    std::shared_ptr<Mailbox<Message>> m_inbox;
    std::unique_ptr<JournalWorker> m_worker;
    QThread m_thread;
};

} // namespace bellwether
