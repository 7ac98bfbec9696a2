#pragma once
// A network of this thread's own for as long as it lives: what it starts (threads, processes, sockets) lives there, with
// nothing but a loopback device that may lose packets. Needs root; without it, everything stays in the ordinary network.
#include <QByteArray>
#include <QProcess>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace bellwether {

class PrivateNet {
public:
    PrivateNet() : m_before(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC))
    {
        m_there = m_before >= 0 && ::unshare(CLONE_NEWNET) == 0;
        if (m_there)
            run({"ip", "link", "set", "lo", "up"});
    }
    ~PrivateNet()
    {
        if (m_there)
            ::setns(m_before, CLONE_NEWNET);
        if (m_before >= 0)
            ::close(m_before);
    }
    Q_DISABLE_COPY_MOVE(PrivateNet)
    bool isThere() const { return m_there; }

    // Of each hundred packets from and to a TCP port, so many are lost. What does it: "netem", "nft", or nothing here.
    QByteArray lose(int percent, int port) const
    {
        const QString loss = QString::number(percent), at = QString::number(port);
        if (!m_there)
            return {};
        if (run({"tc", "qdisc", "add", "dev", "lo", "root", "handle", "1:", "prio", "bands", "3", "priomap", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0"})
            && run({"tc", "qdisc", "add", "dev", "lo", "parent", "1:3", "netem", "loss", loss + u'%'})
            && run({"tc", "filter", "add", "dev", "lo", "parent", "1:", "protocol", "ip", "u32", "match", "ip", "dport", at, "0xffff", "flowid", "1:3"})
            && run({"tc", "filter", "add", "dev", "lo", "parent", "1:", "protocol", "ip", "u32", "match", "ip", "sport", at, "0xffff", "flowid", "1:3"}))
            return "netem";
        run({"tc", "qdisc", "del", "dev", "lo", "root"});
        bool all = run({"nft", "add", "table", "inet", "loss"})
            && run({"nft", "add", "chain", "inet", "loss", "in", "{ type filter hook input priority 0; }"});
        for (const char *end : {"dport", "sport"})
            all = all && run({"nft", "add", "rule", "inet", "loss", "in", "tcp", end, at, "numgen", "random", "mod", "100", "<", loss, "drop"});
        return all ? "nft" : "";
    }

private:
    static bool run(const QStringList &words)
    {
        QProcess process;
        process.setStandardErrorFile(QProcess::nullDevice());
        process.start(words.first(), words.mid(1));
        return process.waitForFinished(10'000) && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
    }
    int m_before;
    bool m_there = false;
};

} // namespace bellwether
