#include "journalview/journalmodel.h"

#include "journalview/eventtext.h"
#include "text/format.h"
#include "widgets/button.h"
#include "widgets/icons.h"

namespace bellwether {

void JournalModel::setEvents(const JournalService::Events &events)
{
    const bool longer = !m_events->isEmpty() && events->size() >= m_events->size() && events->first().seq == m_events->first().seq
        && (*events)[m_events->size() - 1].seq == m_events->last().seq;
    if (longer) {
        if (events->size() == m_events->size())
            return;
        beginInsertRows({}, rowCount(), static_cast<int>(events->size()) - 1);
        m_events = events;
        endInsertRows();
        return;
    }
    beginResetModel(); // another rollout
    m_events = events;
    m_position = -1;
    endResetModel();
}

void JournalModel::setPosition(int index)
{
    if (index == m_position)
        return;
    const int from = std::max(0, std::min(m_position, index)), to = std::min(std::max(m_position, index), rowCount() - 1);
    m_position = index;
    if (from <= to)
        Q_EMIT dataChanged(this->index(from, 0), this->index(to, 4), {Qt::ForegroundRole});
}

int JournalModel::rowCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : static_cast<int>(m_events->size()); }

QVariant JournalModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= m_events->size())
        return {};
    const Event &event = (*m_events)[index.row()];
    const bool future = m_position >= 0 && index.row() > m_position;
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case 0: return event.seq;
        case 1: return timeText(event.wallMs);
        case 2: return eventName(event.body);
        case 3: return lineOf(event).where;
        default: return lineOf(event).what;
        }
    case Qt::DecorationRole: {
        if (index.column() != 2)
            return {};
        const EventLine line = lineOf(event);
        return line.icon.isEmpty() ? QVariant() : QVariant(themedIcon(line.icon, line.role));
    }
    case Qt::ForegroundRole: {
        if (future)
            return theme().colour(Role::Muted);
        const EventLine line = lineOf(event);
        return index.column() == 2 && !line.icon.isEmpty() ? theme().colour(line.role) : theme().colour(index.column() == 0 ? Role::Muted : Role::Text);
    }
    case Qt::FontRole: return theme().font(index.column() == 1 ? TextRole::Mono : TextRole::Table);
    case Qt::TextAlignmentRole: return static_cast<int>(Qt::AlignVCenter | (index.column() == 0 ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::ToolTipRole:
        return plainToolTip(index.column() == 1 ? tr("%1\nby %2").arg(localAndUtcText(event.wallMs), visibleText(event.actor)) : lineOf(event).what);
    default: return {};
    }
}

QVariant JournalModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    const QString titles[] = {tr("No."), tr("At"), tr("Event"), tr("Where"), tr("What")};
    return titles[section];
}

} // namespace bellwether
