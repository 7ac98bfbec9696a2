#pragma once
// Where everything of a demo fleet lies, and the numbers it was made with (kept in <folder>/demo.json).
//   keys/client  keys/known_hosts  keys/<host>  registry/<version>/…
//   hosts/<host>/{sshd_config,sshd.log,sshd.process,home/,product/,state/}
#include "base/error.h"
#include "base/fields.h"
#include "domain/installation.h"

namespace bellwether {

struct DemoLayout {
    QString folder; // not kept: it is where the file lies
    int hosts = 0, port = 0, servicePort = 0;
    QString network;
    QString mark; // KEY=value that every process of this fleet carries in its environment
    template<class V, class S>
    static void fields(V &&v, S &s)
    {
        v("hosts", s.hosts);
        v("port", s.port);
        v("service_port", s.servicePort);
        v("network", s.network);
        v("mark", s.mark);
    }

    QString name(int n) const; // n from 1: demo-01
    QString address(int n) const;
    QString path(const QString &relative) const;
    QString hostPath(int n, const QString &relative) const;
    QString hostKey(int n) const;
    QString clientKey() const;
    Installation installation(int n) const;
};

Result<DemoLayout> readDemoLayout(const QString &folder); // FileUnreadable when there is no fleet
Status writeDemoLayout(const DemoLayout &layout);
int demoServicePort(int sshPort); // the product's port beside it: 8080 for 2222
bool canBind(const QString &address, int port);

// Writes all bytes or says why not, readable by the owner only.
Status writeOwnFile(const QString &path, const QByteArray &bytes);
inline std::unexpected<Error> demoFailed(const QString &what, const QString &why)
{
    return fail(ErrorCode::DemoFailed, {what, why});
}

} // namespace bellwether
