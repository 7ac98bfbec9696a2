#pragma once
// Read-only texts of a plan: exact commands of a host and hop, file differences, release notes.
#include "plan/plan.h"

#include <QPlainTextEdit>
#include <QTextBrowser>
#include <QTreeView>

class QStandardItemModel;

namespace bellwether {

class CommandsView final : public QTreeView {
    Q_OBJECT

public:
    explicit CommandsView(QWidget *parent = nullptr);
    void setSteps(const QList<Step> &steps);
    QString asText() const;

private:
    QStandardItemModel *m_model;
};

// Lines with their + or − and the tint of what comes and goes.
class DiffView final : public QPlainTextEdit {
    Q_OBJECT

public:
    explicit DiffView(QWidget *parent = nullptr);
    int setPlan(const Plan &plan); // number of files

private:
    void show();
    QStringList m_lines;
};

// Markdown with HTML switched off; loads nothing from anywhere.
class NotesView final : public QTextBrowser {
    Q_OBJECT

public:
    explicit NotesView(QWidget *parent = nullptr);
    void setNotes(const QList<ReleaseNotes> &notes);

protected:
    QVariant loadResource(int, const QUrl &) override { return {}; }
};

} // namespace bellwether
