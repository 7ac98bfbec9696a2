#include "engine/steplog.h"

#include <QDir>
#include <QFileInfo>
#include <QLocale>

#include <algorithm>
#include <utility>

namespace bellwether {

namespace {

constexpr qsizetype lateBytes = 2 << 20, tailBytes = 2048, longestKey = 64 << 10;

// The end of a private key's block whose beginning was left out: without that the redactor does not know it.
QByteArray withoutCutKey(const QByteArray &text)
{
    const qsizetype end = text.indexOf("-----END "), begin = text.indexOf("-----BEGIN ");
    if (end < 0 || (begin >= 0 && begin < end))
        return text;
    const qsizetype next = text.indexOf('\n', end);
    return next < 0 ? QByteArray() : text.mid(next + 1);
}

} // namespace

StepLog::StepLog(const QString &path, QString onHost)
    : m_file(path)
    , m_onHost(std::move(onHost))
{
    QDir().mkpath(QFileInfo(path).absolutePath());
    m_file.open(QIODevice::WriteOnly | QIODevice::Truncate); // a log that cannot be kept stops no rollout
}

StepLog::~StepLog()
{
    finish();
}

void StepLog::append(const QByteArray &bytes)
{
    if (!m_holds)
        return keep(m_clean.feed(bytes));
    m_held += bytes;
    if (m_held.size() >= longestKey) {
        m_holds = false;
        keep(m_clean.feed(withoutCutKey(std::exchange(m_held, {}))));
    }
}

void StepLog::skip(qint64 bytes)
{
    settle();
    m_missing += bytes;
    m_holds = m_headEnded = true;
    m_tail.clear();
    if (!m_late.isEmpty())
        keepLate(m_late.endsWith('\n') ? "[\u2026]\n" : "\n[\u2026]\n");
}

void StepLog::finish()
{
    settle();
    if (!m_file.isOpen())
        return;
    if (const qint64 missing = std::exchange(m_missing, 0); missing > 0)
        note(QStringLiteral("[%1 are not shown; they are on the host in %2]")
                 .arg(QLocale::c().formattedDataSize(missing, 1, QLocale::DataSizeSIFormat), m_onHost).toUtf8());
    m_file.write(std::exchange(m_late, {}));
    m_file.flush();
}

// Nothing that has come is held back any longer.
void StepLog::settle()
{
    if (std::exchange(m_holds, false))
        keep(m_clean.feed(withoutCutKey(std::exchange(m_held, {}))));
    keep(m_clean.finish());
}

void StepLog::keep(const QByteArray &bytes)
{
    if (bytes.isEmpty())
        return;
    m_tail = (m_tail + bytes.right(tailBytes)).right(tailBytes);
    if (!m_file.isOpen())
        return;
    if (m_headEnded)
        return keepLate(bytes);
    const qsizetype room = std::min<qsizetype>(bytes.size(), headBytes - m_written);
    const qsizetype fits = room == bytes.size() ? room : bytes.left(room).lastIndexOf('\n') + 1;
    m_file.write(bytes.left(fits));
    m_written += fits;
    if (fits > 0)
        m_inLine = bytes[fits - 1] != '\n';
    if (fits < bytes.size()) {
        m_headEnded = true;
        note("[here its beginning ends; its end follows once the step has ended]");
        keepLate(bytes.mid(fits));
    }
    m_file.flush();
}

void StepLog::note(const QByteArray &words)
{
    m_file.write((std::exchange(m_inLine, false) ? "\n" : "") + words + '\n');
}

void StepLog::keepLate(const QByteArray &bytes)
{
    m_late += bytes;
    if (m_late.size() <= 2 * lateBytes)
        return;
    const qsizetype cut = m_late.indexOf('\n', m_late.size() - lateBytes) + 1; // 0: a line without end; it is cut anywhere
    const qsizetype gone = cut > 0 ? cut : m_late.size() - lateBytes;
    m_missing += gone;
    m_late.remove(0, gone);
}

} // namespace bellwether
