#pragma once
// A tool button that opens a menu at once: the word, then an arrow.
class QToolButton;
class QString;

namespace bellwether {

QToolButton *menuButton(const QString &text);

} // namespace bellwether
