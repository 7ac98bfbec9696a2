#pragma once
// One upload to a jump host feeds the hosts behind it: it goes there once, and that machine's own ssh passes it on, where its
// login may. No credentials of ours are there and no agent is forwarded [S26]; what arrived is proven over our own connection
// to each host. Where the jump host cannot, the console feeds the host itself, from where it stands.
#include "transfer/upload.h"

namespace bellwether {

struct StagedFile { // where it lies on the jump host
    Endpoint endpoint;
    QString name, stateRoot, path;
    bool isThere = false;
    QString why; // it is not
};

class StageUpload final : public Upload {
public:
    StageUpload(CopyPlace place, const std::shared_ptr<StagedFile> &staged, UploadSource source, qint64 limit, std::function<void()> ended);

protected:
    void run() override;

private:
    std::shared_ptr<StagedFile> m_staged;
};

class RelayedUpload final : public Upload {
public:
    RelayedUpload(CopyPlace place, To to, std::shared_ptr<const StagedFile> staged, UploadSource source, QString mode, std::function<void()> ended);

protected:
    void sendPiece(qint64 length) override;

private:
    void feedItself(const QString &why, qint64 length);

    std::shared_ptr<const StagedFile> m_staged;
    qint64 m_expected = -1; // after what was passed on last
    bool m_byItself = false;
};

} // namespace bellwether
