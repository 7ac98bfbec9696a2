#pragma once
// Other tools that run one command on many hosts over SSH, each as its manual says, with the same key, host key and key
// exchange. One benchmark's own; nothing here is part of the program.
#include "testsshd.h"

#include <QList>

namespace bellwether {

struct Cost {
    double wallMs = 0, cpuMs = 0; // cpuMs: of the client's processes only, user and system
    int answered = 0;             // hosts whose answer was seen
};

struct Peer {
    const char *name;
    const char *program; // and the Debian package it is in
    const char *package;
    QString command; // for bash; {list} {options} {command} are filled in
    bool kept = false; // over connections that are open already
};

// One fleet of loopback addresses for the peers; its files are in the sshd's folder.
class PeerFleet {
public:
    PeerFleet(const TestSshd &sshd, int hosts);
    ~PeerFleet(); // ends the masters that kept peers left, by their process ids

    static QString address(int i);
    static const QList<Peer> &peers();
    // Opens what a kept peer needs, outside of the measured time. False with a line on stderr when it did not work.
    bool prepare(const Peer &peer);
    Cost run(const Peer &peer);

private:
    QString filled(const Peer &peer) const;
    QList<qint64> masters() const;

    const TestSshd &m_sshd;
    const int m_hosts;
    QString m_list, m_options, m_control;
};

// CPU time in milliseconds of RUSAGE_SELF or RUSAGE_CHILDREN.
double cpuMs(int who);

} // namespace bellwether
