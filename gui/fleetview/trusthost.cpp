#include "fleetview/trusthost.h"

#include "text/errortext.h"
#include "text/format.h"
#include "widgets/confirmdialog.h"
#include "widgets/factgrid.h"

#include <QBoxLayout>

namespace bellwether {

TrustHost::TrustHost(Requests &requests, QWidget *window) : QObject(window), m_requests(requests), m_window(window) {}

void TrustHost::ask(const QString &host)
{
    Q_EMIT busyChanged(tr("Reading the key of %1…").arg(host));
    m_requests.send(QStringLiteral("scan-key"), {{QStringLiteral("host"), host}}, this, [this, host](const Reply &reply) {
        Q_EMIT busyChanged({});
        if (!reply)
            Q_EMIT failed(errorText(reply.error()));
        else
            show(host, *reply);
    });
}

void TrustHost::show(const QString &host, const QJsonObject &scan)
{
    const QString state = scan.value(QLatin1String("state")).toString();
    const QString type = scan.value(QLatin1String("key_type")).toString(), print = scan.value(QLatin1String("fingerprint")).toString();
    if (state == QLatin1String("trusted")) {
        Q_EMIT said(tr("%1 shows the trusted key.").arg(host));
        return;
    }
    const bool changed = state == QLatin1String("changed");
    ConfirmDialog::Words words;
    words.title = tr("Host key of %1").arg(host);
    words.sentence = changed ? tr("%1 shows another key than the one that was trusted.").arg(host)
                             : tr("The key of %1 is not known yet.").arg(host);
    words.detail = changed ? tr("Somebody may stand between you and the host, or it was set up anew. Ask whoever runs it before you go on.")
                           : tr("Compare the fingerprint with the one read on the host itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    words.action = tr("Trust this key");
    words.keep = tr("Do not trust");
    words.destructive = changed;
    words.needsReason = changed;
    auto *dialog = new ConfirmDialog(words, m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    auto *facts = new FactGrid;
    QList<FactGrid::Fact> list{{tr("Machine"), visibleText(scan.value(QLatin1String("machine")).toString(), 120), {}, {}, std::nullopt, true},
                               {tr("Key type"), visibleText(type, 60)},
                               {tr("Fingerprint"), visibleText(print, 120), {}, {}, std::nullopt, true}};
    if (changed)
        list << FactGrid::Fact{tr("Trusted so far"), visibleText(scan.value(QLatin1String("trusted")).toString(), 120), {}, {}, std::nullopt, true};
    facts->setFacts(list);
    dialog->body()->addWidget(facts);
    connect(dialog, &QDialog::accepted, this, [this, dialog, host, type, print] {
        m_requests.send(QStringLiteral("trust"),
                        {{QStringLiteral("host"), host}, {QStringLiteral("fingerprint"), print}, {QStringLiteral("key_type"), type},
                         {QStringLiteral("source"), QStringLiteral("operator")}, {QStringLiteral("reason"), dialog->reason()}},
                        this, [this, host](const Reply &reply) {
                            if (!reply)
                                Q_EMIT failed(errorText(reply.error()));
                            else
                                Q_EMIT said(tr("The key of %1 is trusted.").arg(host));
                        });
    });
    dialog->open();
}

} // namespace bellwether
