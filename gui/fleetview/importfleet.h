#pragma once
// Imports of inventories: read and checked on a worker, shown as a difference against the fleet, then asked for. Nothing
// changes before the operator says so, and what was taken can be taken back.
#include "config/inventorydiff.h"
#include "shell/requests.h"

#include <QDialog>
#include <QSet>

namespace bellwether {

class ImportFleet final : public QObject {
    Q_OBJECT

public:
    ImportFleet(Requests &requests, QWidget *window);
    void chooseFile();                  // file dialog, not modal to the event loop
    void read(const QString &path);     // also for what was dropped
    void undo();                        // asks, then takes the last change of the fleet back
    bool isBusy() const { return m_busy; }
    bool hasTaken(qint64 change) const { return m_taken.contains(change); } // by an import of this window

Q_SIGNALS:
    void busyChanged(const QString &sentence); // what is awaited; empty = nothing
    void said(const QString &sentence);
    void failed(const QString &sentence);
    void taken();

private:
    void ask(const QString &path, const Import &import);
    void take(const QString &source, const QList<Installation> &installations, qint64 seen); // the change of the fleet it was compared with
    Requests &m_requests;
    QWidget *m_window;
    bool m_busy = false;
    QSet<qint64> m_taken;
};

} // namespace bellwether
