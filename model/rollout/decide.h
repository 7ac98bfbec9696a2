#pragma once
// Deciding apart from doing. decide() looks at a folded state and the time and says which events come next; the engine
// records them, and acts only on what is recorded (a StepIntended that is durable releases its step). Pure: same state
// and time, same answer.
#include "rollout/state.h"

namespace bellwether {

QList<EventBody> decide(const RolloutState &state, const Now &now);

// Monotonic time at which decide() should be asked again although nothing happened; −1 = no need.
qint64 nextDecisionMono(const RolloutState &state, const Now &now);

// What an operator may do now, and why not otherwise. The reason is a clause for a tooltip, in English; the window shows it as it is.
enum class Verb { Resume, Pause, Promote, Retry, Skip, Rollback, Abort, TakeOver };
BELLWETHER_ENUM(Verb, "resume", "pause", "promote", "retry", "skip", "rollback", "abort", "take-over")
struct Permission {
    bool allowed = false;
    QString reason;    // when not allowed
    QStringList hosts; // whom it would concern
};
Permission permission(const RolloutState &state, Verb verb);
QString holderText(const LeaseRefused &held); // a clause: who has the host, since when, and since when it is silent
QString holdText(const Hold &hold); // a clause: who stopped everything, and why

// Answers an operator's request with the events to record, or refuses (NotAllowed, DomainNotConfirmed, WayRefused, …).
struct OperatorRequest {
    Verb verb = Verb::Pause;
    QStringList hosts; // empty: all it may concern
    QString reason, actor;
    QString way = QStringLiteral("auto"); // auto | tag-only | restore
    QMap<QString, QString> confirm;       // host → domain as typed
};
Result<QList<EventBody>> answer(const RolloutState &state, const OperatorRequest &request, const Now &now);

} // namespace bellwether
