#include "shell/leaving.h"

#include "text/format.h"

#include <QCoreApplication>

namespace bellwether {

std::optional<ConfirmDialog::Words> leavingWords(const ConsoleSnapshot &snapshot)
{
    QStringList moving;
    int atWork = 0;
    for (const auto &rollout : snapshot.rollouts) {
        if (rollout->interrupted || rollout->endedMs > 0)
            continue;
        int here = 0;
        for (const WaveView &wave : rollout->waves)
            for (const HostView &host : wave.hosts)
                here += isBegun(host.state);
        if (here == 0 && !rollout->pauseReasons.isEmpty())
            continue;
        moving.append(rollout->name);
        atWork += here;
    }
    if (moving.isEmpty() && snapshot.transfers == 0)
        return {};
    const auto tr = [](const char *text) { return QCoreApplication::translate("bellwether::Leaving", text); };
    QStringList sentence, detail;
    if (!moving.isEmpty()) {
        sentence << (moving.size() == 1 ? tr(QT_TRANSLATE_NOOP("bellwether::Leaving", "%1 is running."))
                                        : tr(QT_TRANSLATE_NOOP("bellwether::Leaving", "%1 are running.")))
                        .arg(moving.join(QStringLiteral(", ")));
        detail << (atWork > 0 ? tr(QT_TRANSLATE_NOOP("bellwether::Leaving", "%1 at work: the step under way there goes on by itself and its result is kept on the host. "
                                                     "Nothing new is begun and no health is watched until Bellwether is opened again and you resume."))
                                    .arg(hostsText(atWork))
                              : tr(QT_TRANSLATE_NOOP("bellwether::Leaving", "No host is at work now. Nothing new is begun and no health is watched until Bellwether is opened again and you resume.")));
    }
    if (snapshot.transfers > 0) {
        sentence << (snapshot.transfers == 1 ? tr(QT_TRANSLATE_NOOP("bellwether::Leaving", "1 copy of a file is under way."))
                                             : tr(QT_TRANSLATE_NOOP("bellwether::Leaving", "%1 copies of files are under way.")).arg(snapshot.transfers));
        detail << tr(QT_TRANSLATE_NOOP("bellwether::Leaving", "Copies end where they are. What has arrived is kept: copy the same file to the same place again, and it goes on from there."));
    }
    ConfirmDialog::Words words;
    words.title = tr(QT_TRANSLATE_NOOP("bellwether::Leaving", "Quit Bellwether"));
    words.sentence = sentence.join(QLatin1Char(' '));
    words.detail = detail.join(QLatin1Char(' '));
    words.action = tr(QT_TRANSLATE_NOOP("bellwether::Leaving", "Quit"));
    words.keep = tr(QT_TRANSLATE_NOOP("bellwether::Leaving", "Stay"));
    return words;
}

} // namespace bellwether
