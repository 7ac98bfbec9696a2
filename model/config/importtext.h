#pragma once
// What the readers of foreign inventories share.
#include "config/importer.h"

#include <functional>

namespace bellwether {

// UTF-8 without a byte order mark, NUL or other control characters than tab and line ends. ImportSyntax with its place.
Result<QString> plainText(const QByteArray &bytes, const QString &name);

bool looksLikeYaml(const QString &text); // it begins with ---, { or KEY: alone on its line

// Lines without their ends (LF or CR LF).
QStringList linesOf(const QString &text);

QString placeOf(const QString &file, int line); // file:line

// `*` and `?`, in time proportional to both lengths: no pattern makes it slow.
bool matchesWildcard(QStringView text, QStringView pattern);
bool hasWildcard(QStringView pattern);

// [user@]host[:port], a user in front of an IPv6 address in brackets, or ssh://… ; nothing when it is none of these.
struct JumpSpec {
    QString user, host;
    int port = 0; // 0: not stated
};
std::optional<QList<JumpSpec>> parseJumps(const QString &chain); // a,b,c: a first

// Jump hosts that have no entry of their own become hosts: the same way twice is one host.
class JumpHosts {
public:
    explicit JumpHosts(std::function<bool(const QString &)> isTaken) : m_isTaken(std::move(isTaken)) {}
    QString nameFor(const Endpoint &way, const QString &writtenHost, const QStringList &stated, const QString &where);
    const QList<ImportedHost> &hosts() const { return m_hosts; }

private:
    std::function<bool(const QString &)> m_isTaken;
    QList<ImportedHost> m_hosts;
};

} // namespace bellwether
