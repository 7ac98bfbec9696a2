#pragma once
// What is true on the hosts of a demo fleet, asked of the hosts themselves and not of the console.
#include <QString>
#include <QStringList>

namespace bellwether {

class DemoHosts {
public:
    explicit DemoHosts(QString dataFolder) : m_data(std::move(dataFolder)) {}
    QStringList names() const;
    QString runningVersion(const QString &host) const; // as its service answers; empty when nobody answers
    QString rows(const QString &host) const;           // every row of every table of its database
    QStringList effects(const QString &host) const;    // what its product's scripts did, a line each
    QString leaseOwner(const QString &host) const;     // of the newest lease in its state folder; "-": it was given back
    QString product(const QString &host) const { return m_data + QStringLiteral("/demo/hosts/%1/product").arg(host); }

private:
    QString m_data;
};

} // namespace bellwether
