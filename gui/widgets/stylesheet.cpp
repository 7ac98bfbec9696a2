// The one style sheet: outlines, radii and heights of standard controls. All that shows a state is painted instead.
#include "widgets/theme.h"

#include <QMap>

namespace bellwether {

namespace {

const char *const sheet = R"(
QToolTip { background: @raised; color: @text; border: 1px solid @control; padding: 3px 5px; }
QPushButton, QToolButton[kind="tool"] {
    background: @raised; color: @text; border: 1px solid @control; border-radius: 4px;
    padding: 0 11px; min-height: @controlInner; }
QPushButton:hover, QToolButton[kind="tool"]:hover { background: @sunken; }
QPushButton:pressed, QPushButton:checked, QToolButton[kind="tool"]:pressed, QToolButton[kind="tool"]:checked {
    background: @selection; }
QPushButton:default { border: 1px solid @control; }
QPushButton[kind="primary"] { background: @accent; color: @onaccent; border: 1px solid @accent; font-weight: 600; }
QPushButton[kind="primary"]:hover, QPushButton[kind="primary"]:pressed { background: @accentHover; }
QPushButton[kind="destructive"] { color: @failed; border: 1px solid @failed; }
QPushButton[small="true"], QToolButton[kind="tool"] { min-height: @toolInner; padding: 0 8px; }
QPushButton[panel="true"] { min-height: @panelInner; padding: 0 8px; }
QPushButton:disabled, QToolButton[kind="tool"]:disabled, QPushButton[blocked="true"],
QPushButton[blocked="true"]:hover, QPushButton[blocked="true"]:pressed {
    background: @surface; color: @muted; border: 1px dashed @border; font-weight: 400; }
QToolButton[kind="tool"]::menu-indicator { image: none; }
QToolButton[kind="flat"] { background: transparent; border: none; padding: 2px 4px; }
QToolButton[kind="flat"]:hover { background: @sunken; }

QLineEdit, QComboBox, QSpinBox, QPlainTextEdit[field="true"] {
    background: @raised; color: @text; border: 1px solid @control; border-radius: 4px;
    padding: 0 8px; min-height: @controlInner; selection-background-color: @selection; selection-color: @text; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled { color: @muted; border: 1px dashed @border; background: @surface; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url(:/bellwether/icons/ui/chevron-@theme.svg); width: 10px; height: 10px; }
QComboBox QAbstractItemView { background: @raised; border: 1px solid @control; selection-background-color: @selection; selection-color: @text; }
QCheckBox::indicator, QTreeView::indicator, QTableView::indicator, QListView::indicator {
    width: 14px; height: 14px; border: 1px solid @control; border-radius: 3px; background: @raised; }
QCheckBox::indicator:checked, QTreeView::indicator:checked, QTableView::indicator:checked, QListView::indicator:checked {
    background: @accent; border: 1px solid @accent; image: url(:/bellwether/icons/ui/tick-@theme.svg); }
QCheckBox:disabled { color: @muted; }

QTreeView, QTableView, QListView, QPlainTextEdit, QTextBrowser {
    background: @raised; alternate-background-color: @alternate; border: none;
    selection-background-color: @selection; selection-color: @text; outline: none; }
QHeaderView { background: @surface; border: none; }
QHeaderView::section {
    background: @surface; color: @muted; border: none; border-right: 1px solid @border; border-bottom: 1px solid @border;
    padding: 0 7px; min-height: @row; font-size: @table; font-weight: 400; }
QTableCornerButton::section { background: @surface; border: none; }

QTabWidget::pane { border: none; }
QTabBar { background: @surface; }
QTabBar::tab {
    background: @surface; color: @muted; border: none; border-right: 1px solid @border; border-bottom: 1px solid @border;
    border-top: 3px solid transparent; padding: 0 12px 2px 12px; min-height: @tab; font-size: @table; }
QTabBar::tab:selected { background: @raised; color: @text; border-top: 3px solid @accent; border-bottom: 1px solid @raised; font-weight: 600; }

QToolBar { border: none; padding: 0; margin: 0; spacing: 0; background: @sunken; }
QSplitter::handle { background: transparent; }
QSplitter::handle:horizontal { width: 8px; }
QSplitter::handle:vertical { height: 8px; }
QProgressBar { background: @border; border: none; border-radius: 2px; max-height: 8px; min-height: 8px; }
QProgressBar::chunk { background: @healthy; border-radius: 2px; }

QMenu { background: @raised; border: 1px solid @control; padding: 4px; }
QMenu::item { padding: 4px 24px 4px 12px; border-radius: 3px; }
QMenu::item:selected { background: @selection; color: @text; }
QMenu::item:disabled { color: @muted; }
QMenu::separator { height: 1px; background: @border; margin: 4px 0; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @control; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea { border: none; background: transparent; }
QStatusBar { background: @sunken; color: @muted; font-size: @small; }
QStatusBar::item { border: none; }
)";

} // namespace

QString Theme::styleSheet() const
{
    const auto pixels = [](int value) { return QStringLiteral("%1px").arg(value); };
    // Longest names first, so that @control does not eat @controlInner.
    const QList<QPair<QString, QString>> values{
        {QStringLiteral("@controlInner"), pixels(metric(Metric::Control) - 2)},
        {QStringLiteral("@toolInner"), pixels(metric(Metric::ControlTool) - 2)},
        {QStringLiteral("@panelInner"), pixels(metric(Metric::ControlPanel) - 2)},
        {QStringLiteral("@accentHover"), mix(colour(Role::Accent), colour(Role::Raised), 0.88).name()},
        {QStringLiteral("@alternate"), alternate().name()},
        {QStringLiteral("@selection"), colour(Role::Selection).name()},
        {QStringLiteral("@onaccent"), colour(Role::OnAccent).name()},
        {QStringLiteral("@healthy"), colour(StateRole::Healthy).name()},
        {QStringLiteral("@failed"), colour(StateRole::Failed).name()},
        {QStringLiteral("@control"), colour(Role::Control).name()},
        {QStringLiteral("@surface"), colour(Role::Surface).name()},
        {QStringLiteral("@raised"), colour(Role::Raised).name()},
        {QStringLiteral("@sunken"), colour(Role::Sunken).name()},
        {QStringLiteral("@border"), colour(Role::Border).name()},
        {QStringLiteral("@accent"), colour(Role::Accent).name()},
        {QStringLiteral("@muted"), colour(Role::Muted).name()},
        {QStringLiteral("@table"), pixels(px(12))},
        {QStringLiteral("@theme"), m_dark ? QStringLiteral("dark") : QStringLiteral("light")},
        {QStringLiteral("@small"), pixels(px(11))},
        {QStringLiteral("@text"), colour(Role::Text).name()},
        {QStringLiteral("@tab"), pixels(metric(Metric::PanelHeader) - 6)},
        {QStringLiteral("@row"), pixels(metric(Metric::TableRow) - 1)},
    };
    QString out = QString::fromLatin1(sheet);
    for (const auto &[name, value] : values)
        out.replace(name, value);
    return out;
}

} // namespace bellwether
