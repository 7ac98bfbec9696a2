// Tones, icons and their marks: the same roles as in the windows, in the colours of the light theme.
#include "report/document.h"

namespace bellwether {

Tone toneOf(HostRunState state)
{
    switch (state) {
    case HostRunState::Waiting:
    case HostRunState::Excluded: return Tone::Muted;
    case HostRunState::Preflight:
    case HostRunState::BackingUp:
    case HostRunState::Upgrading:
    case HostRunState::Migrating:
    case HostRunState::Checking:
    case HostRunState::Baking: return Tone::Running;
    case HostRunState::Upgraded:
    case HostRunState::AlreadyThere: return Tone::Good;
    case HostRunState::Deferred: return Tone::Muted;
    case HostRunState::Failed:
    case HostRunState::RollbackFailed: return Tone::Bad;
    case HostRunState::HalfMigrated: return Tone::Half;
    case HostRunState::InDoubt: return Tone::Doubt;
    case HostRunState::RollingBack:
    case HostRunState::RolledBack: return Tone::Back;
    }
    return Tone::Plain;
}

QString toneColour(Tone tone)
{
    switch (tone) {
    case Tone::Plain: return QStringLiteral("#1A1F28");
    case Tone::Muted: return QStringLiteral("#565F6E");
    case Tone::Good: return QStringLiteral("#006D44");
    case Tone::Bad: return QStringLiteral("#820A00");
    case Tone::Warn: return QStringLiteral("#9A5100");
    case Tone::Back: return QStringLiteral("#495F6C");
    case Tone::Half: return QStringLiteral("#7E297B");
    case Tone::Doubt: return QStringLiteral("#18209C");
    case Tone::Running: return QStringLiteral("#305EC7");
    case Tone::Production: return QStringLiteral("#C5004B");
    }
    return {};
}

QString reportIcon(HostRunState state)
{
    switch (state) {
    case HostRunState::Waiting: return QStringLiteral("waiting");
    case HostRunState::Excluded: return QStringLiteral("excluded");
    case HostRunState::Preflight:
    case HostRunState::BackingUp:
    case HostRunState::Upgrading:
    case HostRunState::Migrating:
    case HostRunState::Checking: return QStringLiteral("running");
    case HostRunState::Baking: return QStringLiteral("baking");
    case HostRunState::Upgraded: return QStringLiteral("healthy");
    case HostRunState::AlreadyThere: return QStringLiteral("already-there");
    case HostRunState::Deferred: return QStringLiteral("deferred");
    case HostRunState::Failed: return QStringLiteral("failed");
    case HostRunState::HalfMigrated: return QStringLiteral("half-migrated");
    case HostRunState::InDoubt: return QStringLiteral("in-doubt");
    case HostRunState::RollingBack: return QStringLiteral("rolling-back");
    case HostRunState::RolledBack: return QStringLiteral("rolled-back");
    case HostRunState::RollbackFailed: return QStringLiteral("rollback-failed");
    }
    return {};
}

QString iconMark(const QString &icon)
{
    static const QMap<QString, QString> marks{
        {QStringLiteral("healthy"), QStringLiteral("✓")},       {QStringLiteral("already-there"), QStringLiteral("✓")},
        {QStringLiteral("failed"), QStringLiteral("✗")},        {QStringLiteral("rollback-failed"), QStringLiteral("✗")},
        {QStringLiteral("warning"), QStringLiteral("⚠")},       {QStringLiteral("rolled-back"), QStringLiteral("↺")},
        {QStringLiteral("rolling-back"), QStringLiteral("↺")},  {QStringLiteral("half-migrated"), QStringLiteral("◐")},
        {QStringLiteral("in-doubt"), QStringLiteral("?")},      {QStringLiteral("deferred"), QStringLiteral("◷")},
        {QStringLiteral("waiting"), QStringLiteral("…")},       {QStringLiteral("excluded"), QStringLiteral("⊘")},
        {QStringLiteral("running"), QStringLiteral("▶")},       {QStringLiteral("baking"), QStringLiteral("▶")},
        {QStringLiteral("production"), QStringLiteral("⛨")},
    };
    return marks.value(icon);
}

} // namespace bellwether
