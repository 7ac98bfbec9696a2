#include "headless/commandline.h"

#include <algorithm>

namespace bellwether {

namespace {

QString tooMany(const CommandSpec &command)
{
    if (command.most == 0)
        return QStringLiteral("\"%1\" takes no argument besides its options").arg(command.name);
    return QStringLiteral("\"%1\" takes no more than %2 argument(s): %3").arg(command.name).arg(command.most).arg(command.positionals);
}

bool isGroup(const QString &word)
{
    return std::ranges::any_of(commandTable(), [&](const CommandSpec &c) { return c.name.startsWith(word + u' '); });
}

const CommandSpec *findCommand(const QString &name)
{
    const auto it = std::ranges::find(commandTable(), name, &CommandSpec::name);
    return it == commandTable().end() ? nullptr : &*it;
}

QString commandsOf(const QString &group)
{
    QStringList names;
    for (const CommandSpec &command : commandTable()) {
        if (command.run && command.name.startsWith(group + u' '))
            names.append(command.name.mid(group.size() + 1));
    }
    return names.join(QStringLiteral(", "));
}

// Takes the words that name the command off the front.
Result<const CommandSpec *> takeCommand(QStringList &words)
{
    const QString first = words.takeFirst();
    if (const CommandSpec *command = findCommand(first))
        return command;
    if (!isGroup(first))
        return fail(ErrorCode::Usage, {QStringLiteral("There is no command \"%1\"").arg(first)});
    if (words.isEmpty())
        return fail(ErrorCode::Usage, {QStringLiteral("\"%1\" needs one of: %2").arg(first, commandsOf(first))});
    const QString name = first + u' ' + words.takeFirst();
    if (const CommandSpec *command = findCommand(name))
        return command;
    return fail(ErrorCode::Usage, {QStringLiteral("There is no command \"%1\"; there are: %2").arg(name, commandsOf(first))});
}

const OptionSpec *findOption(const QList<OptionSpec> &options, const QString &name)
{
    const auto it = std::ranges::find(options, name, &OptionSpec::name);
    return it == options.end() ? nullptr : &*it;
}

struct Typed { // an option as typed, before it is known whose it is
    QString name;
    QString inlineValue;
    bool hasInline = false;
    qsizetype index = 0; // of the word
};

// Which options take a value does not depend on the command, so that options may stand anywhere.
const OptionSpec *optionAnywhere(const QString &name)
{
    if (const OptionSpec *option = findOption(globalOptions(), name))
        return option;
    for (const CommandSpec &command : commandTable()) {
        if (const OptionSpec *option = findOption(command.options, name))
            return option;
    }
    return nullptr;
}

Result<QList<std::pair<QString, QString>>> takeOptions(const QStringList &arguments, QStringList &words, Invocation &result)
{
    QList<std::pair<QString, QString>> options;
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        const QString &word = arguments[i];
        if (word == QLatin1String("--")) {
            words += arguments.mid(i + 1);
            break;
        }
        if (word == QLatin1String("--help") || word == QLatin1String("-h")) {
            result.help = true;
            continue;
        }
        if (word == QLatin1String("--version")) {
            result.version = true;
            continue;
        }
        if (!word.startsWith(u'-') || word == QLatin1String("-")) {
            words.append(word);
            continue;
        }
        const qsizetype equals = word.indexOf(u'=');
        const QString name = word.startsWith(QLatin1String("--")) ? word.mid(2, equals < 0 ? -1 : equals - 2) : QString();
        const OptionSpec *option = name.isEmpty() ? nullptr : optionAnywhere(name);
        if (!option)
            return fail(ErrorCode::Usage, {QStringLiteral("There is no option \"%1\"").arg(equals < 0 ? word : word.left(equals))});
        if (option->value.isEmpty()) {
            if (equals >= 0)
                return fail(ErrorCode::Usage, {QStringLiteral("--%1 takes no value").arg(name)});
            options.append({name, {}});
            continue;
        }
        const bool follows = equals < 0 && i + 1 < arguments.size();
        const QString value = equals >= 0 ? word.mid(equals + 1) : follows ? arguments[++i] : QString();
        if (value.isEmpty() || (follows && value.startsWith(QLatin1String("--"))))
            return fail(ErrorCode::Usage, {QStringLiteral("--%1 needs a value: --%1 %2").arg(name, option->value)});
        options.append({name, value});
    }
    return options;
}

Status takeOver(Invocation &result, const QList<std::pair<QString, QString>> &options)
{
    for (const auto &[name, value] : options) {
        const OptionSpec *option = findOption(globalOptions(), name);
        if (!option && result.command)
            option = findOption(result.command->options, name);
        if (!option)
            return fail(ErrorCode::Usage, {result.command ? QStringLiteral("\"%1\" has no option --%2").arg(result.command->name, name)
                                                          : QStringLiteral("--%1 needs a command").arg(name)});
        if (result.options.contains(name) && !option->repeatable)
            return fail(ErrorCode::Usage, {QStringLiteral("--%1 is given twice").arg(name)});
        result.options[name].append(value);
    }
    return {};
}

QString usageLine(const CommandSpec &command)
{
    QString line = QStringLiteral("bellwether ") + command.name;
    if (!command.positionals.isEmpty())
        line += u' ' + command.positionals;
    for (const OptionSpec &option : command.options)
        line += QStringLiteral(" [--%1%2]%3").arg(option.name, option.value.isEmpty() ? QString() : u' ' + option.value,
                                                  option.repeatable ? QStringLiteral("…") : QString());
    return line;
}

QString optionLines(const QList<OptionSpec> &options)
{
    QString text;
    for (const OptionSpec &option : options) {
        const QString left = QStringLiteral("--") + option.name + (option.value.isEmpty() ? QString() : u' ' + option.value);
        text += QStringLiteral("  %1 %2\n").arg(left, -26).arg(option.help);
    }
    return text;
}

} // namespace

QString Invocation::value(const QString &option, const QString &otherwise) const
{
    const QStringList all = options.value(option);
    return all.isEmpty() ? otherwise : all.last();
}

Result<Invocation> parseCommandLine(const QStringList &arguments)
{
    Invocation result;
    QStringList words;
    for (const QString &argument : arguments) {
        if (argument.contains(QChar(0)))
            return fail(ErrorCode::Usage, {QStringLiteral("An argument holds a NUL character")});
    }
    auto options = takeOptions(arguments, words, result);
    if (!options)
        return std::unexpected(options.error());
    if (result.help) { // whatever else was typed: help on as much of it as is a command
        if (!words.isEmpty() && (findCommand(words.first()) || isGroup(words.first()))) {
            result.helpTopic = words.first();
            if (words.size() > 1 && findCommand(words.mid(0, 2).join(u' ')))
                result.helpTopic = words.mid(0, 2).join(u' ');
        } else if (!words.isEmpty()) {
            return fail(ErrorCode::Usage, {QStringLiteral("There is no command \"%1\"").arg(words.first())});
        }
        return result;
    }
    if (!words.isEmpty()) {
        const auto command = takeCommand(words);
        if (!command)
            return std::unexpected(command.error());
        result.command = *command;
    }
    if (result.command && !result.command->run)
        return fail(ErrorCode::Usage, {QStringLiteral("\"%1\" is not in this version").arg(result.command->name)});
    if (const Status status = takeOver(result, *options); !status)
        return std::unexpected(status.error());
    result.positionals = words;
    if (!result.command)
        return result;
    if (words.size() < result.command->fewest)
        return fail(ErrorCode::Usage, {QStringLiteral("\"%1\" needs %2").arg(result.command->name, result.command->positionals)});
    if (result.command->most >= 0 && words.size() > result.command->most)
        return fail(ErrorCode::Usage, {tooMany(*result.command)});
    if (words.contains(QString()))
        return fail(ErrorCode::Usage, {QStringLiteral("An argument of \"%1\" is empty").arg(result.command->name)});
    return result;
}

QString helpText(const QString &topic)
{
    if (const CommandSpec *command = findCommand(topic)) {
        if (!command->run)
            return QStringLiteral("\"%1\" is not in this version.\n").arg(topic);
        return QStringLiteral("usage: %1\n\n%2\n\n%3  --help                     this text\n\nglobal options\n%4")
            .arg(usageLine(*command), command->summary, optionLines(command->options), optionLines(globalOptions()));
    }
    QString text = topic.isEmpty()
        ? QStringLiteral("usage: bellwether [OPTION]… [COMMAND]\n\n"
                         "Upgrades fleets of on-prem installations canary first, and knows the way back.\n"
                         "Without a command the desktop console opens.\n\ncommands (each with --help)\n")
        : QStringLiteral("usage: bellwether %1 COMMAND\n\n").arg(topic);
    for (const CommandSpec &command : commandTable()) {
        if (command.run && (topic.isEmpty() || command.name.startsWith(topic + u' ')))
            text += QStringLiteral("  %1 %2\n").arg(command.name, -20).arg(command.summary);
    }
    text += QStringLiteral("\nglobal options\n") + optionLines(globalOptions());
    if (topic.isEmpty())
        text += QStringLiteral("\nexit codes: 0 done · 1 internal error · 2 bad usage · 3 refused, nothing touched · 4 paused or stopped at a gate ·\n"
                               "  5 failed or half-migrated · 6 ended rolled back · 7 verification failed · 8 held by somebody else ·\n"
                               "  9 cannot reach a host · 130 interrupted, can be resumed\n");
    return text;
}

} // namespace bellwether
