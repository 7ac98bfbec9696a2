#pragma once
// Reads, searches and saves the output of steps on a thread of its own; the window's thread only receives finished
// blocks. One service shows one host's log at a time. Files that grow are looked at four times a second.
#include "base/error.h"
#include "base/mailbox.h"
#include "rolloutview/logblocks.h"

#include <QObject>
#include <QThread>
#include <atomic>
#include <memory>
#include <variant>

namespace bellwether {

class LogWorker;

class LogService final : public QObject {
    Q_OBJECT

public:
    static constexpr qint64 keptLines = 2'000'000; // of one part; earlier ones are left out and counted

    explicit LogService(QObject *parent = nullptr);
    ~LogService() override;

    // The parts of a host's log, in their order. Parts already read are kept, so that adding one costs nothing.
    void show(const QList<LogPart> &parts);
    void find(const QString &needle); // any case; empty ends the search. Goes on as the log grows.
    void save(const QString &file, bool all); // atomically, whole lines, marks in place of control characters

    const LogDocument &document() const { return m_document; }
    const QList<LogPlace> &hits() const { return m_hits; }
    bool isSearching() const { return m_searching; }

Q_SIGNALS:
    void documentChanged();
    void hitsChanged();
    void saved(const QString &file);
    void saveFailed(const bellwether::Error &error);

private:
    friend class LogWorker;
    struct PartRead {
        quint64 round = 0;
        int part = 0;
        LogPartLines lines;
    };
    struct Found {
        quint64 search = 0;
        QList<LogPlace> hits;
        bool whole = false; // the search is up to date
    };
    struct Saved {
        QString file;
        std::optional<Error> error;
    };
    using Message = std::variant<PartRead, Found, Saved>;
    void receive();

    LogDocument m_document;
    QList<LogPlace> m_hits;
    quint64 m_round = 0, m_search = 0;
    bool m_searching = false;
    std::shared_ptr<Mailbox<Message>> m_inbox;
    std::unique_ptr<LogWorker> m_worker;
    QThread m_thread;
};

} // namespace bellwether
