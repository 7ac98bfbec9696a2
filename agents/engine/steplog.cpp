#include "engine/steplog.h"

#include <QDir>
#include <QFileInfo>

namespace bellwether {

namespace {
constexpr qint64 keepBytes = 8 << 20;
constexpr qsizetype tailBytes = 2048;
} // namespace

StepLog::StepLog(const QString &path)
    : m_file(path)
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
    keep(m_clean.feed(bytes));
}

void StepLog::finish()
{
    keep(m_clean.finish());
}

void StepLog::keep(const QByteArray &bytes)
{
    if (bytes.isEmpty())
        return;
    m_tail = (m_tail + bytes.right(tailBytes)).right(tailBytes);
    if (!m_file.isOpen() || m_full)
        return;
    const QByteArray kept = bytes.left(std::max<qint64>(0, keepBytes - m_written));
    m_written += m_file.write(kept);
    if (kept.size() < bytes.size()) {
        m_full = true;
        m_file.write("\n[the rest of the output is kept on the host only]\n");
    }
    m_file.flush();
}

} // namespace bellwether
