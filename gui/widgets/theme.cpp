#include "widgets/theme.h"

#include <QApplication>
#include <QEvent>
#include <QFontDatabase>
#include <QFontInfo>
#include <QPalette>
#include <QStyle>
#include <QProxyStyle>
#include <QTableView>
#include <QToolTip>
#include <cmath>

namespace bellwether {

namespace {

struct Pair {
    QRgb light, dark;
};

constexpr Pair roles[] = {
    {0xF2F4F6, 0x171A1F}, {0xFFFFFF, 0x1F2329}, {0xE8EBEF, 0x121519}, {0xD9E4F4, 0x2A3B55}, {0xD2D7DE, 0x363C46},
    {0x78818F, 0x717B8B}, {0x1A1F28, 0xE5E8ED}, {0x565F6E, 0xADB5C1}, {0x27303F, 0xDDE2EA}, {0x1666BA, 0x6DB1FF},
    {0xFFFFFF, 0x15181D}, {0xB80A48, 0xC8335E}, {0xFFFFFF, 0xFFFFFF},
};

constexpr Pair states[] = {
    {0x006D44, 0x3AE2B0}, {0x305EC7, 0x9BCDFF}, {0x404257, 0xC3C9D1}, {0x9A5100, 0xFFC44D},
    {0x820A00, 0xFF8159}, {0x7E297B, 0xD291C0}, {0x18209C, 0xA19AFF}, {0x495F6C, 0xBFDEF0},
    {0x4E4A21, 0xD4CE8D}, {0x352F32, 0xE0E4DF}, {0xC5004B, 0xFF8F94}, {0x7A5E00, 0xFFEC89},
};

constexpr Pair tints[] = {
    {0xE0EDE9, 0x244340}, {0xE6ECF8, 0x34404D}, {0xE8E8EB, 0x3B3F46}, {0xF3EAE0, 0x453E2F},
    {0xF0E2E0, 0x453331}, {0xF0E5EF, 0x3D3643}, {0xE3E4F3, 0x35374D}, {0xE9ECED, 0x3A434B},
    {0xEAE9E4, 0x3E403A}, {0xE7E6E6, 0x404448}, {0xF8E0E9, 0x45353B}, {0xEFECE0, 0x454539},
};

constexpr Pair charts[] = {{0x7A5E00, 0xFFEC89}, {0x5A6B85, 0x93A6C2}, {0x5A6B85, 0x93A6C2}, {0x305EC7, 0x55ABFF}};

struct Type {
    int size, line, weight;
};
constexpr Type types[] = {{30, 36, 600}, {19, 26, 600}, {17, 22, 600}, {13, 18, 400}, {13, 18, 600},
                          {12, 18, 400}, {12, 18, 600}, {11, 14, 400}, {12, 18, 400}};

struct Measure {
    int compact, comfortable;
};
constexpr Measure measures[] = {{24, 32}, {18, 20}, {28, 32}, {28, 34}, {24, 30},  {22, 28},   {48, 56}, {56, 64},
                                {44, 52}, {132, 148}, {20, 24}, {82, 96}, {12, 16}, {64, 72}, {24, 28}};

QColor pick(const Pair &pair, bool dark) { return QColor(dark ? pair.dark : pair.light); }

// Fusion, whose tables begin their text where their header does.
class TableAir final : public QProxyStyle {
public:
    TableAir() : QProxyStyle(QStringLiteral("Fusion")) {}
    int pixelMetric(PixelMetric metric, const QStyleOption *option, const QWidget *widget) const override
    {
        if (metric == PM_FocusFrameHMargin && qobject_cast<const QTableView *>(widget))
            return theme().px(4);
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
};

} // namespace

Theme::Theme() = default;

Theme &Theme::instance()
{
    static Theme theme;
    return theme;
}

void Theme::install(QApplication &app)
{
    m_app = &app;
    m_base = QApplication::font();
    m_scale = qMax(1.0, QFontInfo(m_base).pixelSize() / 13.0);
    QApplication::setStyle(new TableAir);
    readSystem();
    apply();
    app.installEventFilter(this);
}

void Theme::readSystem()
{
    m_applying = true;
    QApplication::setPalette(QPalette()); // back to what the desktop says
    const QPalette system = QGuiApplication::palette();
    m_systemDark = system.color(QPalette::Window).lightness() < system.color(QPalette::WindowText).lightness();
    m_applying = false;
}

void Theme::setMode(ThemeMode mode)
{
    m_mode = mode;
    if (m_app)
        apply();
}

void Theme::setDensity(Density density)
{
    m_density = density;
    if (m_app)
        apply();
}

void Theme::setReducedMotion(bool reduced)
{
    m_reducedMotion = reduced;
    Q_EMIT changed();
}

void Theme::apply()
{
    const QByteArray forced = qgetenv("BELLWETHER_THEME");
    if (forced == "light" || forced == "dark")
        m_dark = forced == "dark";
    else
        m_dark = m_mode == ThemeMode::Dark || (m_mode == ThemeMode::System && m_systemDark);
    m_applying = true;
    QApplication::setFont(font(TextRole::Body));
    QApplication::setPalette(palette());
    QToolTip::setPalette(palette());
    m_app->setStyleSheet(styleSheet());
    m_applying = false;
    Q_EMIT changed();
}

bool Theme::eventFilter(QObject *object, QEvent *event)
{
    if (event->type() == QEvent::ThemeChange && !m_applying && object->isWindowType()) {
        readSystem();
        apply();
    }
    return QObject::eventFilter(object, event);
}

QColor Theme::mix(const QColor &over, const QColor &under, qreal share)
{
    const auto channel = [share](int a, int b) { return static_cast<int>(std::lround(a * share + b * (1.0 - share))); };
    return QColor(channel(over.red(), under.red()), channel(over.green(), under.green()),
                  channel(over.blue(), under.blue()));
}

QColor Theme::colour(Role role) const { return pick(roles[static_cast<int>(role)], m_dark); }
QColor Theme::colour(StateRole role) const { return pick(states[static_cast<int>(role)], m_dark); }
QColor Theme::colour(ChartRole role) const { return pick(charts[static_cast<int>(role)], m_dark); }
QColor Theme::tint(StateRole role) const { return pick(tints[static_cast<int>(role)], m_dark); }
QColor Theme::quiet(StateRole role) const { return mix(colour(role), colour(Role::Raised), 0.45); }
QColor Theme::alternate() const { return mix(colour(Role::Surface), colour(Role::Raised), 0.55); }

QFont Theme::font(TextRole role) const
{
    const Type &type = types[static_cast<int>(role)];
    QFont font = role == TextRole::Mono ? QFontDatabase::systemFont(QFontDatabase::FixedFont) : m_base;
    font.setPixelSize(px(type.size));
    font.setWeight(type.weight >= 600 ? QFont::DemiBold : QFont::Normal);
    return font;
}

int Theme::lineHeight(TextRole role) const { return px(types[static_cast<int>(role)].line); }

int Theme::metric(Metric metric) const
{
    const Measure &measure = measures[static_cast<int>(metric)];
    return px(m_density == Density::Compact ? measure.compact : measure.comfortable);
}

int Theme::px(qreal logical) const { return static_cast<int>(std::lround(logical * m_scale)); }

QPalette Theme::palette() const
{
    QPalette p;
    const QColor text = colour(Role::Text), muted = colour(Role::Muted);
    p.setColor(QPalette::Window, colour(Role::Surface));
    p.setColor(QPalette::WindowText, text);
    p.setColor(QPalette::Base, colour(Role::Raised));
    p.setColor(QPalette::AlternateBase, alternate());
    p.setColor(QPalette::Text, text);
    p.setColor(QPalette::PlaceholderText, muted);
    p.setColor(QPalette::Button, colour(Role::Surface));
    p.setColor(QPalette::ButtonText, text);
    p.setColor(QPalette::BrightText, text);
    p.setColor(QPalette::Highlight, colour(Role::Selection));
    p.setColor(QPalette::HighlightedText, text);
    p.setColor(QPalette::ToolTipBase, colour(Role::Raised));
    p.setColor(QPalette::ToolTipText, text);
    p.setColor(QPalette::Link, text);
    p.setColor(QPalette::LinkVisited, text);
    p.setColor(QPalette::Light, colour(Role::Raised));
    p.setColor(QPalette::Midlight, colour(Role::Surface));
    p.setColor(QPalette::Mid, colour(Role::Border));
    p.setColor(QPalette::Dark, colour(Role::Control));
    p.setColor(QPalette::Shadow, colour(Role::Border));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText})
        p.setColor(QPalette::Disabled, role, muted);
    return p;
}

} // namespace bellwether
