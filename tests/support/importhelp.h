#pragma once
// What the tests of imports share: a home folder of their own, and an import as short texts.
#include "config/inventorydiff.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>

namespace bellwether {

class ImportHome {
public:
    QString path(const QString &name = {}) const { return name.isEmpty() ? m_folder.path() : m_folder.filePath(name); }
    QString write(const QString &name, const QByteArray &text) const
    {
        QDir().mkpath(QFileInfo(path(name)).path());
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
            return {};
        return path(name);
    }
    DiskFiles files() const { return DiskFiles(m_folder.path()); }

private:
    QTemporaryDir m_folder;
};

// name=user@address:port key<jump [groups]
inline QString shortText(const Installation &host)
{
    const Endpoint &e = host.endpoint;
    QString text = host.name + u'=' + (e.user.isEmpty() ? QString() : e.user + u'@') + e.address + u':' + QString::number(e.port);
    if (!e.identity.isEmpty())
        text += u' ' + e.identity;
    if (e.certificate)
        text += u'+' + *e.certificate;
    if (!e.jump.isEmpty())
        text += u'<' + e.jump;
    if (!host.groups.isEmpty())
        text += QStringLiteral(" [%1]").arg(host.groups.join(u','));
    return text;
}

inline QStringList shortTexts(const Import &import)
{
    QStringList texts;
    for (const ImportedHost &host : import.hosts)
        texts.append(shortText(host.host));
    return texts;
}

// "3: ProxyCommand nc" for each line that was not taken over, without the file's name
inline QStringList skippedTexts(const QList<Skipped> &skipped)
{
    QStringList texts;
    for (const Skipped &s : skipped)
        texts.append(QStringLiteral("%1: %2").arg(s.where.section(u':', 1), s.what));
    return texts;
}

} // namespace bellwether
