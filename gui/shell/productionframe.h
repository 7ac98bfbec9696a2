#pragma once
// The window's content with 3 px of ruby around it while the page holds a production host, and none otherwise.
#include <QWidget>

class QVBoxLayout;

namespace bellwether {

class ProductionFrame final : public QWidget {
    Q_OBJECT

public:
    explicit ProductionFrame(QWidget *parent = nullptr);
    void setProduction(bool production);
    bool isProduction() const { return m_production; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    bool m_production = false;
};

} // namespace bellwether
