#pragma once
// A file to a host. Its part lies beside the target, its name made of the target and the content, so that any console that
// puts the same goes on with it. The host's sum decides before it takes the target's name.
#include "transfer/copy.h"

namespace bellwether {

struct UploadSource { // read once for all hosts it goes to
    std::shared_ptr<const LocalSource> file;
    QByteArray sha256;
};

class Upload : public Copy {
public:
    // mode: "" keeps that of the file that is replaced, 0644 for a new one.
    Upload(CopyPlace place, To to, UploadSource source, QString mode, std::function<void()> ended);

protected:
    void run() override;
    virtual void sendPiece(qint64 length); // from m_at on
    void goOn(); // the next piece, or the proof
    void setPath(const QString &path);
    const QString &part() const { return m_part; }

private:
    void checkWhatIsThere();
    void pieceArrived(const HostAnswer &answer, qint64 length, qint64 sentMs);
    void prove();

    UploadSource m_source;
    QString m_mode, m_part, m_parts;
    bool m_provenStart = false; // what lay there before this run is the file's beginning
    bool m_differs = false;     // what stands under the target's name is not it
    bool m_again = false;       // the whole was wrong once
};

} // namespace bellwether
