// The smallest Qt Widgets program that shows a table of as many rows and columns as the Fleet page.
#include <QAbstractTableModel>
#include <QApplication>
#include <QTableView>

namespace {

class Rows final : public QAbstractTableModel {
public:
    explicit Rows(int rows) : m_rows(rows) {}
    int rowCount(const QModelIndex &parent) const override { return parent.isValid() ? 0 : m_rows; }
    int columnCount(const QModelIndex &parent) const override { return parent.isValid() ? 0 : 12; }
    QVariant data(const QModelIndex &index, int role) const override
    {
        return role == Qt::DisplayRole ? QVariant(QStringLiteral("host-%1.%2").arg(index.row()).arg(index.column())) : QVariant();
    }

private:
    int m_rows;
};

} // namespace

int main(int argc, char **argv)
{
    QApplication app(argc, argv);
    Rows rows(argc > 1 ? atoi(argv[1]) : 2000);
    QTableView table;
    table.setModel(&rows);
    table.resize(1440, 900);
    table.show();
    return QApplication::exec();
}
