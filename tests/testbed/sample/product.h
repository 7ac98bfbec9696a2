#pragma once
// The product's folder on a host and what stands around in it:
//   .env  faults  effects.log  bin/  releases/<version>/{bellwether-sample,release.json}
//   data/app.db  data/lock  run/sample.pid  log/sample.log  backups/  aside/
#include "outcome.h"

#include <QMap>

namespace bellwether::sample {

class Product {
public:
    explicit Product(const QString &directory);

    QString path(const QString &relative) const;
    QString directory() const { return m_directory; }
    QString databaseFile() const { return path(QStringLiteral("data/app.db")); }
    QString env(const QString &key) const; // empty when not set
    // The test switch: key=value lines of the file `faults`, read anew each time.
    QString fault(const QString &key) const;
    void recordEffect(const QString &text) const; // one line in effects.log per real execution

    // The one process that may serve this database holds the lock for as long as it lives. Returns a descriptor
    // that is never closed; −1 when another holds it.
    int takeLock() const;
    bool isLocked() const;

private:
    QString m_directory;
};

// A running process, named so that a reused pid is never mistaken for it.
struct Process {
    qint64 pid = 0;
    QString startTime; // field 22 of /proc/<pid>/stat
    bool isAlive() const; // a zombie is not
    QString toString() const { return QStringLiteral("%1-%2").arg(pid).arg(startTime); }
};
Process processOf(qint64 pid);
Process servingProcess(const Product &product); // pid 0 when none is alive

// A line of the product's log, with an ISO time in milliseconds, to standard output at once.
void logLine(const char *level, const QString &text);
QMap<QString, QString> readKeyValues(const QString &file);

} // namespace bellwether::sample
