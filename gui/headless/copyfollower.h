#pragma once
// What a terminal shows while files are copied: a line for what lasts or has ended, and one bar for all of it.
#include <QHash>
#include <QJsonObject>
#include <QSet>
#include <QStringList>

namespace bellwether {

class CopyFollower {
public:
    QStringList news(const QJsonObject &report); // lines about what has changed since the report before
    static QString barText(const QJsonObject &report);

private:
    QHash<QString, QString> m_states, m_stages;
    QSet<QString> m_fed;
};

} // namespace bellwether
