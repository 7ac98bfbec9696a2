#include "config/knownhosts.h"

#include "config/importtext.h"
#include "config/yamltree.h"

#include <QCryptographicHash>
#include <QHash>
#include <QMessageAuthenticationCode>
#include <QSet>
#include <QtEndian>

namespace bellwether {

namespace {

const QStringList keyTypes{QStringLiteral("ssh-ed25519"), QStringLiteral("ecdsa-sha2-nistp256"), QStringLiteral("ecdsa-sha2-nistp384"),
                           QStringLiteral("ecdsa-sha2-nistp521"), QStringLiteral("ssh-rsa")}; // as good as their place

struct Line {
    QString names, keyType, fingerprint, where;
};

// A machine as known_hosts names it.
QString knownName(const Endpoint &endpoint)
{
    const QString address = endpoint.address.toLower();
    return endpoint.port == 22 ? address : QStringLiteral("[%1]:%2").arg(address).arg(endpoint.port);
}

std::optional<QByteArray> decoded(const QString &base64)
{
    const auto result = QByteArray::fromBase64Encoding(base64.toLatin1(), QByteArray::AbortOnBase64DecodingErrors);
    return result.decodingStatus == QByteArray::Base64DecodingStatus::Ok ? std::optional(result.decoded) : std::nullopt;
}

// The key's own first field says its type; a line that states another one is not believed.
QString fingerprintOf(const QString &keyType, const QString &base64)
{
    const auto blob = decoded(base64);
    if (!blob || blob->size() < 4)
        return {};
    const quint32 size = qFromBigEndian<quint32>(blob->constData());
    if (size != quint32(keyType.size()) || blob->mid(4, size) != keyType.toLatin1() || blob->size() <= qsizetype(size) + 4)
        return {};
    return QStringLiteral("SHA256:")
        + QString::fromLatin1(QCryptographicHash::hash(*blob, QCryptographicHash::Sha256).toBase64(QByteArray::OmitTrailingEquals));
}

class KeyImporter {
public:
    KeyImporter(const QString &file, const Inventory &inventory, const QMap<QString, QString> &trusted, const QStringList &revoked)
        : m_file(file), m_trusted(trusted), m_revoked(revoked.cbegin(), revoked.cend())
    {
        for (const Installation &host : inventory.installations) {
            m_machines.insert(host.endpoint.machine(), knownName(host.endpoint));
            m_ways[knownName(host.endpoint)].insert(host.endpoint.jump);
        }
        for (auto it = m_machines.cbegin(); it != m_machines.cend(); ++it)
            m_byName.insert(it.value(), it.key());
    }

    KeyImport import(const QString &text)
    {
        const QStringList lines = linesOf(text);
        for (int number = 1; number <= lines.size(); ++number)
            read(lines[number - 1].simplified(), placeOf(m_file, number));
        for (const Line &line : std::as_const(m_lines))
            findMachines(line);
        for (auto it = m_found.cbegin(); it != m_found.cend(); ++it)
            decide(it.key(), it.value());
        return std::move(m_import);
    }

private:
    void skip(const QString &where, const QString &what, const QString &why) { m_import.skipped.append({where, shownValue(what), why}); }

    void read(const QString &text, const QString &where)
    {
        if (text.isEmpty() || text.startsWith(u'#'))
            return;
        QStringList words = text.split(u' ');
        const QString mark = words.first().startsWith(u'@') ? words.takeFirst() : QString();
        if (mark == QLatin1String("@cert-authority"))
            return skip(where, text, QStringLiteral("host certificates are not supported"));
        if (!mark.isEmpty() && mark != QLatin1String("@revoked"))
            return skip(where, text, QStringLiteral("this mark is not known"));
        if (words.size() < 3)
            return skip(where, text, QStringLiteral("a line holds names, the type of a key, and the key"));
        const Line line{words[0], words[1], fingerprintOf(words[1], words[2]), where};
        if (line.fingerprint.isEmpty())
            return skip(where, text, QStringLiteral("its key cannot be read, or is of another type than it says"));
        if (mark.isEmpty()) {
            if (keyTypes.contains(line.keyType))
                m_lines.append(line);
            else
                skip(where, text, QStringLiteral("keys of this type are not accepted from hosts"));
        } else if (!m_revoked.contains(line.fingerprint)) {
            m_revoked.insert(line.fingerprint);
            m_import.revoke.append({{}, line.keyType, line.fingerprint, where});
        } else {
            ++m_import.unchanged;
        }
    }

    // |1|salt|hash: HMAC-SHA1 of the name, keyed with the salt.
    QStringList machinesOfHash(const QString &hashed) const
    {
        const QStringList parts = hashed.split(u'|');
        const auto salt = decoded(parts.value(2)), hash = decoded(parts.value(3));
        QStringList machines;
        if (parts.size() != 4 || parts[1] != QLatin1String("1") || !salt || !hash || hash->size() != 20)
            return machines;
        for (auto it = m_machines.cbegin(); it != m_machines.cend(); ++it)
            if (QMessageAuthenticationCode::hash(it.value().toLatin1(), *salt, QCryptographicHash::Sha1) == *hash)
                machines.append(it.key());
        return machines;
    }

    static bool matches(const QStringList &patterns, const QString &name)
    {
        bool found = false;
        for (const QString &pattern : patterns) {
            const bool negated = pattern.startsWith(u'!');
            if (!matchesWildcard(name, QStringView(pattern).mid(negated ? 1 : 0)))
                continue;
            if (negated)
                return false;
            found = true;
        }
        return found;
    }

    QStringList machinesOf(const QString &names) const
    {
        if (names.startsWith(u'|'))
            return machinesOfHash(names);
        const QStringList patterns = names.toLower().split(u',');
        const bool plain = std::none_of(patterns.cbegin(), patterns.cend(), [](const QString &p) { return hasWildcard(p) || p.startsWith(u'!'); });
        QStringList machines;
        if (plain) {
            for (const QString &pattern : patterns)
                machines.append(m_byName.values(pattern));
        } else {
            for (auto it = m_machines.cbegin(); it != m_machines.cend(); ++it)
                if (matches(patterns, it.value()))
                    machines.append(it.key());
        }
        return machines;
    }

    void findMachines(const Line &line)
    {
        const QStringList machines = machinesOf(line.names);
        m_import.strangers += machines.isEmpty();
        QHash<QString, bool> told;
        for (const QString &machine : machines) {
            const QString name = m_machines.value(machine);
            if (m_ways.value(name).size() < 2 || m_revoked.contains(line.fingerprint))
                m_found[machine].append(line);
            else if (!std::exchange(told[name], true))
                leaveToPerson(name, line);
        }
    }

    // 10.0.0.5 behind two jump hosts is two machines, and the key of one of them.
    void leaveToPerson(const QString &name, const Line &line)
    {
        QStringList machines = m_byName.values(name);
        machines.sort();
        if (std::any_of(machines.cbegin(), machines.cend(), [&](const QString &m) { return m_trusted.value(m) == line.fingerprint; })) {
            ++m_import.unchanged; // a person has said whose it is
            return;
        }
        skip(line.where, name, QStringLiteral("%1 are different machines, and a file of known hosts does not say which of them has this key; "
                                              "trust them one by one: host trust NAME --fingerprint %2")
                                   .arg(machines.join(QStringLiteral(" and ")), line.fingerprint));
    }

    void decide(const QString &machine, const QList<Line> &lines)
    {
        QList<Line> keys; // each once, without revoked ones
        for (const Line &line : lines) {
            const bool again = std::any_of(keys.cbegin(), keys.cend(), [&](const Line &k) { return k.fingerprint == line.fingerprint; });
            if (m_revoked.contains(line.fingerprint))
                skip(line.where, QStringLiteral("%1 %2").arg(machine, line.fingerprint), QStringLiteral("this key is revoked"));
            else if (!again)
                keys.append(line);
        }
        if (keys.isEmpty())
            return;
        const QString known = m_trusted.value(machine);
        if (!known.isEmpty()) {
            const bool same = std::any_of(keys.cbegin(), keys.cend(), [&](const Line &k) { return k.fingerprint == known; });
            if (same)
                ++m_import.unchanged;
            else
                for (const Line &key : std::as_const(keys))
                    m_import.conflicts.append({{machine, key.keyType, key.fingerprint, key.where}, known});
            return;
        }
        const auto best = std::min_element(keys.cbegin(), keys.cend(), [](const Line &a, const Line &b) { return keyTypes.indexOf(a.keyType) < keyTypes.indexOf(b.keyType); });
        const auto ofThatType = std::count_if(keys.cbegin(), keys.cend(), [&](const Line &k) { return k.keyType == best->keyType; });
        if (ofThatType > 1)
            return skip(best->where, machine, QStringLiteral("the file holds %1 different %2 keys for it").arg(ofThatType).arg(best->keyType));
        m_import.trust.append({machine, best->keyType, best->fingerprint, best->where});
    }

    QString m_file;
    QMap<QString, QString> m_machines, m_trusted; // machine → its name in the file; its fingerprint
    QMultiHash<QString, QString> m_byName;        // the other way round
    QHash<QString, QSet<QString>> m_ways;         // name in the file → jump hosts that lead to who has it; empty: none
    QSet<QString> m_revoked;
    QList<Line> m_lines;
    QMap<QString, QList<Line>> m_found; // by machine
    KeyImport m_import;
};

} // namespace

Result<KeyImport> importKnownHosts(const QByteArray &text, const QString &name, const Inventory &inventory,
                                   const QMap<QString, QString> &trusted, const QStringList &revoked)
{
    const auto plain = plainText(text, name);
    if (!plain)
        return std::unexpected(plain.error());
    if (plain->trimmed().isEmpty())
        return fail(ErrorCode::FileEmpty, {name}, {name, 0, 0, {}});
    return KeyImporter(name, inventory, trusted, revoked).import(*plain);
}

} // namespace bellwether
