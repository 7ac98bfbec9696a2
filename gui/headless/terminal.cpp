#include "headless/terminal.h"

#include "text/errortext.h"

#include <QJsonDocument>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <unistd.h>

namespace bellwether {

namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

std::atomic<std::int64_t> firstInterrupt{0}; // seconds of the monotonic clock

// The first asks for an orderly end. Where that is held up (an agent that waits for a touch, a disk that hangs), another
// one a moment later ends at once: the journal is made for that.
extern "C" void onInterrupt(int)
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!interrupted.exchange(true))
        firstInterrupt.store(now.tv_sec);
    else if (now.tv_sec - firstInterrupt.load() >= 2)
        _exit(130);
}

std::mutex turns;

void put(FILE *to, const QByteArray &bytes)
{
    const std::scoped_lock lock(turns);
    std::fwrite(bytes.constData(), 1, static_cast<size_t>(bytes.size()), to);
}

} // namespace

void Terminal::line(const QString &text)
{
    clearBar();
    put(stdout, text.toUtf8() + '\n');
}

void Terminal::raw(const QByteArray &bytes)
{
    clearBar();
    put(stdout, bytes);
}

void Terminal::table(const QStringList &header, const QList<QStringList> &rows)
{
    QList<QStringList> all{header};
    all += rows;
    QList<qsizetype> widths(header.size(), 0);
    for (QStringList &row : all) {
        for (qsizetype i = 0; i < row.size() && i < widths.size(); ++i) {
            row[i] = printable(row[i], 200);
            if (i + 1 < row.size())
                widths[i] = std::max(widths[i], row[i].size());
        }
    }
    for (const QStringList &row : all) {
        QString text;
        for (qsizetype i = 0; i < row.size() && i < widths.size(); ++i)
            text += i + 1 < row.size() ? row[i].leftJustified(widths[i]) + QStringLiteral("  ") : row[i];
        while (text.endsWith(u' '))
            text.chop(1);
        line(text);
    }
}

void Terminal::json(const QJsonObject &document)
{
    clearBar();
    put(stdout, QJsonDocument(document).toJson(QJsonDocument::Indented));
}

void Terminal::jsonLine(const QJsonObject &document)
{
    clearBar();
    put(stdout, QJsonDocument(document).toJson(QJsonDocument::Compact) + '\n');
    flush();
}

void Terminal::progress(const QString &text)
{
    clearBar();
    put(stderr, printable(text, 500).toUtf8() + '\n');
}

void Terminal::bar(int done, int total, const QString &text)
{
    if (!isatty(STDERR_FILENO) || total <= 0)
        return;
    constexpr int width = 24;
    const int filled = std::clamp(done * width / total, 0, width);
    const QString shown = QStringLiteral("\r\033[K[%1%2] %3/%4  %5")
        .arg(QString(filled, u'#'), QString(width - filled, u'-')).arg(done).arg(total).arg(printable(text, 44));
    put(stderr, shown.toUtf8());
    std::fflush(stderr);
    m_barShown = true;
}

void Terminal::clearBar()
{
    if (m_barShown)
        put(stderr, "\r\033[K");
    m_barShown = false;
}

void Terminal::error(const QString &sentence)
{
    clearBar();
    std::fflush(stdout);
    put(stderr, "bellwether: " + sentence.toUtf8() + '\n');
}

bool Terminal::canAsk() const
{
    // In the background, reading or changing the terminal stops the whole process, engine and leases included.
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

bool Terminal::ask(const QString &question)
{
    clearBar();
    put(stderr, printable(question, 1000).toUtf8() + " [y/N] ");
    std::fflush(stderr);
    char answer[16] = {};
    if (!std::fgets(answer, sizeof answer, stdin))
        return false;
    const QByteArray word = QByteArray(answer).trimmed().toLower();
    return word == "y" || word == "yes";
}

bool Terminal::flush()
{
    if (std::fflush(stdout) != 0 || std::ferror(stdout))
        m_broken = true;
    return !m_broken;
}

Terminal::Turn::Turn()
{
    turns.lock();
    if (isatty(STDERR_FILENO))
        std::fputs("\r\033[K", stderr); // a bar may stand there
}

Terminal::Turn::~Turn()
{
    turns.unlock();
}

void Terminal::Turn::say(const QString &text) const
{
    const bool line = text.endsWith(u'\n');
    std::fputs((printable(line ? text.chopped(1) : text, 1000).toUtf8() + (line ? "\n" : "")).constData(), stderr);
    std::fflush(stderr);
}

void catchInterrupts()
{
    struct sigaction action = {};
    action.sa_handler = onInterrupt;
    sigemptyset(&action.sa_mask); // no SA_RESTART: a question that waits for an answer ends too
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before = {};
        if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) // as nohup wants it
            sigaction(signal, &action, nullptr);
    }
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
}

bool isInterrupted()
{
    return interrupted.load();
}

void pauseFor(int milliseconds)
{
    for (; milliseconds > 0 && !isInterrupted(); milliseconds -= 50) {
        const timespec slice{0, std::min(milliseconds, 50) * 1'000'000L};
        nanosleep(&slice, nullptr);
    }
}

} // namespace bellwether
