#pragma once
// Reads a program's windows as a screen reader does, over AT-SPI: org.a11y.atspi.Accessible (children, role, name,
// description, states, relations), .Component (where it is), .Text (what is written in it). Only what is shown is read.
// Where the focus goes it is told by the program, as every screen reader is: org.a11y.atspi.Event.Focus.
#include <QDBusConnection>
#include <QObject>
#include <QRect>
#include <QString>
#include <functional>
#include <optional>

namespace bellwether {

// AtspiStateType, by its numbers.
enum class SeenState { Active = 1, Checked = 4, Editable = 7, Enabled = 8, Focusable = 11, Focused = 12, Selected = 23, Showing = 25 };

struct Seen {
    QString path, parent; // D-Bus paths; parent's within the same look()
    QString role;         // "push button", "label", …
    QString name;
    quint64 states = 0;
    bool is(SeenState state) const { return states >> static_cast<int>(state) & 1; }
};

class ScreenReader final : public QObject {
    Q_OBJECT
public:
    using Matches = std::function<bool(const Seen &)>;
    ScreenReader(const QString &accessibilityBus, qint64 pid);
    ~ScreenReader() override;

    bool waitForProgram(int seconds = 60); // until the program has said that it can be read
    // Everything shown, parents before children. Cells of tables are left out: see cells().
    QList<Seen> look() const;
    QList<Seen> front() const; // only the dialog where there is one: the rest cannot be used then
    std::optional<Seen> find(const Matches &matches) const; // in front
    std::optional<Seen> wait(const Matches &matches, int seconds = 20) const;
    std::optional<Seen> focused() const; // the control that has the focus; an item is the current one of its list, not more
    QList<QStringList> cells(const Seen &table) const; // rows of a table as far as they are shown

    QString description(const Seen &seen) const;
    QString label(const Seen &seen) const; // its name, or that of what labels it (a combo box is named by its choice)
    QString text(const Seen &seen) const;
    QRect where(const Seen &seen) const; // on the screen

private Q_SLOTS:
    void followFocus(const QDBusMessage &event);

private:
    QDBusMessage call(const QString &path, const QString &interface, const QString &method, const QVariantList &arguments = {}) const;
    QString property(const QString &path, const QString &name) const;
    QList<Seen> read(const QList<QPair<QString, QString>> &paths) const; // path and parent
    QStringList children(const QString &path) const;
    QString parent(const QString &path) const;
    bool tellUsOfFocus();

    QDBusConnection m_bus;
    qint64 m_pid;
    QString m_service;
    QString m_focus; // what the program said last has the focus: may be gone meanwhile, or an item of a list
};

} // namespace bellwether
