#include "logging/logging.h"

#include "logging/redactor.h"

#include <QDir>
#include <QFile>
#include <QtGlobal>
#include <cstdio>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/spdlog.h>

namespace bellwether {

namespace {

constexpr size_t fileLimit = 5 << 20;
constexpr size_t filesKept = 3;
bool isQuiet = false;

spdlog::level::level_enum levelOf(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg:
        return spdlog::level::debug;
    case QtInfoMsg:
        return spdlog::level::info;
    case QtWarningMsg:
        return spdlog::level::warn;
    case QtCriticalMsg:
        return spdlog::level::err;
    case QtFatalMsg:
        return spdlog::level::critical;
    }
    return spdlog::level::info;
}

void takeQtMessage(QtMsgType type, const QMessageLogContext &context, const QString &text)
{
    const QByteArray line = logLine((context.category ? QByteArray(context.category) + ": " : QByteArray()) + text.toUtf8());
    if (const auto logger = spdlog::default_logger())
        logger->log(levelOf(type), "{}", std::string_view(line.constData(), static_cast<size_t>(line.size())));
    if (!isQuiet && type != QtDebugMsg && type != QtInfoMsg)
        std::fprintf(stderr, "%s\n", line.constData());
}

} // namespace

QByteArray logLine(const QByteArray &text)
{
    QByteArray line;
    for (const char c : processRedactor().redact(text)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte == '\n' || byte == '\r' || byte == '\t')
            line += ' ';
        else if (byte < 0x20 || byte == 0x7f)
            line += "\\x" + QByteArray::number(byte, 16).rightJustified(2, '0');
        else
            line += c;
    }
    return line.size() > 8192 ? line.left(8192) + " [cut]" : line;
}

void startLogging(const QString &dataFolder, bool quiet)
{
    isQuiet = quiet;
    const QString folder = dataFolder + QStringLiteral("/logs");
    try {
        if (!QDir().mkpath(folder))
            throw spdlog::spdlog_ex("the folder cannot be made");
        QFile::setPermissions(folder, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        auto logger = spdlog::rotating_logger_mt("bellwether", QFile::encodeName(folder + QStringLiteral("/bellwether.log")).toStdString(), fileLimit, filesKept);
        logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l [%P] %v", spdlog::pattern_time_type::utc);
        logger->flush_on(spdlog::level::warn);
        spdlog::set_default_logger(std::move(logger));
    } catch (const spdlog::spdlog_ex &error) {
        spdlog::set_default_logger(nullptr);
        if (!quiet)
            std::fprintf(stderr, "bellwether: no log is kept in this run: %s\n", error.what());
    }
    qInstallMessageHandler(takeQtMessage);
}

void stopLogging()
{
    qInstallMessageHandler(nullptr);
    spdlog::shutdown();
}

} // namespace bellwether
