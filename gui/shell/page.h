#pragma once
// What the main window needs of a page. A page shows snapshots and sends requests; it asks nobody else.
#include "rollout/console.h"
#include "shell/viewstate.h"
#include "widgets/label.h"

#include <QAction>
#include <QWidget>
#include <optional>


namespace bellwether {

class Page : public QWidget {
    Q_OBJECT

public:
    using QWidget::QWidget;
    virtual QString id() const = 0;    // "fleet": stable, for settings and openRequested
    virtual QString word() const = 0;  // under the rail's icon
    virtual QString icon() const = 0;  // "ui/fleet"
    virtual QString title() const = 0; // of the page header
    virtual QString about() const { return {}; }    // muted, beside the title (and code or name of the thing)
    virtual QString headerAbout() const { return about(); } // empty where the header's middle says it already
    virtual std::optional<ChipText> chip() const { return std::nullopt; } // its state, after about()
    virtual QString afterChip() const { return {}; } // muted, after the chip
    virtual QString subline() const { return {}; }  // second line; the header is then 56 high
    virtual QWidget *headerMiddle() { return nullptr; } // progress; owned by the page's header from then on
    virtual QList<QWidget *> headerActions() { return {}; } // in the order harmless to consequential; asked once
    virtual int badge() const { return 0; } // number on the rail's icon

    // Called on the GUI thread with each new snapshot, also while the page is hidden; must be quick when nothing of
    // the page's concern changed.
    virtual void setSnapshot(std::shared_ptr<const ConsoleSnapshot> snapshot) = 0;
    virtual void tick(qint64 nowMs) { Q_UNUSED(nowMs) } // once a second while shown: ages and countdowns
    virtual bool hasProduction() const = 0; // shows or acts on a production host
    virtual void open(const QString &what) { Q_UNUSED(what) } // show this one: a rollout's name, a host's, hosts for a plan

    virtual void focusFilter() {}
    virtual bool escape() { return false; } // true: something was cleared or closed
    virtual QList<QWidget *> regions() { return {}; } // for F6, in order; each must take the focus
    virtual QList<QAction *> commands() { return {}; } // for the palette and the overlay of keys
    virtual void saveState(ViewState &settings) { Q_UNUSED(settings) }
    virtual void restoreState(ViewState &settings) { Q_UNUSED(settings) }

Q_SIGNALS:
    void headerChanged(); // title, about, chip, subline, badge or production
    void openRequested(const QString &page, const QString &what);
    void said(const QString &sentence); // for the status bar, for some seconds
    void failed(const QString &sentence); // shown until dismissed
};

} // namespace bellwether
