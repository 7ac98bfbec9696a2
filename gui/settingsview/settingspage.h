#pragma once
// Appearance, the operator's name, where the data is, and versions. Changes take effect at once and are kept in the
// window's own file in the data folder.
#include "shell/page.h"
#include "shell/requests.h"

class QComboBox;
class QLineEdit;

namespace bellwether {

class CredentialPort;

class SettingsPage final : public Page {
    Q_OBJECT

public:
    // credentials: of the console that owns the data folder; null where it only looks.
    SettingsPage(Requests &requests, const QString &dataFolder, CredentialPort *credentials = nullptr, QWidget *parent = nullptr);
    QString id() const override { return QStringLiteral("settings"); }
    QString word() const override { return tr("Settings"); }
    QString icon() const override { return QStringLiteral("ui/settings"); }
    QString title() const override { return tr("Settings"); }
    void setSnapshot(std::shared_ptr<const ConsoleSnapshot>) override {}
    bool hasProduction() const override { return false; }
    QList<QWidget *> regions() override;
    void saveState(ViewState &settings) override;
    void restoreState(ViewState &settings) override;

private:
    QWidget *appearance();
    QWidget *person();
    QWidget *keychain(CredentialPort &credentials);
    QWidget *program(const QString &dataFolder);
    Requests &m_requests;
    QComboBox *m_theme, *m_density, *m_motion;
    QLineEdit *m_operator;
};

} // namespace bellwether
