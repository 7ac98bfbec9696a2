#pragma once
// What came from a host or was typed is redacted before it becomes an event: nothing can be taken out of a journal later.
#include "rollout/events.h"

namespace bellwether {

// The texts of an event that are prose (reasons, details, last words, problems); never what identifies something, and
// never what was imported or planned, whose hash is known.
void redact(EventBody &body);

} // namespace bellwether
