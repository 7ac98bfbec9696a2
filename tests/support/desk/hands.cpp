#include "hands.h"

#include <QProcess>

namespace bellwether {

bool Hands::act(const QStringList &arguments) const
{
    QProcess process;
    process.setProcessEnvironment(m_environment);
    process.start(QStringLiteral("xdotool"), arguments);
    return process.waitForFinished(30'000) && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
}

bool Hands::click(const QPoint &where) const
{
    return act({QStringLiteral("mousemove"), QString::number(where.x()), QString::number(where.y()), QStringLiteral("click"), QStringLiteral("1")});
}

bool Hands::press(const QString &key) const
{
    return act({QStringLiteral("key"), key});
}

bool Hands::type(const QString &text) const
{
    return act({QStringLiteral("type"), QStringLiteral("--delay"), QStringLiteral("8"), text});
}

} // namespace bellwether
