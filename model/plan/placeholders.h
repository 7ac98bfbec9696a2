#pragma once
// {placeholders} in a profile's texts. What is known when planning is replaced; {rollout}, {backup} and
// {confirmed-domain} stay for the run; any other name is reported, never passed on. A name in braces after a $ is the
// shell's and left alone. A value that is empty counts as unknown: "{directory}/data" must never become "/data".
#include "domain/installation.h"
#include "domain/profile.h"
#include "domain/version.h"

namespace bellwether {

QStringList placeholdersIn(const QString &text); // names, in order, with repeats
bool isPlaceholder(const QString &name);         // one that exists; {settings.ANY} included

// Is the command as Sudo::Password has it: `sudo -S -- …`? What that stands for: resources/host/sudo.sh.
bool wantsSudoPassword(const QStringList &command);

class Placeholders {
public:
    Placeholders(const ProductProfile &profile, const Installation &installation);
    void setHop(const Version &from, const Version &to);

    QString resolve(QString text);
    QStringList resolve(QStringList command); // with `sudo -n --` or `sudo -S --` in front where the installation says so
    QStringList sudo() const { return m_sudo; } // what that is; empty where it says nothing
    Probe resolve(Probe probe);
    Probes resolve(Probes probes);
    QStringList unknown() const { return m_unknown; } // names that nothing stands for, each once

private:
    QMap<QString, QString> m_values;
    QStringList m_sudo; // what stands in front of a command
    QStringList m_unknown;
};

} // namespace bellwether
