#pragma once
// Events as rows, made into words only when they are seen. Those after the replayed moment are grey.
#include "journalview/journalservice.h"

#include <QAbstractTableModel>

namespace bellwether {

class JournalModel final : public QAbstractTableModel {
    Q_OBJECT

public:
    using QAbstractTableModel::QAbstractTableModel;
    void setEvents(const JournalService::Events &events); // the same list longer only adds rows
    void setPosition(int index);
    const QList<Event> &events() const { return *m_events; }

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : 5; }
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    JournalService::Events m_events = std::make_shared<const QList<Event>>();
    int m_position = -1;
};

} // namespace bellwether
