#pragma once
// Ctrl+K: every command with its keys, and every host. Typing narrows, Enter runs, Esc closes.
#include <QFrame>
#include <QPointer>
#include <functional>

class QLineEdit;
class QListView;
class QStandardItemModel;

namespace bellwether {

struct PaletteEntry {
    QString text, detail, keys, icon;
    QString reason; // why it may not be run now; empty = it may
    std::function<void()> run;
};

// Entries whose words all occur, those that begin with the text first; at most `most`.
QList<int> matchEntries(const QList<PaletteEntry> &entries, const QString &text, int most);

class CommandPalette final : public QFrame {
    Q_OBJECT

public:
    explicit CommandPalette(QWidget *window);
    void open(QList<PaletteEntry> entries);

protected:
    bool eventFilter(QObject *object, QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    void narrow(const QString &text);
    void runCurrent();
    void close();
    QLineEdit *m_field;
    QListView *m_list;
    QStandardItemModel *m_model;
    QList<PaletteEntry> m_entries;
    QPointer<QWidget> m_before; // had the focus
};

} // namespace bellwether
