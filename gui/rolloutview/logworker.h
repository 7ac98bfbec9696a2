#pragma once
// The part of LogService that lives on its thread. Commands come through a mailbox; results leave through another.
#include "rolloutview/logservice.h"

#include <QFile>

class QTimer;

namespace bellwether {

class LogWorker final : public QObject {
    Q_OBJECT

public:
    struct Show {
        quint64 round = 0;
        QList<LogPart> parts;
    };
    struct Find {
        quint64 search = 0;
        QString needle;
    };
    struct Save {
        QString file;
        QList<LogPart> parts;
    };
    using Command = std::variant<Show, Find, Save>;

    explicit LogWorker(std::shared_ptr<Mailbox<LogService::Message>> results);
    void command(Command command); // any thread
    void cancelSearch(quint64 search) { m_wanted.store(search); } // any thread; a longer search ends at once
    void stop();                                                  // on its own thread

private:
    struct Reading {
        LogPart part;
        qint64 offset = 0, inode = 0;
        LogText text;
        QList<LogBlockPtr> blocks; // whole ones
        LogBlock tail;             // the one that grows
        qint64 left = 0;
        bool exists = false, dirty = false;
        QString problem;
        int searchedBlocks = 0, searchedLines = 0; // how far the search came
    };
    void work();
    void show(const Show &show);
    void look();
    bool readMore(Reading &reading);
    void take(Reading &reading, const QList<LogLine> &lines);
    void publish(int index);
    void search();
    void searchBlock(const LogBlock &block, int from, int part, qint64 firstLine);
    void save(const Save &save);

    std::shared_ptr<Mailbox<LogService::Message>> m_results;
    Mailbox<Command> m_commands;
    std::atomic<quint64> m_wanted{0};
    QTimer *m_timer = nullptr;
    std::vector<Reading> m_readings;
    quint64 m_round = 0, m_search = 0;
    QString m_needle;
    QList<LogPlace> m_hits;
};

} // namespace bellwether
