#pragma once
// The strict grammars of what people write. They are allow lists, so that nothing that reaches a host name, a path or
// a command can be mistaken for an option, a shell word or a terminal code (security rules S7, S8, S19).
#include <QString>

namespace bellwether {

struct TextRule {
    bool (*accepts)(const QString &);
    const char *allowed; // completes "… must be"; English, for the error's third argument
};

extern const TextRule kName;        // hosts, groups, labels, products, strategies
extern const TextRule kSlug;        // steps, profile ids
extern const TextRule kAddress;     // host name, IPv4 or IPv6
extern const TextRule kUser;
extern const TextRule kIdentity;    // path of a key, "agent", "agent:SHA256:…" or "password"
extern const TextRule kKeyFile;     // beginning with / or ~/
extern const TextRule kPath;        // absolute, without ".."
extern const TextRule kDomain;
extern const TextRule kVariable;    // of an environment file
extern const TextRule kLine;        // one line without control characters, ≤ 1000
extern const TextRule kProse;       // several lines, ≤ 256 KiB
extern const TextRule kArgument;    // of a command: anything but NUL and terminal codes, ≤ 64 KiB
extern const TextRule kDay;         // 2026-11-20
extern const TextRule kVersionText; // a version
extern const TextRule kVersionLine; // 1.5.0 or 1.5
extern const TextRule kWaveSize;    // 3, 10%, rest

} // namespace bellwether
