// The arguments that Ansible hands to ssh, walked as ssh does.
#include "config/ansible.h"
#include "config/sshconfig.h"

namespace bellwether {

namespace {

constexpr qsizetype longestArguments = 4096;

class Walk {
public:
    AnsibleWay way;

    void take(const QStringList &words)
    {
        static const QString alone = QStringLiteral("46AaCfGgKkMNnqsTtVvXxYy"), withValue = QStringLiteral("BbcDEeFIiJLlmOoPpQRSWw");
        for (qsizetype i = 0; i < words.size() && way.problem.isEmpty(); ++i) {
            const QString word = words[i];
            if (word.size() < 2 || !word.startsWith(u'-'))
                return refuse(QStringLiteral("\u201c%1\u201d is not understood").arg(shownValue(word)));
            for (qsizetype at = 1; at < word.size() && way.problem.isEmpty(); ++at) {
                if (alone.contains(word[at]))
                    continue;
                if (!withValue.contains(word[at]))
                    return refuse(QStringLiteral("\u201c%1\u201d is not understood").arg(shownValue(word)));
                const QString value = at + 1 < word.size() ? word.mid(at + 1) : words.value(++i);
                if (value.isEmpty())
                    return refuse(QStringLiteral("-%1 has no value").arg(word[at]));
                option(word[at], value);
                break;
            }
        }
    }
    void refuse(const QString &why) { way.problem = why; }

private:
    void option(QChar letter, const QString &value)
    {
        if (letter == u'J')
            jump(value);
        else if (letter == u'o')
            setting(value);
        else if (letter == u'W' || letter == u'F' || letter == u'p') // another machine than the one that is written
            refuse(QStringLiteral("-%1 is not taken over").arg(letter));
        else if (letter == u'i' || letter == u'l')
            way.untaken.append(QStringLiteral("-%1 %2").arg(letter).arg(value));
    }
    void setting(const QString &text) // Key=Value or Key Value
    {
        const QString trimmed = text.trimmed();
        qsizetype end = 0;
        while (end < trimmed.size() && trimmed[end] != u'=' && !trimmed[end].isSpace())
            ++end;
        const QString key = trimmed.left(end).toLower();
        QString value = trimmed.mid(end).trimmed();
        if (value.startsWith(u'='))
            value = value.mid(1).trimmed();
        if (key == QLatin1String("proxyjump"))
            jump(value);
        else if (key == QLatin1String("proxycommand") && value.compare(QLatin1String("none"), Qt::CaseInsensitive) == 0)
            jump(value);
        else if (key == QLatin1String("proxycommand"))
            refuse(QStringLiteral("it is reached through a ProxyCommand, and commands are never run"));
        else if (key == QLatin1String("hostname") || key == QLatin1String("port"))
            refuse(QStringLiteral("%1 is not taken over").arg(trimmed.left(end)));
        else if (key == QLatin1String("user") || key == QLatin1String("identityfile") || key == QLatin1String("certificatefile"))
            way.untaken.append(trimmed);
    }
    void jump(const QString &chain)
    {
        const QString jumps = chain.compare(QLatin1String("none"), Qt::CaseInsensitive) == 0 ? QString() : chain;
        if (!jumps.isEmpty() && !parseJumps(jumps))
            refuse(QStringLiteral("its jump hosts are not a list of [user@]host[:port], at most 8 long"));
        else if (m_hasProxy && jumps != way.jumps)
            refuse(QStringLiteral("two ways are given"));
        m_hasProxy = true;
        way.jumps = jumps;
    }
    bool m_hasProxy = false;
};

} // namespace

AnsibleWay ansibleWay(const AnsibleVariables &variables)
{
    using Kind = AnsibleVariable::Kind;
    Walk walk;
    for (const char *name : {"ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"}) {
        const auto found = variables.constFind(QString::fromLatin1(name));
        if (found == variables.cend())
            continue;
        const bool wasDirect = walk.way.jumps.isEmpty();
        const auto words = found->text.size() <= longestArguments ? splitSshArguments(found->text) : std::nullopt;
        if (found->kind != Kind::Plain)
            walk.refuse(found->kind == Kind::Vault ? QStringLiteral("it is encrypted") : QStringLiteral("templates are never evaluated"));
        else if (!words)
            walk.refuse(QStringLiteral("it is too long, or a quote is not closed"));
        else
            walk.take(*words);
        if (walk.way.where.isEmpty() || wasDirect != walk.way.jumps.isEmpty())
            walk.way.where = found->where;
        if (!walk.way.problem.isEmpty()) {
            walk.way.problem = QStringLiteral("%1: %2").arg(QString::fromLatin1(name), walk.way.problem);
            break;
        }
    }
    return walk.way;
}

} // namespace bellwether
