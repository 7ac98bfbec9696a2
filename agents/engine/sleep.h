#pragma once
// When a console has slept, and how long it listens before it judges again. Tests shorten both.
#include <QtGlobal>

namespace bellwether {

struct Sleep {
    qint64 sleptMs = 30'000;  // a longer time between two turns was no turn of a running program
    qint64 listenMs = 20'000; // what hosts have to tell comes before any deadline is judged
};

} // namespace bellwether
