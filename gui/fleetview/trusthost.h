#pragma once
// The trust step: reads the key a host shows, shows its type and fingerprint, and asks. Refusing is the default answer.
#include "shell/requests.h"

#include <QWidget>

namespace bellwether {

class TrustHost final : public QObject {
    Q_OBJECT

public:
    TrustHost(Requests &requests, QWidget *window);
    void ask(const QString &host);

Q_SIGNALS:
    void busyChanged(const QString &sentence);
    void said(const QString &sentence);
    void failed(const QString &sentence);

private:
    void show(const QString &host, const QJsonObject &scan);
    Requests &m_requests;
    QWidget *m_window;
};

} // namespace bellwether
