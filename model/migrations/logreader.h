#pragma once
// Reads a product's log as it grows. Unknown lines are counted and kept out of the way, never guessed as success.
#include "domain/profile.h"
#include "migrations/migration.h"

#include <QByteArray>
#include <memory>

namespace bellwether {

enum class LogOutcome { Unknown, Unfinished, Succeeded, Failed };
BELLWETHER_ENUM(LogOutcome, "unknown", "unfinished", "succeeded", "failed")

struct LogProblem {
    int line = 0;
    QString message;
};

class LogReader {
public:
    explicit LogReader(const LogSpec &spec);
    ~LogReader();
    LogReader(LogReader &&) noexcept;
    LogReader &operator=(LogReader &&) noexcept;

    // Any cut of the bytes gives the same result. Returns the migrations whose record changed.
    QList<Migration> feed(const QByteArray &bytes);
    QList<Migration> finish(); // takes the last line, even without its newline

    QList<Migration> migrations() const; // in order of first mention
    LogOutcome outcome() const;
    QList<LogProblem> problems() const; // at most 1000
    qint64 unreadLines() const;         // lines that no pattern knew

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace bellwether
