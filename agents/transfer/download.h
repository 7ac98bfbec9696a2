#pragma once
// A file from a host. The host's sum is asked for first and compared with what has arrived; when they differ it is asked again,
// which tells a file that changed meanwhile from bytes that were damaged.
#include "transfer/copy.h"

namespace bellwether {

class Download final : public Copy {
public:
    Download(CopyPlace place, To from, QString localPath, std::function<void()> ended);

protected:
    void run() override;
    void letGo() override { m_target.reset(); }

private:
    void openPart();
    void checkWhatIsHere();
    void goOn();
    void fetchPiece(qint64 length);
    void prove();
    void differs(const QByteArray &ours);

    QString m_localPath;
    std::shared_ptr<LocalTarget> m_target;
    bool m_again = false;
};

} // namespace bellwether
