#pragma once
// What headless commands need of the acting part, injected by the composition root: this layer sees the model only.
#include "rollout/console.h"
#include "rollout/credentials.h"

namespace bellwether {

// A process that owns the data folder: journal writer and engine, for as long as it lives.
class OwnedConsole {
public:
    virtual ~OwnedConsole() = default;
    virtual ConsolePort &port() = 0;
    virtual CredentialPort &credentials() = 0;
};

struct DemoHost {
    Installation installation;
    QString keyType, fingerprint; // of its sshd, just generated
    qint64 sshdPid = 0;           // 0: it does not run
    QString version;              // of the product that runs; empty: none
};
struct DemoFleetInfo {
    QString folder, fleetFile;
    QList<DemoHost> hosts;
};

struct Services {
    std::function<Result<std::unique_ptr<OwnedConsole>>(const QString &dataFolder)> own;
    // Demo fleets live in a folder of the data folder. `progress` gets one line per thing done.
    std::function<Result<DemoFleetInfo>(const QString &dataFolder, int hosts, int port, const QString &network, std::function<void(QString)> progress)> demoUp;
    std::function<Result<DemoFleetInfo>(const QString &dataFolder)> demoStatus;
    std::function<Result<QStringList>(const QString &dataFolder)> demoDown; // one line per process that was ended
};

} // namespace bellwether
