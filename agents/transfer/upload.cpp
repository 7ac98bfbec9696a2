#include "transfer/upload.h"

#include <QFileInfo>

namespace bellwether {

namespace {

QString shortSum(const QByteArray &of, int length)
{
    return QString::fromLatin1(QCryptographicHash::hash(of, QCryptographicHash::Sha256).toHex().left(length));
}

} // namespace

Upload::Upload(CopyPlace place, To to, UploadSource source, QString mode, std::function<void()> ended)
    : Copy(std::move(place), std::move(to), std::move(ended))
    , m_source(std::move(source))
    , m_mode(std::move(mode))
{
    m_total = m_source.file->size();
    m_sha256 = QString::fromLatin1(m_source.sha256);
    setPath(m_to.path);
}

void Upload::setPath(const QString &path)
{
    m_to.path = path;
    const QString folder = m_to.path.left(m_to.path.lastIndexOf(u'/') + 1);
    const QString target = QStringLiteral(".bwr-%1-").arg(shortSum(m_to.path.toUtf8(), 12));
    m_parts = target + QStringLiteral("*.part");
    m_part = folder + target + shortSum(m_source.sha256 + ' ' + QByteArray::number(m_total), 24) + QStringLiteral(".part");
}

void Upload::run()
{
    if (!m_provenStart)
        enter(CopyState::Checking);
    ask({QStringLiteral("begin"), m_to.path, m_part, m_parts}, {}, [this](const HostAnswer &answer) {
        if (answer.err == "gone") // another console has just put it into its place
            return startAnew();
        const qint64 have = answer.number("have", -1), there = answer.number("there", -1), freeKb = answer.number("free", -1);
        if (have < 0)
            return end(Error{ErrorCode::OutputUnreadable, {m_to.name, QStringLiteral("the copy's begin"), QStringLiteral("it names no size")}, {}, nullptr});
        if (there == m_total && !m_differs)
            return prove();
        if (freeKb >= 0 && (m_total - have + 1023) / 1024 > freeKb) {
            const Error full{ErrorCode::HostNoRoom, {m_to.name, QFileInfo(m_to.path).path(), QString::number(m_total - have), QString::number(freeKb * 1024)}, {}, nullptr};
            if (have > 0)
                return end(full);
            return ask({QStringLiteral("drop"), m_part}, {}, [this, full](const HostAnswer &) { end(full); });
        }
        m_at = have >= m_total ? m_total : PieceSize::aligned(have);
        if (have > m_total) { // no part of this file
            m_at = 0;
            return ask({QStringLiteral("drop"), m_part}, {}, [this](const HostAnswer &) { startAnew(); });
        }
        if (m_at == 0 || m_provenStart)
            return goOn();
        checkWhatIsThere();
    });
}

// Left by another run: after a power cut a part may have its size and not its content.
void Upload::checkWhatIsThere()
{
    ExecRequest request;
    request.timeoutMs = sumTimeoutMs(m_at);
    ask({QStringLiteral("sum"), m_part, QString::number(m_at)}, request, [this](const HostAnswer &answer) {
        sum(m_source.file->file(), m_at, [this, theirs = answer.fields.value("sum")](const QByteArray &ours) {
            if (theirs == ours) {
                m_provenStart = true;
                return goOn();
            }
            m_at = 0;
            ask({QStringLiteral("drop"), m_part}, {}, [this](const HostAnswer &) { startAnew(); });
        });
    });
}

void Upload::goOn()
{
    m_provenStart = true;
    if (m_at >= m_total)
        return prove();
    enter(CopyState::Copying);
    const qint64 length = std::min(pieceBytes(), m_total - m_at);
    paced(length, [this, length] { sendPiece(length); });
}

void Upload::sendPiece(qint64 length)
{
    auto piece = std::make_shared<Result<QByteArray>>();
    onFiles([piece, file = m_source.file, at = m_at, length] {
        *piece = file->read(at, length);
        return true;
    }, [this, piece, length] {
        if (!*piece)
            return end(piece->error());
        ExecRequest request;
        request.input = std::move(**piece);
        request.timeoutMs = 120'000;
        ask({QStringLiteral("put"), m_part, QString::number(m_at), QString::number(length)}, std::move(request),
            [this, length, sent = nowMs()](const HostAnswer &answer) { pieceArrived(answer, length, sent); });
    });
}

void Upload::pieceArrived(const HostAnswer &answer, qint64 length, qint64 sentMs)
{
    if (answer.err == "gone")
        return startAnew();
    const qint64 have = answer.number("have", -1);
    if (have < m_at + length)
        return startAnew(); // cut short, and yet answered
    m_piece.carried(length, nowMs() - sentMs);
    m_at += length;
    moved(length, length);
    goOn();
}

void Upload::prove()
{
    enter(CopyState::Proving);
    auto same = std::make_shared<Status>();
    onFiles([same, file = m_source.file] {
        *same = file->unchanged();
        return true;
    }, [this, same] {
        if (!*same)
            return end(same->error());
        ExecRequest request;
        request.timeoutMs = sumTimeoutMs(2 * m_total);
        ask({QStringLiteral("end"), m_to.path, m_part, QString::number(m_total), m_sha256, m_mode}, request, [this](const HostAnswer &answer) {
            if (answer.err == "short" || answer.err == "gone") {
                m_differs = true;
                return startAnew();
            }
            if (answer.err == "sum") { // the host has thrown it away
                if (std::exchange(m_again, true))
                    return end(Error{ErrorCode::TransferMismatch, {m_to.name, m_to.path, m_sha256, answer.text("sum")}, {}, nullptr});
                m_at = 0;
                return startAnew();
            }
            m_already = answer.number("already", 0) == 1;
            m_at = m_total;
            end({});
        });
    });
}

} // namespace bellwether
