#pragma once
// One long field in the fixed font for the filter grammar: a stripe and an icon for validity, a sentence with the count,
// completion, and history with Up. While an expression is unfinished the last valid one stays in force.
#include "domain/filter.h"

#include <QLineEdit>
#include <QStringList>
#include <functional>

class QCompleter;
class QStandardItemModel;

namespace bellwether {

class FilterField final : public QLineEdit {
    Q_OBJECT

public:
    explicit FilterField(QWidget *parent = nullptr);
    const Filter &filter() const { return m_filter; } // the last valid one
    bool isValid() const { return m_valid; }
    void setExpression(const QString &text);
    void setCounter(std::function<int(const Filter &)> counter); // hosts an expression matches
    using Values = QMap<QString, QStringList>;
    void setValues(std::function<Values()> values); // key → values seen in the fleet; asked when something is completed
    void recount();
    QString sentence() const { return m_sentence; }
    bool clearOrClose(); // Esc: true when something was cleared or closed
    QStringList history() const { return m_history; }
    void setHistory(const QStringList &history) { m_history = history; }

Q_SIGNALS:
    void filterChanged();

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;

private:
    void read();
    void complete();
    void insertCompletion(const QString &completion);
    void remember();
    QPair<int, int> wordAtCursor() const; // start, length
    void fitMargins();

    Filter m_filter;
    bool m_valid = true;
    QString m_sentence;
    std::function<int(const Filter &)> m_counter;
    std::function<Values()> m_values;
    QCompleter *m_completer;
    QStandardItemModel *m_completions;
    QStringList m_history;
    int m_historyAt = -1;
};

} // namespace bellwether
