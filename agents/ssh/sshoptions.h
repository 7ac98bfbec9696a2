#pragma once
// The numbers of the SSH layer; the defaults are the shipped ones, tests shorten them.
#include <QString>

namespace bellwether {

struct SshOptions {
    int workers = 0;            // 0 = min(4, cores)
    int handshakes = 30;        // under way at once, over all workers
    int handshakesPerAddress = 8;
    int channelsPerSession = 8; // sshd's MaxSessions is 10; lowered when a host refuses
    int forwardsPerSession = 100; // hosts behind one connection to a jump host; lowered when it refuses
    int resolveMs = 10'000, tcpMs = 10'000, kexMs = 15'000, authMs = 20'000, openMs = 10'000;
    // Without an answer of the agent to anybody; signing may ask a person, and is given up before sshd's LoginGraceTime (120 s) ends it.
    int agentListMs = 10'000, agentSignMs = 100'000;
    int keepAliveMs = 15'000;   // a session silent for 3 of these is dead
    int idleMs = 600'000;
    quint64 rekeyBytes = 1 << 30; // new keys after so many bytes one way
    quint32 rekeyS = 3600;        // or so many seconds
    int deniedPauseMs = 60'000; // a host that said no is not asked again before, unless a person asks
    QString keyFolder;          // where id_ed25519, id_ecdsa and id_rsa are looked for; empty = ~/.ssh
};

} // namespace bellwether
