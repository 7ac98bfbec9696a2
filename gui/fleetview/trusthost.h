#pragma once
// The trust step: reads the key a host shows, shows its type and fingerprint, and asks. Refusing is the default answer.
#include "config/knownhosts.h"
#include "shell/requests.h"

#include <QWidget>

namespace bellwether {

class TrustHost final : public QObject {
    Q_OBJECT

public:
    TrustHost(Requests &requests, QWidget *window);
    void ask(const QString &host);
    void chooseFile(); // a known_hosts file: keys of machines in the fleet, shown before they are taken
    void read(const QString &path);

Q_SIGNALS:
    void busyChanged(const QString &sentence);
    void said(const QString &sentence);
    void failed(const QString &sentence);

private:
    void show(const QString &host, const QJsonObject &scan);
    void askForKeys(const QString &path, const KeyImport &keys);
    Requests &m_requests;
    QWidget *m_window;
};

} // namespace bellwether
