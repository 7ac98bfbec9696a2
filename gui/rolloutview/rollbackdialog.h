#pragma once
// What going back would mean, and the last word on it. Nothing is decided here: verdicts and evidence come from the
// snapshot. Enter never restores: the default is to leave things as they are.
#include "rolloutview/domainfield.h"
#include "rolloutview/rowsmodel.h"
#include "rolloutview/waytext.h"
#include "shell/requests.h"
#include "widgets/button.h"
#include "widgets/panel.h"

#include <QDialog>
#include <QTimer>

class QGridLayout;
class QTableView;

namespace bellwether {

class RollbackDialog final : public QDialog {
    Q_OBJECT

public:
    // `known`: all rollouts there are; how long a step took in them is how long it is said to take.
    RollbackDialog(Requests &requests, std::shared_ptr<const RolloutSnapshot> rollout, const Rollouts &known, QWidget *parent);
    void setRollout(std::shared_ptr<const RolloutSnapshot> rollout); // a newer state of the same one
    const std::shared_ptr<const RolloutSnapshot> &rollout() const { return m_rollout; }
    void setNow(qint64 nowMs); // the loss grows

    // For tests.
    QString sentence() const { return m_sentence->text(); }
    QString lossClock() const { return m_clock->text(); }
    Button *restoreButton() const { return m_restore; }
    Button *keepButton() const { return m_keep; }
    QList<DomainField *> fields() const { return m_fields; }
    QTableView *table() const { return m_table; }
    void saveRunbook(const QString &path);

Q_SIGNALS:
    void evidenceOpened(const QString &host, const QString &source);
    void confirmed(const QStringList &hosts);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QWidget *buildTitle();
    QWidget *buildVerdict();
    QWidget *buildMiddle();
    QWidget *buildDomains();
    QWidget *buildFoot();
    void showHosts();
    void showVerdict();
    void showDetails(); // of the host chosen in the table
    void showDomains();
    void showFoot();
    void showMessage();
    void askRunbook();
    void send();
    QStringList chosen() const;
    QString blockedBecause() const;
    const HostView *view(const QString &host) const { return m_rollout->host(host); }
    QString versionBack() const;

    Requests &m_requests;
    std::shared_ptr<const RolloutSnapshot> m_rollout;
    Rollouts m_known;
    QStringList m_hosts; // that may go back, newest first
    QSet<QString> m_left; // unchecked
    QString m_current;
    qint64 m_nowMs = 0;
    bool m_production = false, m_sent = false, m_commands = false;
    QTimer m_timer;

    Label *m_sentence = nullptr, *m_because = nullptr, *m_lossOf = nullptr, *m_clock = nullptr, *m_lossSince = nullptr, *m_lost = nullptr;
    Label *m_next = nullptr, *m_error = nullptr;
    IconLabel *m_icon = nullptr;
    QWidget *m_loss = nullptr, *m_domainBox = nullptr;
    Panel *m_hostPanel = nullptr, *m_evidencePanel = nullptr, *m_stepsPanel = nullptr;
    RowsModel *m_model = nullptr, *m_evidence = nullptr, *m_steps = nullptr;
    QTableView *m_table = nullptr, *m_evidenceTable = nullptr, *m_stepTable = nullptr;
    QGridLayout *m_domainGrid = nullptr;
    QList<DomainField *> m_fields;
    Button *m_message = nullptr, *m_runbook = nullptr;
    Button *m_keep = nullptr, *m_restore = nullptr, *m_showCommands = nullptr;
};

} // namespace bellwether
