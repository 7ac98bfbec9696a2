#include "planview/plandetails.h"

#include "text/format.h"
#include "text/words.h"
#include "widgets/button.h"

#include <QHeaderView>
#include <QPainter>
#include <QStandardItemModel>
#include <QStyledItemDelegate>
#include <QTextBlock>

namespace bellwether {

namespace {

class StepDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return {10, theme().metric(Metric::TableRow) - 2}; }
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const bool selected = option.state & QStyle::State_Selected;
        painter->fillRect(option.rect, selected ? theme().colour(Role::Selection) : index.row() % 2 ? theme().alternate() : theme().colour(Role::Raised));
        static const TextRole types[] = {TextRole::Mono, TextRole::TableBold, TextRole::Mono};
        painter->setFont(theme().font(types[index.column()]));
        painter->setPen(theme().colour(index.column() == 0 ? Role::Muted : Role::Text));
        const QRect r = option.rect.adjusted(theme().px(6), 0, -theme().px(6), 0);
        const Qt::Alignment side = index.column() == 0 ? Qt::AlignRight : Qt::AlignLeft;
        painter->drawText(r, static_cast<int>(side | Qt::AlignVCenter) | Qt::TextSingleLine,
                          painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, r.width()));
    }
};

} // namespace

CommandsView::CommandsView(QWidget *parent) : QTreeView(parent), m_model(new QStandardItemModel(0, 3, this))
{
    setModel(m_model);
    setItemDelegate(new StepDelegate(this));
    setRootIsDecorated(false);
    setUniformRowHeights(true);
    setHeaderHidden(true);
    setTabKeyNavigation(false);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setAccessibleName(tr("Exact commands"));
    header()->setStretchLastSection(true);
    header()->setMinimumSectionSize(10);
}

void CommandsView::setSteps(const QList<Step> &steps)
{
    m_model->removeRows(0, m_model->rowCount());
    for (const Step &step : steps) {
        const QString command = visibleText(step.displayText(), 4000);
        auto *number = new QStandardItem(QString::number(m_model->rowCount() + 1));
        auto *kind = new QStandardItem(step.name);
        auto *text = new QStandardItem(command);
        QStringList notes{command, tr("%1, at most %2").arg(wordOf(step.kind), durationText(step.deadlineS * 1000LL))};
        if (step.safe)
            notes << tr("a paused rollout may rest before this step");
        if (step.required)
            notes << tr("cannot be skipped");
        for (QStandardItem *item : {number, kind, text}) {
            item->setEditable(false);
            item->setToolTip(plainToolTip(notes.join(QLatin1Char('\n'))));
        }
        text->setData(tr("Step %1, %2: %3").arg(number->text(), step.name, command), Qt::AccessibleTextRole);
        m_model->appendRow({number, kind, text});
    }
    int widest = theme().px(60);
    for (int i = 0; i < m_model->rowCount(); ++i)
        widest = qMax(widest, QFontMetrics(theme().font(TextRole::TableBold)).horizontalAdvance(m_model->item(i, 1)->text()) + theme().px(16));
    setColumnWidth(0, theme().px(38));
    setColumnWidth(1, qMin(widest, theme().px(180)));
}

QString CommandsView::asText() const
{
    QStringList lines;
    for (int i = 0; i < m_model->rowCount(); ++i)
        lines << QStringLiteral("%1\t%2\t%3").arg(m_model->item(i, 0)->text(), m_model->item(i, 1)->text(), m_model->item(i, 2)->text());
    return lines.join(QLatin1Char('\n'));
}

DiffView::DiffView(QWidget *parent) : QPlainTextEdit(parent)
{
    setReadOnly(true);
    setFrameShape(QFrame::NoFrame);
    setLineWrapMode(QPlainTextEdit::NoWrap);
    setTabChangesFocus(true);
    setAccessibleName(tr("Differences of files"));
    setFont(theme().font(TextRole::Mono));
    connect(&theme(), &Theme::changed, this, &DiffView::show);
}

int DiffView::setPlan(const Plan &plan)
{
    QMap<QString, QStringList> hostsByChange; // equal changes are shown once
    QSet<QString> files;
    for (const PlanHost &host : plan.hosts)
        for (const Hop &hop : host.hops)
            for (const FileChange &change : hop.changes) {
                QStringList lines;
                for (const QString &line : change.removed)
                    lines << QStringLiteral(" - ") + line;
                for (const QString &line : change.added)
                    lines << QStringLiteral(" + ") + line;
                const QString file = change.file.section(QLatin1Char('/'), -1);
                files.insert(file);
                hostsByChange[file + QLatin1Char('\n') + lines.join(QLatin1Char('\n'))] << host.installation.name;
            }
    m_lines.clear();
    for (auto it = hostsByChange.cbegin(); it != hostsByChange.cend(); ++it) {
        QStringList lines = it.key().split(QLatin1Char('\n'));
        QStringList hosts = it.value();
        hosts.removeDuplicates();
        m_lines << tr("   %1 on %2").arg(lines.takeFirst(), hosts.size() == 1 ? hosts.first() : hostsText(static_cast<int>(hosts.size())));
        m_lines << lines;
    }
    if (m_lines.isEmpty())
        m_lines << tr("   No file changes.");
    show();
    return static_cast<int>(files.size());
}

void DiffView::show()
{
    setPlainText(m_lines.join(QLatin1Char('\n')));
    QList<QTextEdit::ExtraSelection> marks;
    for (QTextBlock block = document()->begin(); block.isValid(); block = block.next()) {
        QTextEdit::ExtraSelection mark;
        mark.cursor = QTextCursor(block);
        mark.format.setProperty(QTextFormat::FullWidthSelection, true);
        const QString text = block.text();
        const bool out = text.startsWith(QLatin1String(" - ")), in = text.startsWith(QLatin1String(" + "));
        mark.format.setBackground(out ? theme().tint(StateRole::Failed) : in ? theme().tint(StateRole::Healthy) : theme().colour(Role::Sunken));
        marks << mark;
    }
    setExtraSelections(marks);
}

NotesView::NotesView(QWidget *parent) : QTextBrowser(parent)
{
    setOpenLinks(false);
    setFrameShape(QFrame::NoFrame);
    setAccessibleName(tr("Release notes"));
    document()->setDocumentMargin(12);
}

void NotesView::setNotes(const QList<ReleaseNotes> &notes)
{
    QString text;
    for (const ReleaseNotes &one : notes) {
        const QString body = one.notes.trimmed();
        if (!body.startsWith(QLatin1Char('#')))
            text += QStringLiteral("# %1\n").arg(one.version.toString());
        text += body.isEmpty() ? tr("Nothing was published.") : body;
        if (!one.attention.isEmpty())
            text += QStringLiteral("\n\n**%1**\n\n").arg(tr("Needs you:"));
        for (const QString &line : one.attention)
            text += QStringLiteral("- %1\n").arg(line);
        text += QStringLiteral("\n\n");
    }
    document()->setMarkdown(text, QTextDocument::MarkdownFeatures(QTextDocument::MarkdownNoHTML));
}

} // namespace bellwether
