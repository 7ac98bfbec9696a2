// The one table of commands: what can be typed, its help, and who carries it out.
#include "headless/context.h"

namespace bellwether {

namespace {

QString t(const char *text)
{
    return QString::fromUtf8(text);
}
const OptionSpec json{t("json"), {}, t("one JSON document instead of tables")};
const OptionSpec filter{t("filter"), t("EXPR"), t("which hosts, e.g. \"version<1.5 and group:eu\"")};
const OptionSpec reason{t("reason"), t("TEXT"), t("kept in the journal")};
const OptionSpec hosts{t("host"), t("HOST"), t("only this host; may be repeated"), true};
const OptionSpec limit{t("limit"), t("2MB/s"), t("at most so many bytes a second to each host: 500k, 2MB/s …")};
const OptionSpec fingerprint{t("fingerprint"), t("SHA256:…"), t("trust this key and no other, without asking")};

QList<CommandSpec> makeTable()
{
    return {
        {t("fleet import"), t("FILE…"), 1, -1, t("add or change hosts from fleet files, SSH configurations, Ansible inventories or CSV"),
         {{t("format"), t("FORMAT"), t("auto (default), fleet, ssh-config, ansible or csv")},
          {t("dry-run"), {}, t("only say what would change")}, json}, fleetImport},
        {t("fleet undo"), {}, 0, 0, t("take back the last change of the fleet"), {{t("dry-run"), {}, t("only say what would change")}, json}, fleetUndo},
        {t("fleet list"), {}, 0, 0, t("the hosts and what was measured last"), {filter, json}, fleetList},
        {t("fleet export"), t("FILE"), 1, 1, t("write a fleet file"), {}, fleetExport},
        {t("fleet check"), {}, 0, 0, t("measure: version, health, disk, database, backups, ledger, lock"), {filter, json}, fleetCheck},
        {t("fleet set"), t("HOST KEY=VALUE…"), 2, -1, t("change a host, e.g. port=2222 groups=eu,canary labels.site=berlin"), {}, fleetSet},
        {t("fleet remove"), t("HOST…"), 1, -1, t("forget hosts; their history stays"), {reason}, fleetRemove},
        {t("host trust"), t("[HOST]"), 0, 1, t("show a host's SSH key and trust it, or take keys from a known_hosts file or a list of fingerprints"),
         {fingerprint, reason, {t("import"), t("FILE"), t("a known_hosts file, lines NAME SHA256:… or what ssh-keygen -l prints: keys of machines in the fleet")},
          {t("dry-run"), {}, t("with --import: only say what would be taken")},
          {t("yes"), {}, t("with --import: take them without asking at the terminal")}, json}, hostTrust},
        {t("host shell"), t("HOST"), 1, 1, t("print the ssh command for a host"), {}, hostShell},
        {t("host put"), t("FILE [HOST[,HOST…]]"), 1, 2, t("copy a file to hosts, whole or not at all; a part that is there is gone on with"),
         {{t("to"), t("PATH"), t("where to on the hosts, absolute; with / at its end: a folder, the name stays")}, filter, limit,
          {t("mode"), t("0644"), t("its permissions there (default: those of the file it replaces, else 0644)")}, reason, json}, hostPut},
        {t("host get"), t("HOST PATH"), 2, 2, t("copy a file from a host; a part that is here is gone on with"),
         {{t("to"), t("FILE"), t("where to on this computer (default: its name, here)")}, limit, reason, json}, hostGet},
        {t("host copies"), t("[HOST]"), 0, 1, t("which files were copied to hosts or from them, by whom and when, as the journal has it"), {json}, hostCopies},
        {t("profiles list"), {}, 0, 0, t("the products that are known"), {json}, profilesList},
        {t("profiles show"), t("ID"), 1, 1, t("a product's steps, ways back and settings"), {json}, profilesShow},
        {t("profiles check"), t("FILE…"), 1, -1, t("check profile files"), {json}, profilesCheck},
        {t("profiles read-log"), t("ID FILE"), 2, 2, t("what a product's log reader makes of a saved log"), {json}, profilesReadLog},
        {t("releases list"), t("PRODUCT"), 1, 1, t("the releases that are known"), {json}, releasesList},
        {t("releases import"), t("FILE"), 1, 1, t("take over a release catalogue"), {}, releasesImport},
        {t("plan"), {}, 0, 0, t("measure, then make the plan of an upgrade"),
         {{t("product"), t("P"), t("product (profile id)")}, {t("to"), t("V"), t("version to reach")}, filter,
          {t("strategy"), t("NAME|FILE"), t("standard (default), careful, fast, demo or a file")},
          {t("out"), t("FILE"), t("write the plan there")}, json}, planCommand},
        {t("run"), t("PLAN"), 1, 1, t("carry out a plan, canary first"),
         {{t("yes"), {}, t("approve it as its author (reports say: single person)")},
          {t("acknowledge-notes"), {}, t("the release notes were read")},
          {t("auto-promote"), {}, t("do not stop at the canary's gate")},
          {t("bake-scale"), t("X"), t("scale bakes and steadiness, e.g. 0.01")},
          {t("take-over"), t("REASON"), t("take over hosts whose console has gone silent, for this reason, without asking")}, json}, runCommand},
        {t("resume"), t("ROLLOUT"), 1, 1, t("go on after a pause or an interruption"), {reason, json}, resumeCommand},
        {t("pause"), t("ROLLOUT"), 1, 1, t("begin no further host"), {reason}, pauseCommand},
        {t("promote"), t("ROLLOUT"), 1, 1, t("let the canary's gate pass"), {reason, json}, promoteCommand},
        {t("abort"), t("ROLLOUT"), 1, 1, t("end a rollout where it is"), {reason, json}, abortCommand},
        {t("retry"), t("ROLLOUT"), 1, 1, t("try failed and deferred hosts again"), {hosts, reason, json}, retryCommand},
        {t("skip"), t("ROLLOUT"), 1, 1, t("leave hosts out, with a reason"), {hosts, reason, json}, skipCommand},
        {t("take-over"), t("ROLLOUT"), 1, 1, t("take hosts over from a console that has gone silent, with a reason"), {hosts, reason, json}, takeOverCommand},
        {t("rollback"), t("ROLLOUT"), 1, 1, t("take hosts back, newest first"),
         {hosts, {t("way"), t("WAY"), t("auto (default), tag-only or restore")},
          {t("confirm"), t("DOMAIN"), t("domain of a host that is restored; may be repeated"), true},
          {t("dry-run"), {}, t("only show verdicts, evidence and loss")}, reason, json}, rollbackCommand},
        {t("stop-all"), {}, 0, 0, t("begin no further step in any rollout, there or back"), {reason, json}, stopAllCommand},
        {t("release"), {}, 0, 0, t("let what stop-all has stopped go on"), {reason, json}, releaseCommand},
        {t("status"), t("[ROLLOUT]"), 0, 1, t("rollouts, or one in detail"),
         {{t("follow"), {}, t("go on until it rests")}, json}, statusCommand},
        {t("logs"), t("ROLLOUT HOST"), 2, 2, t("the output of a host's steps"),
         {{t("step"), t("S"), t("only this step")}, {t("raw"), {}, t("bytes as they came")}}, logsCommand},
        {t("migrations"), t("ROLLOUT [HOST]"), 1, 2, t("the migrations that ran"), {json}, migrationsCommand},
        {t("report"), t("ROLLOUT"), 1, 1, t("write the evidence of a rollout"),
         {{t("format"), t("F"), t("html, pdf, csv, json or md")}, {t("out"), t("FILE"), t("where to")},
          {t("sign"), t("KEY"), t("sign it with this SSH key into FILE.sig")}}, reportCommand},
        {t("verify"), t("[FILE]"), 0, 1, t("verify the journal, or a JSON report"),
         {{t("journal"), {}, t("the journal of the data folder")}, json}, verifyCommand},
        {t("demo up"), {}, 0, 0, t("start a fleet of real sshd hosts on loopback"),
         {{t("hosts"), t("N"), t("how many (default 6)")}, {t("port"), t("P"), t("SSH port (default: a free one)")},
          {t("network"), t("127.X.Y"), t("the loopback addresses of the hosts (default 127.0.10)")}}, demoUp},
        {t("demo down"), {}, 0, 0, t("end every process that demo up started"), {}, demoDown},
        {t("demo status"), {}, 0, 0, t("the loopback fleet"), {}, demoStatus},
        {t("drill"), t("HOST"), 0, -1, {}, {}, nullptr},
    };
}

} // namespace

const QList<CommandSpec> &commandTable()
{
    static const QList<CommandSpec> table = makeTable();
    return table;
}

const QList<OptionSpec> &globalOptions()
{
    static const QList<OptionSpec> options{
        {t("data"), t("DIR"), t("data folder (default: $BELLWETHER_DATA or ~/.local/share/bellwether)")},
        {t("read-only"), {}, t("change nothing, ask no host")},
        {t("lang"), t("xx"), t("language of the texts")},
    };
    return options;
}

} // namespace bellwether
