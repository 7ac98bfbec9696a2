#pragma once
// What stands in the way: refusals before warnings, each with the rule's name, what was measured, and its remedy.
#include "plan/plan.h"

#include <QScrollArea>

class QVBoxLayout;

namespace bellwether {

class FindingsView final : public QScrollArea {
    Q_OBJECT

public:
    explicit FindingsView(QWidget *parent = nullptr);
    void setFindings(const QList<Finding> &findings);

Q_SIGNALS:
    void excludeAsked(const QStringList &hosts);
    void deferAsked(const QStringList &hosts);
    void hostChosen(const QString &host);

private:
    QVBoxLayout *m_list;
    QList<Finding> m_findings;
};

// Findings of the same rule, message and remedy become one item with several hosts; refusals first.
struct FindingGroup {
    Finding finding;
    QStringList hosts;
};
QList<FindingGroup> groupFindings(const QList<Finding> &findings);

} // namespace bellwether
