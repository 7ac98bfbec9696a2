#include "rolloutview/logworker.h"

#include "base/wholefile.h"

#include <QFileInfo>
#include <QTimer>
#include <sys/stat.h>

namespace bellwether {
namespace {

constexpr qint64 chunk = 4 << 20; // bytes read before results are shown
constexpr qsizetype mostHits = 100'000;

} // namespace

LogWorker::LogWorker(std::shared_ptr<Mailbox<LogService::Message>> results) : m_results(std::move(results))
{
    m_commands.setWake([this] { QMetaObject::invokeMethod(this, [this] { work(); }, Qt::QueuedConnection); });
}

void LogWorker::command(Command command)
{
    m_commands.put(std::move(command));
}

void LogWorker::stop()
{
    delete m_timer;
    m_timer = nullptr;
    m_readings.clear();
}

void LogWorker::work()
{
    if (!m_timer) {
        m_timer = new QTimer(this);
        m_timer->setInterval(250);
        connect(m_timer, &QTimer::timeout, this, &LogWorker::look);
        m_timer->start();
    }
    for (const Command &command : m_commands.takeAll()) {
        if (const auto *wanted = std::get_if<Show>(&command)) {
            show(*wanted);
        } else if (const auto *find = std::get_if<Find>(&command)) {
            m_search = find->search;
            m_needle = find->needle;
            m_hits.clear();
            for (Reading &reading : m_readings)
                reading.searchedBlocks = reading.searchedLines = 0;
        } else if (const auto *wish = std::get_if<Save>(&command)) {
            save(*wish);
        }
    }
    look();
    search();
}

void LogWorker::show(const Show &show)
{
    std::vector<Reading> next;
    for (const LogPart &part : show.parts) {
        const auto old = std::ranges::find_if(m_readings, [&](const Reading &reading) {
            return reading.part.token == part.token && reading.part.path == part.path;
        });
        if (old != m_readings.end())
            next.push_back(std::move(*old));
        else
            next.emplace_back();
        next.back().part = part;
        next.back().dirty = true;
        next.back().searchedBlocks = next.back().searchedLines = 0;
    }
    m_readings = std::move(next);
    m_hits.clear();
    m_round = show.round;
}

void LogWorker::look()
{
    bool grew = false, more = false;
    for (size_t i = 0; i < m_readings.size(); ++i) {
        more = readMore(m_readings[i]) || more;
        if (m_readings[i].dirty) {
            publish(static_cast<int>(i));
            grew = true;
        }
    }
    if (grew)
        search();
    if (more) // between two chunks the commands of the window are heard
        QMetaObject::invokeMethod(this, [this] { look(); }, Qt::QueuedConnection);
}

// True when there is more to read at once.
bool LogWorker::readMore(Reading &reading)
{
    struct stat status {};
    const QByteArray path = QFile::encodeName(reading.part.path);
    if (reading.part.path.isEmpty() || ::stat(path.constData(), &status) != 0) {
        return false;
    }
    const auto inode = static_cast<qint64>(status.st_ino);
    if (reading.exists && (inode != reading.inode || status.st_size < reading.offset)) {
        const LogPart part = reading.part; // replaced or cut: from the start
        reading = Reading{};
        reading.part = part;
        reading.dirty = true;
    }
    if (reading.exists && status.st_size == reading.offset && reading.problem.isEmpty())
        return false;
    QFile file(reading.part.path);
    if (!S_ISREG(status.st_mode) || !file.open(QIODevice::ReadOnly) || !file.seek(reading.offset)) {
        const QString problem = S_ISREG(status.st_mode) ? file.errorString() : QStringLiteral("not a file");
        reading.dirty = reading.dirty || problem != reading.problem;
        reading.problem = problem;
        return false;
    }
    const QByteArray bytes = file.read(chunk);
    reading.problem.clear();
    reading.exists = true;
    reading.inode = inode;
    reading.offset += bytes.size();
    reading.dirty = true;
    take(reading, reading.text.feed(bytes));
    return !bytes.isEmpty() && reading.offset < status.st_size;
}

void LogWorker::take(Reading &reading, const QList<LogLine> &lines)
{
    for (const LogLine &line : lines) {
        reading.tail.append(line);
        if (reading.tail.lines() == LogBlock::full) {
            reading.blocks.append(std::make_shared<const LogBlock>(std::move(reading.tail)));
            reading.tail = LogBlock{};
        }
    }
    while (reading.blocks.size() * qsizetype{LogBlock::full} > LogService::keptLines) {
        reading.blocks.removeFirst();
        reading.left += LogBlock::full;
        reading.searchedBlocks = reading.searchedLines = 0;
        m_hits.clear(); // counted again from the new beginning
        for (Reading &other : m_readings)
            other.searchedBlocks = other.searchedLines = 0;
    }
}

void LogWorker::publish(int index)
{
    Reading &reading = m_readings[static_cast<size_t>(index)];
    reading.dirty = false;
    LogPartLines lines;
    lines.blocks = reading.blocks;
    lines.left = reading.left;
    lines.exists = reading.exists;
    lines.problem = reading.problem;
    lines.lines = reading.blocks.size() * qsizetype{LogBlock::full} + reading.tail.lines();
    LogBlock tail = reading.tail;
    if (reading.text.hasUnfinished()) {
        tail.append(reading.text.unfinished());
        ++lines.lines;
    }
    if (tail.lines() > 0)
        lines.blocks.append(std::make_shared<const LogBlock>(std::move(tail)));
    m_results->put(LogService::PartRead{m_round, index, std::move(lines)});
}

// Goes on from where the last search ended; only whole lines are searched.
void LogWorker::search()
{
    if (m_needle.isEmpty())
        return;
    for (size_t i = 0; i < m_readings.size(); ++i) {
        Reading &reading = m_readings[i];
        for (; reading.searchedBlocks < reading.blocks.size(); ++reading.searchedBlocks) {
            if (m_wanted.load() != m_search)
                return;
            searchBlock(*reading.blocks[reading.searchedBlocks], reading.searchedLines, static_cast<int>(i),
                        qint64{reading.searchedBlocks} * LogBlock::full);
            reading.searchedLines = 0;
        }
        searchBlock(reading.tail, reading.searchedLines, static_cast<int>(i),
                    qint64{reading.searchedBlocks} * LogBlock::full);
        reading.searchedLines = reading.tail.lines();
    }
    std::ranges::sort(m_hits);
    m_results->put(LogService::Found{m_search, m_hits, true});
}

void LogWorker::searchBlock(const LogBlock &block, int from, int part, qint64 firstLine)
{
    for (int line = from; line < block.lines() && m_hits.size() < mostHits; ++line)
        if (block.line(line).contains(m_needle, Qt::CaseInsensitive))
            m_hits.append({part, firstLine + line});
}

void LogWorker::save(const Save &save)
{
    QSaveFile out;
    if (const Status opened = openFile(out, save.file); !opened)
        return m_results->put(LogService::Saved{save.file, opened.error()});
    for (const LogPart &part : save.parts) {
        out.write("== " + part.title.toUtf8() + "\n");
        QFile in(part.path);
        LogText text(1 << 20);
        if (!in.open(QIODevice::ReadOnly))
            continue; // a step without output
        while (!in.atEnd()) {
            QByteArray clean;
            for (const LogLine &line : text.feed(in.read(1 << 20)))
                clean += line.text.toUtf8() + '\n';
            out.write(clean); // what fails here fails again at its end
        }
        if (text.hasUnfinished())
            out.write(text.unfinished().text.toUtf8() + '\n');
    }
    const Status closed = closeFile(out);
    m_results->put(LogService::Saved{save.file, closed ? std::nullopt : std::optional(closed.error())});
}

} // namespace bellwether
