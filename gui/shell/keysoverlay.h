#pragma once
// F1 or ?: the keys of this view, over it. Any key closes.
#include <QWidget>

class QAction;

namespace bellwether {

class KeysOverlay final : public QWidget {
    Q_OBJECT

public:
    explicit KeysOverlay(QWidget *window);
    struct Row {
        QString keys, text;
    };
    void open(const QString &view, const QList<Row> &ofView, const QList<Row> &everywhere);

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    bool event(QEvent *event) override;

private:
    void close();
    QString m_view;
    QList<Row> m_ofView, m_everywhere;
};

} // namespace bellwether
