#pragma once
// Rows of the tables that speak of hosts: migrations of one, problems of all.
#include "rolloutview/rowsmodel.h"
#include "text/words.h"

namespace bellwether {

struct Problem {
    QString host, what, token; // token: of the step whose output tells more; empty = none
    int line = 0;              // in that output, from 1; 0 = its end
    StateRole role = StateRole::Warning;
    QString icon;
};
QList<Problem> problemsOf(const RolloutSnapshot &rollout);
QList<Row> problemRows(const QList<Problem> &problems);

QList<Row> migrationRows(const HostView &host);
QString migrationCount(const HostView &host); // "3 ran, 41 skipped"
QString migrationToken(const HostView &host); // of the step in whose output they stand

} // namespace bellwether
