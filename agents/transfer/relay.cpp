#include "transfer/relay.h"

#include "remote/hostscripts.h"

namespace bellwether {

StageUpload::StageUpload(CopyPlace place, const std::shared_ptr<StagedFile> &staged, UploadSource source, qint64 limit, std::function<void()> ended)
    : Upload(std::move(place), To{staged->endpoint, staged->name, QStringLiteral("/"), limit}, std::move(source), QStringLiteral("0600"), std::move(ended))
    , m_staged(staged)
{
}

void StageUpload::run()
{
    if (!m_staged->path.isEmpty())
        return Upload::run();
    ask({QStringLiteral("stage"), m_staged->stateRoot}, {}, [this](const HostAnswer &answer) {
        const QString folder = QString::fromUtf8(answer.header.mid(answer.header.indexOf("dir=") + 4));
        if (!answer.header.startsWith("dir=/"))
            return end(Error{ErrorCode::OutputUnreadable, {m_to.name, QStringLiteral("the relay's folder"), QStringLiteral("it names none")}, {}, nullptr});
        m_staged->path = folder + u'/' + m_sha256;
        setPath(m_staged->path);
        Upload::run();
    });
}

RelayedUpload::RelayedUpload(CopyPlace place, To to, std::shared_ptr<const StagedFile> staged, UploadSource source, QString mode, std::function<void()> ended)
    : Upload(std::move(place), std::move(to), std::move(source), std::move(mode), std::move(ended))
    , m_staged(std::move(staged))
{
    // Each piece costs a login there.
    m_piece = PieceSize(m_to.limit, 1LL << 30, 4 << 20, 15'000);
}

void RelayedUpload::feedItself(const QString &why, qint64 length)
{
    m_byItself = true;
    m_through.clear();
    m_notThrough = why;
    m_piece = PieceSize(m_to.limit);
    const qint64 fewer = std::min(length, pieceBytes());
    giveBack(length - fewer);
    Upload::sendPiece(fewer);
}

void RelayedUpload::sendPiece(qint64 length)
{
    if (m_byItself)
        return Upload::sendPiece(length);
    if (!m_staged->isThere)
        return feedItself(m_staged->why, length);
    if (m_at < m_expected) // it says yes, and nothing is here: another machine has it
        return feedItself(QStringLiteral("what %1 passed on did not arrive here").arg(m_staged->name), length);
    const auto put = transferCommand({QStringLiteral("put"), part(), QString::number(m_at), QString::number(length)});
    if (!put)
        return end(put.error());
    m_through = m_staged->name;
    ExecRequest request;
    request.timeoutMs = 300'000;
    askAt(m_staged->endpoint,
          {QStringLiteral("relay"), m_staged->path, QString::number(m_at), QString::number(length), m_to.endpoint.user, m_to.endpoint.address,
           QString::number(m_to.endpoint.port), QString::fromLatin1(*put)},
          request, [this, length, sent = nowMs()](const Result<HostAnswer> &answer) {
              const auto keep = shared_from_this();
              if (!answer || !answer->err.isEmpty())
                  return feedItself(!answer ? QString::fromLatin1(errorKey(answer.error().code)) : answer->reason().isEmpty() ? hostWords(answer->header) : answer->reason(), length);
              m_piece.carried(length, nowMs() - sent);
              m_expected = m_at + length;
              moved(length, 0);
              run(); // the host itself says what it has
          });
}

} // namespace bellwether
