#include "headless/journalview.h"

#include <QFileInfo>

namespace bellwether {

Result<JournalView> JournalView::open(const QString &dataFolder)
{
    JournalView view;
    view.m_dataFolder = dataFolder;
    auto library = loadShippedLibrary();
    if (!library)
        return std::unexpected(library.error());
    view.m_workspace.library = std::make_shared<Library>(std::move(*library));
    if (const auto events = view.refresh(); !events)
        return std::unexpected(events.error());
    return view;
}

Result<QList<Event>> JournalView::refresh()
{
    if (!m_reader) {
        if (!QFileInfo::exists(m_dataFolder + QStringLiteral("/journal.db")))
            return QList<Event>();
        auto reader = JournalReader::open(m_dataFolder);
        if (!reader)
            return std::unexpected(reader.error());
        m_reader = std::move(*reader);
        m_workspace.id = m_reader->workspaceId();
        QList<Event> whole;
        auto check = m_reader->verify(&whole);
        if (!check)
            return std::unexpected(check.error());
        m_check = *check;
        if (!m_check.intact)
            whole = m_reader->readable();
        for (const Event &event : std::as_const(whole))
            apply(m_workspace, event);
        return whole;
    }
    if (!m_check.intact)
        return QList<Event>();
    auto events = m_reader->read(m_workspace.lastSeq);
    if (!events)
        return std::unexpected(events.error());
    for (const Event &event : *events)
        apply(m_workspace, event);
    return events;
}

const RolloutState *JournalView::rollout(int id) const
{
    const auto it = m_workspace.rollouts.constFind(id);
    return it == m_workspace.rollouts.cend() ? nullptr : &*it;
}

Result<int> JournalView::rolloutId(const QString &text) const
{
    const auto id = rolloutIdFromName(text);
    if (!id || !rollout(*id))
        return fail(ErrorCode::UnknownRollout, {text});
    return *id;
}

} // namespace bellwether
