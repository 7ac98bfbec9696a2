#pragma once
// The command line: one table of commands and options, and what was typed made sense of with it. Names are a contract.
#include "base/error.h"

#include <QMap>

namespace bellwether {

struct Context;

struct OptionSpec {
    QString name;       // without the dashes
    QString value;      // what stands for its value in the help; empty = a switch
    QString help;
    bool repeatable = false;
};

struct CommandSpec {
    QString name;        // "fleet import"
    QString positionals; // as shown: "FILE…"
    int fewest = 0, most = 0; // of positionals; most −1 = any number
    QString summary;
    QList<OptionSpec> options;
    Result<int> (*run)(Context &) = nullptr; // exit code; null = not in this version
};

const QList<CommandSpec> &commandTable();
const QList<OptionSpec> &globalOptions();

struct Invocation {
    const CommandSpec *command = nullptr; // null: the desktop console
    QStringList positionals;
    QMap<QString, QStringList> options; // by name, in order of appearance
    bool help = false, version = false;
    QString helpTopic; // what help was asked for: a command, a group ("fleet") or empty

    bool has(const QString &option) const { return options.contains(option); }
    QString value(const QString &option, const QString &otherwise = {}) const;
    QStringList values(const QString &option) const { return options.value(option); }
};

// Usage with one line for whatever is wrong.
Result<Invocation> parseCommandLine(const QStringList &arguments); // without the program's name

QString helpText(const QString &topic);

} // namespace bellwether
