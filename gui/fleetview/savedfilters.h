#pragma once
// Filters that were given a name: a menu that puts them into the field, saves the one that is there, and forgets.
#include <QMap>
#include <QObject>

class QToolButton;

namespace bellwether {

class FilterField;
class ViewState;

class SavedFilters final : public QObject {
    Q_OBJECT

public:
    SavedFilters(FilterField &field, QWidget *page);
    QToolButton *button() const { return m_button; }
    QMap<QString, QString> filters() const { return m_filters; } // name → expression
    void keep(const QString &name, const QString &expression);
    void save(ViewState &settings) const;
    void restore(ViewState &settings);

private:
    void fill();
    void askName();
    FilterField &m_field;
    QWidget *m_page;
    QToolButton *m_button;
    QMap<QString, QString> m_filters;
};

} // namespace bellwether
