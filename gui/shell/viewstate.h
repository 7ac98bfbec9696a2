#pragma once
// What a page remembers from one start to the next: in memory only; the window reads and writes it off its thread.
#include <QVariantMap>

namespace bellwether {

class ViewState {
public:
    ViewState() = default;
    explicit ViewState(QVariantMap values) : m_values(std::move(values)) {}
    QVariant value(const QString &key, const QVariant &otherwise = {}) const { return m_values.value(key, otherwise); }
    bool contains(const QString &key) const { return m_values.contains(key); }
    void setValue(const QString &key, const QVariant &value) { m_values.insert(key, value); }
    const QVariantMap &values() const { return m_values; }

private:
    QVariantMap m_values;
};

using WindowState = QMap<QString, ViewState>; // page's id, or "window" → what it remembers

// The file window.ini. Both may wait for the disk: never on the window's thread.
WindowState readWindowState(const QString &dataFolder);
void writeWindowState(const QString &dataFolder, const WindowState &state);

} // namespace bellwether
