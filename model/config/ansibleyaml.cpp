#include "config/ansible.h"

#include "config/yamlreader.h"

namespace bellwether {

namespace {

class Reader {
public:
    Reader(const QString &file, AnsibleInventory &inventory) : m_file(file), m_inventory(inventory), m_reader(file) {}

    Status read(const YamlNode &root)
    {
        if (m_reader.isMap(root, {}))
            for (std::size_t i = 0; i < root.keys.size(); ++i)
                readGroup(root.keys[i], root.items[i], {}, root.keys[i].text);
        return m_reader.hasFailed() ? Status(std::unexpected(m_reader.error())) : Status();
    }

private:
    QString placeOfNode(const YamlNode &node) const { return placeOf(m_file, node.line); }
    bool isNothing(const YamlNode &node) const { return node.kind == YamlNode::Kind::Null; }

    void readGroup(const YamlNode &key, const YamlNode &node, const QString &parent, const QString &path)
    {
        if (m_reader.hasFailed())
            return;
        const QString name = key.text;
        m_inventory.group(name, placeOfNode(key));
        if (!parent.isEmpty())
            m_inventory.addChild(parent, name, placeOfNode(key));
        if (isNothing(node) || !m_reader.isMap(node, path))
            return;
        for (std::size_t i = 0; i < node.keys.size() && !m_reader.hasFailed(); ++i) {
            const QString part = node.keys[i].text, partPath = path + u'.' + part;
            const YamlNode &value = node.items[i];
            const bool known = part == QLatin1String("hosts") || part == QLatin1String("children") || part == QLatin1String("vars");
            if (!known)
                m_inventory.import().skip(placeOfNode(node.keys[i]), partPath, QStringLiteral("a group holds hosts, children and vars"));
            if (!known || isNothing(value) || !m_reader.isMap(value, partPath))
                continue;
            for (std::size_t j = 0; j < value.keys.size(); ++j) {
                const YamlNode &item = value.keys[j];
                const QString itemPath = partPath + u'.' + shownValue(item.text);
                if (part == QLatin1String("children"))
                    readGroup(item, value.items[j], name, itemPath);
                else if (part == QLatin1String("hosts"))
                    readHost(item, value.items[j], name, itemPath);
                else
                    m_inventory.put(m_inventory.group(name, {}), item.text, ansibleValue(value.items[j], placeOfNode(item)));
            }
        }
    }

    void readHost(const YamlNode &key, const YamlNode &node, const QString &group, const QString &path)
    {
        AnsibleVariables variables;
        if (!isNothing(node)) {
            if (!m_reader.isMap(node, path))
                return;
            for (std::size_t i = 0; i < node.keys.size(); ++i)
                m_inventory.put(variables, node.keys[i].text, ansibleValue(node.items[i], placeOfNode(node.keys[i])));
        }
        m_inventory.addHosts(key.text, group, variables, placeOfNode(key));
    }

    QString m_file;
    AnsibleInventory &m_inventory;
    YamlReader m_reader;
};

} // namespace

YamlLimits ansibleYaml()
{
    YamlLimits limits;
    limits.tags = {QStringLiteral("!vault"), QStringLiteral("!unsafe")};
    return limits;
}

AnsibleVariable ansibleValue(const YamlNode &node, const QString &where)
{
    AnsibleVariable value = ansibleText(node.kind == YamlNode::Kind::Scalar ? node.text : QString(), where);
    if (node.tag == QLatin1String("!vault"))
        value.kind = AnsibleVariable::Kind::Vault;
    return value;
}

Status readAnsibleYaml(const QByteArray &text, const QString &name, AnsibleInventory &inventory)
{
    const auto root = readYaml(text, name, ansibleYaml());
    if (!root)
        return std::unexpected(root.error());
    return Reader(name, inventory).read(*root);
}

} // namespace bellwether
