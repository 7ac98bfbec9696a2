#pragma once
// Asks in which form the report of a rollout is to be written, where, and with which key it is signed.
#include "journalview/journalservice.h"
#include "widgets/button.h"

#include <QDialog>

class QComboBox;
class QLineEdit;

namespace bellwether {

class ReportDialog final : public QDialog {
    Q_OBJECT

public:
    ReportDialog(const QString &rollout, int id, const ReportMakers &makers, QWidget *parent);

Q_SIGNALS:
    void wanted(const bellwether::JournalService::Export &wish);

private:
    void check();
    void suggest();
    void browse(QLineEdit *field, bool save);
    QString m_rollout;
    int m_id;
    bool m_ownName = false; // the file was named by hand
    QComboBox *m_format;
    QLineEdit *m_file, *m_key;
    Button *m_write;
};

} // namespace bellwether
