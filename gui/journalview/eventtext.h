#pragma once
// An event as one line for people: what happened, to whom, and how it looks.
#include "text/words.h"

namespace bellwether {

struct EventLine {
    QString where, what, icon;
    StateRole role = StateRole::Waiting;
    bool decision = false; // somebody or a rule decided something: a mark on the replay's slider
    QString mark;          // its word there
};
EventLine lineOf(const Event &event);

} // namespace bellwether
