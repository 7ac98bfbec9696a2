#include "config/knownhosts.h"

#include "config/importtext.h"
#include "config/yamltree.h"

#include <QCryptographicHash>
#include <QHash>
#include <QMessageAuthenticationCode>
#include <QRegularExpression>
#include <QSet>
#include <QtEndian>

namespace bellwether {

namespace {

const QStringList keyTypes{QStringLiteral("ssh-ed25519"), QStringLiteral("ecdsa-sha2-nistp256"), QStringLiteral("ecdsa-sha2-nistp384"),
                           QStringLiteral("ecdsa-sha2-nistp521"), QStringLiteral("ssh-rsa")}; // as good as their place

struct Line {
    QString names, keyType, fingerprint, where;
    bool isPrint = false; // of a list of fingerprints
};

// A machine as known_hosts names it.
QString knownName(const Endpoint &endpoint)
{
    const QString address = endpoint.address.toLower();
    return endpoint.port == 22 ? address : QStringLiteral("[%1]:%2").arg(address).arg(endpoint.port);
}

// The same for what people write: address, address:port, [address]:port.
QString knownNameOf(const QString &written)
{
    static const QRegularExpression withPort(QStringLiteral("\\A(?:\\[([^\\]]+)\\]|([^:]+)):([0-9]{1,5})\\z"));
    const auto parts = withPort.match(written);
    Endpoint endpoint;
    endpoint.address = parts.hasMatch() ? parts.captured(1) + parts.captured(2) : written;
    endpoint.port = parts.hasMatch() ? parts.captured(3).toInt() : 22;
    return knownName(endpoint);
}

// As ssh-keygen -l prints it, in brackets behind the name; empty for what is not accepted from hosts.
QString keyTypeOf(const QString &printed, const QString &bits)
{
    if (printed == QLatin1String("(ED25519)"))
        return QStringLiteral("ssh-ed25519");
    if (printed == QLatin1String("(RSA)"))
        return QStringLiteral("ssh-rsa");
    const QString ecdsa = QStringLiteral("ecdsa-sha2-nistp") + bits;
    return printed == QLatin1String("(ECDSA)") && keyTypes.contains(ecdsa) ? ecdsa : QString();
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
            m_byInventory.insert(host.name, host.endpoint.machine());
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
            read(lines[number - 1], placeOf(m_file, number));
        for (const Line &line : std::as_const(m_lines))
            findMachines(line);
        for (auto it = m_found.cbegin(); it != m_found.cend(); ++it)
            decide(it.key(), it.value());
        return std::move(m_import);
    }

private:
    void skip(const QString &where, const QString &what, const QString &why) { m_import.skipped.append({where, shownValue(what), why}); }

    void read(const QString &written, const QString &where)
    {
        const QString text = written.simplified();
        if (text.isEmpty() || text.startsWith(u'#'))
            return;
        QStringList words = text.split(u' ');
        const auto at = [&](const QString &word) { return where + u':' + QString::number(written.indexOf(word) + 1); };
        if (words.size() > 1 && (words[1].startsWith(QLatin1String("SHA256:")) || words[1].startsWith(QLatin1String("MD5:"))))
            return readPrint(words, text, where, at);
        const QString mark = words.first().startsWith(u'@') ? words.takeFirst() : QString();
        if (mark == QLatin1String("@cert-authority"))
            return skip(at(mark), text, QStringLiteral("host certificates are not supported"));
        if (!mark.isEmpty() && mark != QLatin1String("@revoked"))
            return skip(at(mark), text, QStringLiteral("this mark is not known"));
        if (words.size() < 3)
            return skip(at(text.section(u' ', 0, 0)), text, QStringLiteral("a line holds names, the type of a key and the key, or a name and SHA256:…"));
        const Line line{words[0], words[1], fingerprintOf(words[1], words[2]), where};
        if (line.fingerprint.isEmpty())
            return skip(at(words[2]), text, QStringLiteral("its key cannot be read, or is of another type than it says"));
        if (mark.isEmpty()) {
            if (keyTypes.contains(line.keyType))
                m_lines.append(line);
            else
                skip(at(line.keyType), text, QStringLiteral("keys of this type are not accepted from hosts"));
        } else if (!m_revoked.contains(line.fingerprint)) {
            m_revoked.insert(line.fingerprint);
            m_import.revoke.append({{}, line.keyType, line.fingerprint, where});
        } else {
            ++m_import.unchanged;
        }
    }

    // NAME SHA256:… or BITS SHA256:… NAME (TYPE)
    template<class At>
    void readPrint(const QStringList &words, const QString &text, const QString &where, const At &at)
    {
        static const QRegularExpression number(QStringLiteral("\\A[0-9]{1,5}\\z"));
        const bool isPrinted = words.size() > 3 && number.match(words[0]).hasMatch() && words.last().startsWith(u'(');
        if (!isFingerprint(words[1]))
            return skip(at(words[1]), text, QStringLiteral("a fingerprint is SHA256: and 43 characters, as ssh-keygen -l prints it"));
        if (!isPrinted && words.size() > 2)
            return skip(at(words[2]), text, QStringLiteral("a line holds a name and SHA256:…, or is one that ssh-keygen -l prints"));
        const QString keyType = isPrinted ? keyTypeOf(words.last(), words[0]) : QString();
        if (isPrinted && keyType.isEmpty())
            return skip(at(words.last()), text, QStringLiteral("keys of this type are not accepted from hosts"));
        m_lines.append({isPrinted ? words.mid(2, words.size() - 3).join(u' ') : words[0], keyType, words[1], where, true});
    }

    // By address; ssh-keygen -l prints names as they stand in known_hosts.
    QStringList machinesOfPrint(const Line &line) const
    {
        const bool isPrinted = !line.keyType.isEmpty();
        if (isPrinted && (line.names.startsWith(u'|') || line.names.contains(u',') || hasWildcard(line.names)))
            return machinesOf(line.names);
        return m_byName.values(knownNameOf(line.names));
    }

    void noteStranger(const Line &line)
    {
        const bool isMeant = line.isPrint && (line.keyType.isEmpty() || line.names.contains(u' ') || line.names.contains(u'@'));
        if (isMeant)
            skip(line.where, line.names, QStringLiteral("no host of the fleet has this name or address (an address without a port means port 22)"));
        else
            ++m_import.strangers;
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
        QStringList machines = line.isPrint ? machinesOfPrint(line) : machinesOf(line.names);
        if (const QString named = line.isPrint ? m_byInventory.value(line.names) : QString(); !named.isEmpty()) {
            machines.removeAll(named);
            if (machines.isEmpty())
                m_found[named].append(line);
            else // one host's name is another one's address
                leaveToPerson(line.names, machines + QStringList(named), line);
            return;
        }
        if (machines.isEmpty())
            return noteStranger(line);
        QHash<QString, bool> told;
        for (const QString &machine : machines) {
            const QString name = m_machines.value(machine);
            if (m_ways.value(name).size() < 2 || m_revoked.contains(line.fingerprint))
                m_found[machine].append(line);
            else if (!std::exchange(told[name], true))
                leaveToPerson(name, m_byName.values(name), line);
        }
    }

    // 10.0.0.5 behind two jump hosts is two machines, and the key of one of them.
    void leaveToPerson(const QString &name, QStringList machines, const Line &line)
    {
        machines.sort();
        if (std::any_of(machines.cbegin(), machines.cend(), [&](const QString &m) { return m_trusted.value(m) == line.fingerprint; })) {
            ++m_import.unchanged; // a person has said whose it is
            return;
        }
        skip(line.where, name, QStringLiteral("%1 are different machines, and the file does not say which of them has this key; "
                                              "trust them one by one: host trust NAME --fingerprint %2")
                                   .arg(machines.join(QStringLiteral(" and ")), line.fingerprint));
    }

    void decide(const QString &machine, const QList<Line> &lines)
    {
        QList<Line> keys; // each once, without revoked ones
        for (const Line &line : lines) {
            const auto again = std::find_if(keys.begin(), keys.end(), [&](const Line &k) { return k.fingerprint == line.fingerprint; });
            if (m_revoked.contains(line.fingerprint))
                skip(line.where, QStringLiteral("%1 %2").arg(machine, line.fingerprint), QStringLiteral("this key is revoked"));
            else if (again == keys.end())
                keys.append(line);
            else if (again->keyType.isEmpty())
                *again = line; // one of the two states the type
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
        if (best->keyType.isEmpty() && keys.size() > 1)
            return skip(best->where, machine, QStringLiteral("the file holds %1 different keys for it, and does not say of which type each is").arg(keys.size()));
        if (ofThatType > 1)
            return skip(best->where, machine, QStringLiteral("the file holds %1 different %2 keys for it").arg(ofThatType).arg(best->keyType));
        m_import.trust.append({machine, best->keyType, best->fingerprint, best->where});
    }

    QString m_file;
    QMap<QString, QString> m_machines, m_trusted; // machine → its name in the file; its fingerprint
    QHash<QString, QString> m_byInventory;        // host of the inventory → machine
    QMultiHash<QString, QString> m_byName;        // name in the file → machines
    QHash<QString, QSet<QString>> m_ways;         // name in the file → jump hosts that lead to who has it; empty: none
    QSet<QString> m_revoked;
    QList<Line> m_lines;
    QMap<QString, QList<Line>> m_found; // by machine
    KeyImport m_import;
};

} // namespace

bool isFingerprint(const QString &text)
{
    static const QRegularExpression sha256(QStringLiteral("\\ASHA256:[A-Za-z0-9+/]{43}\\z"));
    return sha256.match(text).hasMatch();
}

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
