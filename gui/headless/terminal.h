#pragma once
// Where headless commands speak: documents and tables on stdout, progress and errors on stderr. All text that came from
// elsewhere is made printable here. Main thread only, but for Turn.
#include <QJsonObject>
#include <QStringList>

namespace bellwether {

class Terminal {
public:
    void line(const QString &text);                                  // stdout
    void raw(const QByteArray &bytes);                               // stdout, as they are
    void table(const QStringList &header, const QList<QStringList> &rows); // stdout; the last column is not padded
    void json(const QJsonObject &document);                          // stdout, indented
    void jsonLine(const QJsonObject &document);                      // stdout, one line

    void progress(const QString &text);                              // stderr, one line, above the bar
    void bar(int done, int total, const QString &text);              // stderr; only on a terminal
    void clearBar();
    void error(const QString &sentence);                             // stderr: "bellwether: …"

    bool canAsk() const;                                             // stdin and stderr are terminals, and ours: not in the background
    bool ask(const QString &question);                               // yes only for y or yes
    bool flush();                                                    // false when stdout could not be written

    // Whoever asks for a secret has the terminal to itself until it is destroyed; others wait. Any thread.
    class Turn {
    public:
        Turn();
        ~Turn();
        Q_DISABLE_COPY_MOVE(Turn)
        void say(const QString &text) const; // stderr, printable
    };

private:
    bool m_barShown = false;
    bool m_broken = false;
};

// Set by SIGINT and SIGTERM; loops look at it and end in order.
void catchInterrupts();
bool isInterrupted();
void pauseFor(int milliseconds); // returns early when interrupted

} // namespace bellwether
