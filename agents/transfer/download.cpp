#include "transfer/download.h"

#include <QRegularExpression>

namespace bellwether {

Download::Download(CopyPlace place, To from, QString localPath, std::function<void()> ended)
    : Copy(std::move(place), std::move(from), std::move(ended))
    , m_localPath(std::move(localPath))
{
}

void Download::run()
{
    if (m_target)
        return goOn();
    enter(CopyState::Checking);
    ExecRequest request;
    request.timeoutMs = 3'600'000; // its size is not known yet
    ask({QStringLiteral("info"), m_to.path}, request, [this](const HostAnswer &answer) {
        m_total = answer.number("size", -1);
        m_sha256 = answer.text("sum");
        static const QRegularExpression sumForm(QStringLiteral("\\A[0-9a-f]{64}\\z"));
        if (m_total < 0 || !sumForm.match(m_sha256).hasMatch())
            return end(Error{ErrorCode::OutputUnreadable, {m_to.name, QStringLiteral("the look at %1").arg(m_to.path), QStringLiteral("it names no size or sum")}, {}, nullptr});
        openPart();
    });
}

void Download::openPart()
{
    const QByteArray key = m_sha256.toLatin1() + ' ' + m_to.endpoint.machine().toUtf8() + ' ' + m_localPath.toUtf8();
    const QString name = QStringLiteral(".bwr-%1.part").arg(QString::fromLatin1(QCryptographicHash::hash(key, QCryptographicHash::Sha256).toHex().left(24)));
    auto target = std::make_shared<Result<std::shared_ptr<LocalTarget>>>();
    onFiles([target, path = m_localPath, name, size = m_total] {
        *target = LocalTarget::open(path, name, size);
        return true;
    }, [this, target] {
        if (!*target)
            return end(target->error());
        m_target = **target;
        const qint64 have = m_target->have();
        m_at = have == m_total ? m_total : PieceSize::aligned(have);
        if (m_at > 0)
            return checkWhatIsHere();
        goOn();
    });
}

void Download::checkWhatIsHere()
{
    ExecRequest request;
    request.timeoutMs = sumTimeoutMs(m_at);
    ask({QStringLiteral("sum"), m_to.path, QString::number(m_at)}, request, [this](const HostAnswer &answer) {
        if (answer.err == "gone")
            return end(Error{ErrorCode::FileChanged, {m_to.path, m_to.name}, {}, nullptr});
        sum(m_target->part(), m_at, [this, theirs = answer.fields.value("sum")](const QByteArray &ours) {
            if (ours != theirs)
                m_at = 0;
            goOn();
        });
    });
}

void Download::goOn()
{
    if (m_at >= m_total)
        return prove();
    enter(CopyState::Copying);
    const qint64 length = std::min(pieceBytes(), m_total - m_at);
    paced(length, [this, length] { fetchPiece(length); });
}

void Download::fetchPiece(qint64 length)
{
    ExecRequest request;
    request.timeoutMs = 120'000;
    request.outputLimit = length + 2 * blockBytes + (64 << 10); // and what a noisy login says
    ask({QStringLiteral("get"), m_to.path, QString::number(m_at), QString::number(length)}, request,
        [this, length, sent = nowMs()](const HostAnswer &answer) {
            if (answer.number("size", -1) != m_total)
                return end(Error{ErrorCode::FileChanged, {m_to.path, m_to.name}, {}, nullptr});
            if (answer.body.size() < length)
                return startAnew();
            m_piece.carried(length, nowMs() - sent);
            auto written = std::make_shared<Status>();
            onFiles([written, target = m_target, at = m_at, bytes = answer.body.left(length)] {
                *written = target->write(at, bytes);
                return true;
            }, [this, written, length] {
                if (!*written)
                    return end(written->error());
                m_at += length;
                moved(length, length);
                goOn();
            });
        });
}

void Download::prove()
{
    enter(CopyState::Proving);
    sum(m_target->part(), m_total, [this](const QByteArray &ours) {
        if (QString::fromLatin1(ours) != m_sha256)
            return differs(ours);
        auto placed = std::make_shared<Status>();
        onFiles([placed, target = m_target] {
            *placed = target->commit();
            return true;
        }, [this, placed] {
            if (!*placed)
                return end(placed->error());
            end({});
        });
    });
}

void Download::differs(const QByteArray &ours)
{
    ExecRequest request;
    request.timeoutMs = sumTimeoutMs(m_total);
    ask({QStringLiteral("info"), m_to.path}, request, [this, ours](const HostAnswer &answer) {
        const bool changed = answer.text("sum") != m_sha256;
        auto status = std::make_shared<Status>();
        onFiles([status, target = m_target, changed] { // neither is a beginning of anything
            if (changed)
                target->discard();
            else
                *status = target->truncate();
            return true;
        }, [this, status, changed, ours] {
            if (changed)
                return end(Error{ErrorCode::FileChanged, {m_to.path, m_to.name}, {}, nullptr});
            if (!*status)
                return end(status->error());
            if (std::exchange(m_again, true))
                return end(Error{ErrorCode::TransferMismatch, {m_to.name, m_to.path, m_sha256, QString::fromLatin1(ours)}, {}, nullptr});
            m_at = 0;
            startAnew();
        });
    });
}

} // namespace bellwether
