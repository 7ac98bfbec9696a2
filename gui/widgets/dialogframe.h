#pragma once
// What every dialog of ours has: an edge of its own, since not every desktop draws one, and a plain veil over the window
// behind it for as long as it is open.

class QDialog;
class QString;
class QWidget;

namespace bellwether {

void veilBehind(QDialog *dialog);
void frameDialog(QDialog *dialog); // the veil and the edge; as high as its words need, as far as the screen goes
QWidget *makeDialogTitle(const QString &title, bool production = false);

} // namespace bellwether
