#include "demohosts.h"

#include "sampleproduct.h"

#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace bellwether {

QStringList DemoHosts::names() const
{
    return QDir(m_data + QStringLiteral("/demo/hosts")).entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name);
}

QString DemoHosts::runningVersion(const QString &host) const
{
    QFile fleet(m_data + QStringLiteral("/demo/demo.json"));
    if (!fleet.open(QIODevice::ReadOnly))
        return {};
    const QJsonObject layout = QJsonDocument::fromJson(fleet.readAll()).object();
    const QString address = QStringLiteral("%1.%2").arg(layout.value(QStringLiteral("network")).toString()).arg(host.mid(5).toInt());
    const QByteArray answer = httpGet(address, layout.value(QStringLiteral("service_port")).toInt(), QStringLiteral("/version"));
    return QJsonDocument::fromJson(answer).object().value(QStringLiteral("version")).toString();
}

QString DemoHosts::rows(const QString &host) const
{
    return runProgram(product(host), {sampleExecutable(), QStringLiteral("dump")}).out;
}

QStringList DemoHosts::effects(const QString &host) const
{
    QFile file(product(host) + QStringLiteral("/effects.log"));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()).split(u'\n', Qt::SkipEmptyParts) : QStringList();
}

QString DemoHosts::leaseOwner(const QString &host) const
{
    const QDir state(m_data + QStringLiteral("/demo/hosts/%1/state/v1").arg(host));
    int newest = 0;
    for (const QString &name : state.entryList({QStringLiteral("lease.*")}, QDir::Files))
        newest = std::max(newest, name.mid(6).toInt());
    QFile lease(state.filePath(QStringLiteral("lease.%1").arg(newest)));
    return lease.open(QIODevice::ReadOnly) ? QString::fromUtf8(lease.readAll()).section(u' ', 0, 0) : QString();
}

} // namespace bellwether
