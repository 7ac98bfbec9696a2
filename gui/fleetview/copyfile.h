#pragma once
// A file to hosts: chosen, asked for with its place there, then watched. Copies go on when the dialog is closed; they end with
// the console, and a part is gone on with by the next copy of the same file.
#include "shell/requests.h"
#include "widgets/button.h"
#include "widgets/label.h"

#include <QDialog>
#include <QJsonObject>
#include <QTimer>

class QTableView;

namespace bellwether {

class RowsModel;

class CopyFile final : public QObject {
    Q_OBJECT

public:
    CopyFile(Requests &requests, QWidget *window);
    void chooseFile(const QStringList &hosts);
    void ask(const QString &file, const QStringList &hosts);

Q_SIGNALS:
    void failed(const QString &sentence);

private:
    Requests &m_requests;
    QWidget *m_window;
};

class CopyDialog final : public QDialog { // follows one transfer
    Q_OBJECT

public:
    CopyDialog(Requests &requests, int transfer, const QString &title, QWidget *parent);

private:
    void look();
    void show(const QJsonObject &report);
    void cancel(const QString &host);
    QString chosenHost() const; // empty: none, or a jump host that the file goes to first
    Requests &m_requests;
    const int m_transfer;
    QTimer m_timer;
    Label *m_sentence;
    RowsModel *m_rows;
    QTableView *m_table;
    Button *m_cancelOne, *m_cancelAll, *m_close;
    qsizetype m_stages = 0; // the first rows: jump hosts
    bool m_asked = false;
};

} // namespace bellwether
