#include "text/sshline.h"

#include <QRegularExpression>

#include <algorithm>

namespace bellwether {

namespace {

QString shellWord(const QString &word)
{
    static const QRegularExpression plain(QStringLiteral("\\A[\\p{L}\\p{N}_./:=@%+,~-]+\\z"));
    return plain.match(word).hasMatch() ? word : u'\'' + QString(word).replace(u'\'', QStringLiteral("'\\''")) + u'\'';
}

bool hasOwnKey(const Installation &host)
{
    const QString &identity = host.endpoint.identity;
    return !identity.isEmpty() && identity != QLatin1String("agent") && !identity.startsWith(QLatin1String("agent:"))
        && identity != QLatin1String("password");
}

QString login(const Endpoint &to, const QString &address)
{
    return to.user.isEmpty() ? address : to.user + u'@' + address;
}

QString hop(const Endpoint &to) // as -J wants it
{
    return login(to, to.address.contains(u':') ? u'[' + to.address + u']' : to.address) + QStringLiteral(":%1").arg(to.port);
}

// The words before the destination. -J takes no keys for the jump hosts: where one has its own, each hop is an ssh of its own.
QStringList options(const Installation &host, const QList<Installation> &way)
{
    QStringList words{QStringLiteral("ssh"), QStringLiteral("-p"), QString::number(host.endpoint.port)};
    if (hasOwnKey(host))
        words << QStringLiteral("-i") << host.endpoint.identity;
    if (way.isEmpty())
        return words;
    if (std::none_of(way.cbegin(), way.cend(), hasOwnKey)) {
        QStringList hops;
        for (const Installation &jump : way)
            hops << hop(jump.endpoint);
        return words << QStringLiteral("-J") << hops.join(u',');
    }
    const Installation &last = way.last();
    QStringList proxy = options(last, way.first(way.size() - 1));
    proxy << QStringLiteral("--") << login(last.endpoint, last.endpoint.address);
    for (QString &word : proxy)
        word = shellWord(word.replace(u'%', QStringLiteral("%%"))); // ssh reads % in it as its own
    proxy.insert(1, QStringLiteral("-W '[%h]:%p'"));
    return words << QStringLiteral("-o") << QStringLiteral("ProxyCommand=") + proxy.join(u' ');
}

} // namespace

QString sshLine(const Installation &host, const QList<Installation> &way)
{
    QStringList words = options(host, way);
    words << QStringLiteral("--") << login(host.endpoint, host.endpoint.address);
    for (QString &word : words)
        word = shellWord(word);
    return words.join(u' ');
}

} // namespace bellwether
