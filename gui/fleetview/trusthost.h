#pragma once
// The trust step: reads the key a host shows, shows its type and fingerprint, and asks. Refusing is the default answer.
#include "config/knownhosts.h"
#include "shell/requests.h"

#include <QWidget>
#include <functional>

namespace bellwether {

class TrustHost final : public QObject {
    Q_OBJECT

public:
    TrustHost(Requests &requests, QWidget *window);
    void ask(const QString &host);
    void chooseFile(); // known_hosts or a list of fingerprints: keys of machines in the fleet, shown before they are taken
    void read(const QString &path);
    void paste(); // the same from the clipboard

Q_SIGNALS:
    void busyChanged(const QString &sentence);
    void said(const QString &sentence);
    void failed(const QString &sentence);

private:
    void show(const QString &host, const QJsonObject &scan);
    void readFrom(const QString &path, std::function<Result<QByteArray>()> source); // called on another thread
    void askForKeys(const QString &path, const KeyImport &keys);
    Requests &m_requests;
    QWidget *m_window;
};

} // namespace bellwether
