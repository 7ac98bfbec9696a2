#include "fleetview/listtable.h"

#include "text/format.h"
#include "widgets/button.h"
#include "widgets/label.h"

#include <QBoxLayout>

namespace bellwether {

Row listRow(const QString &key, const QStringList &texts)
{
    Row row{key, {}};
    for (const QString &text : texts) {
        Cell cell;
        cell.text = visibleText(text, 200);
        cell.toolTip = plainToolTip(visibleText(text, 1000));
        row.cells.append(cell);
    }
    return row;
}

QTableView *addList(QVBoxLayout *into, const QString &title, const QStringList &columns, const QList<Row> &rows, int stretch)
{
    auto *model = new RowsModel(columns);
    QTableView *table = makeTable(model, title, stretch);
    model->setParent(table);
    model->setRows(rows);
    table->setMinimumHeight(theme().px(rows.size() > 4 ? 160 : 110));
    into->addWidget(new Label(title, TextRole::Table, Role::Muted));
    into->addWidget(table);
    return table;
}

} // namespace bellwether
