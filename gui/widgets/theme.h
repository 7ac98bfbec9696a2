#pragma once
// The design tokens as named accessors, for delegates, widgets and the style sheet alike. One rule governs them: colour
// belongs to state; frames, buttons and text are ink and grey. GUI thread only.
#include <QColor>
#include <QFont>
#include <QList>
#include <QObject>

class QApplication;
class QPalette;

namespace bellwether {

enum class ThemeMode { System, Light, Dark };
enum class Density { Compact, Comfortable };

enum class Role {
    Surface, Raised, Sunken, Selection, Border, Control, Text, Muted, Accent, Focus, OnAccent, ProductionFill, OnProduction
};
enum class StateRole {
    Healthy, Running, Waiting, Warning, Failed, Half, Doubt, Back, Deferred, Unreachable, Production, Canary
};
enum class ChartRole { Canary, Rest, Before, After };
enum class TextRole { Clock, Verdict, Title, Body, BodyBold, Table, TableBold, Small, Mono };

// Logical pixels, by density and the size of the system's font.
enum class Metric {
    TableRow, LogLine, PanelHeader, Control, ControlTool, ControlPanel, PageHeader, PageHeaderTall, HostTileHeight,
    HostTileWidth, MiniTileHeight, MiniTileWidth, MapTile, Rail, StatusBar
};

class Theme final : public QObject {
    Q_OBJECT

public:
    static Theme &instance();

    // Fusion, palette, fonts and style sheet for the whole program; follows the desktop's dark or light from then on.
    // BELLWETHER_THEME=light|dark in the environment wins over the mode.
    void install(QApplication &app);
    void setMode(ThemeMode mode);
    void setDensity(Density density);
    void setReducedMotion(bool reduced);
    ThemeMode mode() const { return m_mode; }
    Density density() const { return m_density; }
    bool isDark() const { return m_dark; }
    bool reducedMotion() const { return m_reducedMotion; }

    QColor colour(Role role) const;
    QColor colour(StateRole role) const;
    QColor colour(ChartRole role) const;
    QColor tint(StateRole role) const;  // fill of tiles, chips and marked lines
    QColor quiet(StateRole role) const; // 45 % mix: the calm part of a strip
    QColor alternate() const;           // every other row of a table
    QFont font(TextRole role) const;
    int lineHeight(TextRole role) const;
    int metric(Metric metric) const;
    int px(qreal logical) const; // logical pixels at 100 % scaled with the system's font
    QPalette palette() const;

    static QColor mix(const QColor &over, const QColor &under, qreal share);

Q_SIGNALS:
    void changed(); // colours, fonts or metrics

protected:
    bool eventFilter(QObject *object, QEvent *event) override;

private:
    Theme();
    void readSystem();
    void apply();
    QString styleSheet() const;

    QApplication *m_app = nullptr;
    ThemeMode m_mode = ThemeMode::System;
    Density m_density = Density::Compact;
    bool m_dark = false, m_systemDark = false, m_reducedMotion = false, m_applying = false;
    qreal m_scale = 1.0;
    QFont m_base;
};

inline Theme &theme() { return Theme::instance(); }

} // namespace bellwether
