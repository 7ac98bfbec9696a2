#pragma once
// A fleet of real hosts on this machine: N sshd on loopback addresses, each with its own host key, folder and state,
// each running the sample product. Everything lies in <data>/demo; nothing outside of it is written.
//
// All calls block (seconds) and need no event loop. Every process is known by pid and start time, and carries a mark
// in its environment, so that down() ends exactly what this fleet started, upgrades included, and nothing else.
#include "domain/installation.h"
#include "base/error.h"

#include <functional>

namespace bellwether {

class DemoFleet {
public:
    struct Options {
        int hosts = 6;                                  // 1 … 250
        int port = 0;                                   // of sshd; 0 = the first free one from 2222
        QString network;                                // hosts are .1 … .N of it, e.g. 127.0.10; empty: as it is up, else that
        QString sample; // the product's executable; empty: $BELLWETHER_SAMPLE, else beside this program
    };
    struct Host {
        Installation installation;
        QString keyType, fingerprint; // of its sshd: "ssh-ed25519", "SHA256:…"
        qint64 sshdPid = 0;           // 0: it does not run
        QString running;              // version of the product that runs; empty: none
    };
    using Progress = std::function<void(const QString &line)>;

    explicit DemoFleet(const QString &dataFolder);

    // Makes what is missing and starts what is dead; what runs is left as it is, whatever version it has reached.
    // DemoFailed with what was being done and why; processes already started stay, down() ends them.
    Result<QList<Host>> up(const Options &options, const Progress &progress = {});
    QList<Host> status() const; // of the fleet that was made last; empty when there is none
    // Ends every process of the fleet and forgets its hosts, so that the next up() begins at 1.4.0. Keys stay: what a
    // console has learned to trust remains true. Returns one line for each process that was ended.
    Result<QStringList> down();

    QString folder() const { return m_folder; }
    QString fleetFile() const; // <data>/demo/demo-fleet.yaml

private:
    QString m_folder;
};

} // namespace bellwether
