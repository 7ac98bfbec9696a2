#pragma once
// A list that must be seen before deciding: its title and a table below it, for the body of a dialog. Texts from files
// are made visible and never markup.
#include "rolloutview/rowsmodel.h"

class QVBoxLayout;

namespace bellwether {

Row listRow(const QString &key, const QStringList &texts);
QTableView *addList(QVBoxLayout *into, const QString &title, const QStringList &columns, const QList<Row> &rows, int stretch);

} // namespace bellwether
