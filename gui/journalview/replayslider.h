#pragma once
// The course of a rollout on one line: phases as bands, decisions as marks with words, events as ticks. Its value is the
// index of an event. Arrows go from event to event, Ctrl+arrows from decision to decision, Page keys from phase to phase.
#include "journalview/eventtext.h"
#include "journalview/journalservice.h"

#include <QAbstractSlider>

namespace bellwether {

class ReplaySlider final : public QAbstractSlider {
    Q_OBJECT

public:
    explicit ReplaySlider(QWidget *parent = nullptr);
    void setEvents(const JournalService::Events &events);
    int nextDecision(int from, int direction) const; // index; −1 when there is none
    int nextPhase(int from, int direction) const;
    QSize sizeHint() const override { return {theme().px(600), theme().px(86)}; }
    QSize minimumSizeHint() const override { return {theme().px(300), theme().px(86)}; }

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void sliderChange(SliderChange change) override;

private:
    struct Phase {
        int from = 0;
        QString word;
        StateRole role = StateRole::Running;
    };
    struct Mark {
        int index = 0;
        EventLine line;
    };
    qreal xOf(int index) const;
    int indexAt(qreal x) const;

    JournalService::Events m_events = std::make_shared<const QList<Event>>();
    QList<Phase> m_phases;
    QList<Mark> m_marks;
    QString m_wave; // the one that was opened last
};

} // namespace bellwether
