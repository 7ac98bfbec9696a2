#pragma once
// Facts in two columns: what, and how much. Values are plain text that can be selected.
#include "widgets/label.h"

#include <optional>

class QGridLayout;

namespace bellwether {

class FactGrid final : public QWidget {
    Q_OBJECT

public:
    struct Fact {
        QString name{}, value{}, toolTip{}, icon{}; // icon: name for a state's icon, empty = none
        std::optional<StateRole> role = std::nullopt;
        bool mono = false;
        bool operator==(const Fact &) const = default;
    };
    explicit FactGrid(QWidget *parent = nullptr);
    void setFacts(const QList<Fact> &facts);

private:
    QGridLayout *m_grid;
    QList<Fact> m_facts;
};

} // namespace bellwether
