#pragma once
// What a host script answers: one line "bwr KEY=VALUE …" or "bwr err=WORD …", and raw bytes behind it. What a login shell
// printed before that line is noise. All of it is a host's word: bounded and checked before it is believed.
#include "remote/remoteshell.h"

#include <QHash>

namespace bellwether {

// Words of a host as they may go into errors and events: one short line without control characters.
QString hostWords(const QByteArray &bytes);

struct HostAnswer {
    QHash<QByteArray, QByteArray> fields;
    QByteArray verb, err, header, body;
    QString text(const char *key) const { return hostWords(fields.value(key)); }
    QString rest(const char *key) const; // all that stands behind it: what people said goes to the end, blanks and all
    QString reason() const { return rest("reason="); }
    qint64 number(const char *key, qint64 otherwise = 0) const;
};

// ConnectionLost when the command ended without an answer, NoShell when something else answered.
Result<HostAnswer> answerOf(const Result<ExecResult> &result, const QString &machine);

} // namespace bellwether
