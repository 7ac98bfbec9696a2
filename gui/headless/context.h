#pragma once
// What every headless command gets, and the commands themselves.
#include "base/wholefile.h"
#include "headless/commandline.h"
#include "headless/consolelink.h"
#include "headless/journalview.h"
#include "headless/terminal.h"

namespace bellwether {

struct Context {
    const Invocation &in;
    Terminal &out;
    const Services &services;
    QString dataFolder;
    QString actor;
    bool readOnly = false;

    bool json() const { return in.has(QStringLiteral("json")); }
    // A journal that is broken can be looked at; stderr says so.
    Result<JournalView> view() const;
    // NotAllowed when the console is read-only, JournalTampered when the journal is broken.
    Result<std::unique_ptr<ConsoleLink>> link() const;
    mutable std::optional<Error> broken; // the journal, as view() found it
    Request request(const QString &verb, const QJsonObject &args) const { return {verb, args, actor}; }
};

QString operatorName(); // $BELLWETHER_OPERATOR, else login name @ host name
std::unexpected<Error> usage(const QString &text);

// Installations by --filter, all when it is absent. BadFilter.
Result<QList<Installation>> chosenHosts(const Context &context, const Workspace &workspace);
// One host as in `fleet list --json`.
QJsonObject hostJson(const Installation &installation, const Workspace &workspace);

Result<int> fleetImport(Context &);
Result<int> fleetUndo(Context &);
Result<int> fleetList(Context &);
Result<int> fleetExport(Context &);
Result<int> fleetCheck(Context &);
Result<int> fleetSet(Context &);
Result<int> fleetRemove(Context &);
Result<int> hostTrust(Context &);
Result<int> hostShell(Context &);
Result<int> hostPut(Context &);
Result<int> hostGet(Context &);
Result<int> hostCopies(Context &);
Result<int> profilesList(Context &);
Result<int> profilesShow(Context &);
Result<int> profilesCheck(Context &);
Result<int> profilesReadLog(Context &);
Result<int> releasesList(Context &);
Result<int> releasesImport(Context &);
Result<int> planCommand(Context &);
Result<int> runCommand(Context &);
Result<int> resumeCommand(Context &);
Result<int> pauseCommand(Context &);
Result<int> promoteCommand(Context &);
Result<int> abortCommand(Context &);
Result<int> retryCommand(Context &);
Result<int> skipCommand(Context &);
Result<int> takeOverCommand(Context &);
Result<int> rollbackCommand(Context &);
Result<int> stopAllCommand(Context &);
Result<int> releaseCommand(Context &);
Result<int> statusCommand(Context &);
Result<int> logsCommand(Context &);
Result<int> migrationsCommand(Context &);
Result<int> reportCommand(Context &);
Result<int> verifyCommand(Context &);
Result<int> demoUp(Context &);
Result<int> demoDown(Context &);
Result<int> demoStatus(Context &);

} // namespace bellwether
