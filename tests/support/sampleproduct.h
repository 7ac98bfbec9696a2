#pragma once
// The sample product in a folder of its own on a loopback address of its own, driven by its scripts as an operator
// would. Whatever still runs at the end is stopped.
#include <QJsonObject>
#include <QStringList>
#include <QTemporaryDir>

namespace bellwether {

QString sampleExecutable();
QString testNetwork();       // three numbers of 127.x.y that no other test process uses
QByteArray httpGet(const QString &address, int port, const QString &path, int *status = nullptr); // empty when nobody answers

struct Ran {
    int status = -1; // −1: did not end by itself
    QString out, err;
};
Ran runProgram(const QString &directory, const QStringList &argv, const QByteArray &input = {}, int timeoutMs = 60'000);

class SampleProduct {
public:
    SampleProduct();
    ~SampleProduct();

    Ran run(const QStringList &argv, const QByteArray &input = {}); // argv[0] of bin/, e.g. {"start", "1.5.0"}
    Ran upgrade(const QString &version);                             // pull, stop, pin, start
    void pin(const QString &version);
    void setFaults(const QByteArray &text); // beside "pause=off": migrations do not dawdle here
    QJsonObject json(const QStringList &argv);                       // what a probe would read
    QByteArray get(const QString &path, int *status = nullptr);
    bool becomes(const QString &health, int withinMs = 30'000);      // "ok", "starting", "unhealthy"
    QString rows(); // every row of every table
    QStringList effects() const;
    QString path(const QString &relative) const { return m_folder.filePath(QStringLiteral("product/") + relative); }
    QByteArray read(const QString &relative) const;
    QString domain() const { return QStringLiteral("test.example.test"); }
    QString error; // of setting it up; empty when it stands

private:
    QTemporaryDir m_folder;
    QString m_address;
};

} // namespace bellwether
