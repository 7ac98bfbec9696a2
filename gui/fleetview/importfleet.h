#pragma once
// Import of a fleet file: read and checked on a worker, shown as a difference against the fleet, then asked for. Nothing
// changes before the operator says so.
#include "shell/requests.h"

#include <QDialog>

namespace bellwether {

struct FleetDifference {
    QStringList added, changed, same;
    QStringList details; // one line per changed field: "berlin-1: domain a → b"
};
FleetDifference difference(const QList<Installation> &fleet, const QList<Installation> &imported);

class ImportFleet final : public QObject {
    Q_OBJECT

public:
    ImportFleet(Requests &requests, QWidget *window);
    void chooseFile();                  // file dialog, not modal to the event loop
    void read(const QString &path);     // also for what was dropped
    bool isBusy() const { return m_busy; }

Q_SIGNALS:
    void busyChanged(const QString &sentence); // what is awaited; empty = nothing
    void said(const QString &sentence);
    void failed(const QString &sentence);

private:
    void ask(const QString &path, const QList<Installation> &imported);
    Requests &m_requests;
    QWidget *m_window;
    bool m_busy = false;
};

} // namespace bellwether
