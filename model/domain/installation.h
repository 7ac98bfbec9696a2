#pragma once
// The inventory. An installation is a product on a host, the unit that is upgraded; installations that share address
// and port behind the same jump host are on one machine and share one connection, one lease and one slot (OPS-01).
#include "base/error.h"
#include "base/fields.h"

namespace bellwether {

enum class Environment { Production, Staging, Development };
BELLWETHER_ENUM(Environment, "production", "staging", "development")

// How a product's commands become root's: not at all, by `sudo -n --` in front of each, which never asks, or by
// `sudo -S --` with a password that a person gave.
enum class Sudo { None, NoPassword, Password };
BELLWETHER_ENUM(Sudo, "none", "nopassword", "password")

// How a machine is reached. identity: path of a private key, "agent", "agent:SHA256:…" (that key of the agent only) or
// "password"; empty = ~/.ssh/id_*, the agent, then a password.
struct Endpoint {
    QString address;
    int port = 22;
    QString user;
    QString identity;
    QString jump; // name of the entry whose machine is passed through; empty = direct
    std::optional<QString> certificate = {}; // of the key; absent = KEY-cert.pub when it is there
    std::optional<bool> compression = {};    // zlib@openssh.com, for slow links; absent = off

    // The machine's name in trust, leases and journals. Private addresses mean another machine behind each jump host.
    QString machine() const
    {
        const QString at = QStringLiteral("%1:%2").arg(address).arg(port);
        return jump.isEmpty() ? at : at + QStringLiteral(" via ") + jump;
    }
    bool operator==(const Endpoint &) const = default;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("address", s.address);
        v("port", s.port);
        v("user", s.user);
        v("identity", s.identity);
        v("jump", s.jump);
        v("certificate", s.certificate);
        v("compression", s.compression);
    }
};

struct Installation {
    QString name; // unique in the inventory: [A-Za-z0-9][A-Za-z0-9._-]{0,62}
    Endpoint endpoint;
    QStringList groups;
    QMap<QString, QString> labels;
    Environment environment = Environment::Production;
    QString product;   // profile id
    QString directory; // absolute
    QString state;     // root of the host-run files; empty = $HOME/.local/state/bellwether
    QString domain;    // what is typed before a restore
    QString window;    // maintenance window, as written
    QMap<QString, QString> settings;
    std::optional<Sudo> sudo;

    // Where the lease lies: on a machine, and there in the folder of the host-run files. A folder that is not absolute is
    // the login's own.
    QString leasePlace() const
    {
        const QString at = endpoint.machine() + u'\n' + state;
        return state.startsWith(u'/') ? at : at + u'\n' + endpoint.user;
    }
    bool isCritical() const { return labels.contains(QStringLiteral("critical")); }
    bool operator==(const Installation &) const = default;
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("name", s.name);
        v("endpoint", s.endpoint);
        v("groups", s.groups);
        v("labels", s.labels);
        v("environment", s.environment);
        v("product", s.product);
        v("directory", s.directory);
        v("state", s.state);
        v("domain", s.domain);
        v("window", s.window);
        v("settings", s.settings);
        v("sudo", s.sudo);
    }
};

struct Inventory {
    QList<Installation> installations; // sorted by name

    const Installation *find(const QString &name) const; // null when absent
    void put(const Installation &installation);          // add or replace by name
    bool remove(const QString &name);
    // The jump hosts on the way to a host, the one that is connected to first first; empty when it is reached directly.
    // UnknownHost: one of them is not in the inventory. BadValue: the way leads back to where it began.
    Result<QList<Installation>> wayTo(const Installation &host) const;
    QStringList reachedThrough(const QString &name) const; // hosts whose jump names it
    QStringList onMachine(const QString &machine) const; // names of all installations there
};

} // namespace bellwether
