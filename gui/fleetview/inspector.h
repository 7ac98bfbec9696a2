#pragma once
// Everything measured on the chosen host: what it is, how it is, its way back, and what may be done with it.
#include "fleetview/fleetmodel.h"
#include "widgets/button.h"
#include "widgets/factgrid.h"

namespace bellwether {

class Inspector final : public QWidget {
    Q_OBJECT

public:
    explicit Inspector(QWidget *parent = nullptr);
    void show(const FleetRow *row, const StateLook &look, const QString &productName, const QString &ssh, int selected, qint64 nowMs);
    QString host() const { return m_host; }
    void setSameMachine(const QStringList &hosts) { m_sameMachine = hosts; } // before show(): other names of its machine
    void setReadOnly(const QString &reason);

Q_SIGNALS:
    void foldAsked();
    void trustAsked(const QString &host);
    void rolloutAsked(const QString &rollout);
    void said(const QString &sentence);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QWidget *section(const QString &title, QWidget *content);
    void showNote(const FleetRow &row, const StateLook &look, qint64 nowMs);
    void showFacts(const FleetRow &row, qint64 nowMs);
    QString m_host, m_rollout, m_ssh, m_readOnly;
    QStringList m_sameMachine;
    Label *m_name, *m_selected, *m_what, *m_noteHead, *m_noteText, *m_empty;
    StateLabel *m_production;
    QWidget *m_note, *m_content;
    FactGrid *m_facts, *m_back, *m_ledger;
    Button *m_copy, *m_trust, *m_open;
};

} // namespace bellwether
