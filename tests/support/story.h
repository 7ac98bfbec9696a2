#pragma once
// Rollouts as their events, told by hand: what a journal holds after an upgrade that went well, one that stopped at the
// canary and was restored, and one whose every text is hostile. The chain is the real one.
#include "report/auditreport.h"

namespace bellwether::support {

class Story {
public:
    Story(QString workspace, qint64 startMs);
    Event &say(const EventBody &body, int rollout, const QString &actor = QStringLiteral("bellwether"));
    void pass(qint64 ms) { m_nowMs += ms; }
    qint64 nowMs() const { return m_nowMs; }
    QString workspace() const { return m_workspace; }
    // Intended, started, ended, with the time between.
    void step(int rollout, const QString &host, Direction direction, int index, const QString &name, StepKind kind, const QString &command,
              qint64 durationMs, StepOutcome outcome = StepOutcome::Done, const QString &reason = {});
    QList<Event> events;
    void chain(); // gives every event its number, payload and hashes

private:
    QString m_workspace;
    qint64 m_nowMs;
};

Plan sixHosts(const QString &from, const QString &to, const QStringList &migrations);
QString hostile(); // HTML, formula, escapes, bidi, quotes in one

QList<Event> goodStory();     // R-0001: six hosts 1.4.0 → 1.5.0, a foreign event among them
QList<Event> restoredStory(); // and R-0002: 1.5.0 → 1.5.1, canary half-migrated, restored
QList<Event> hostileStory();  // R-0001, every text that a host or a person may choose is hostile()
QList<Event> manyHostsStory(int hosts); // R-0001, nothing but hosts × 24 events

} // namespace bellwether::support
