#pragma once

namespace bellwether {

// Gives every tile of a LanesWidget an accessible interface: a list whose items are the hosts. May be called often.
void installLanesAccessibility();

} // namespace bellwether
