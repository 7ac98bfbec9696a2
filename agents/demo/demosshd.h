#pragma once
// The sshd of each demo host: keys, configuration, start, and the proof that it answers and lets us in.
#include "demo/demolayout.h"
#include "demo/processes.h"

namespace bellwether {

Status makeDemoKeys(const DemoLayout &layout); // those that are missing
Result<QString> demoFingerprint(const QString &publicKeyFile); // SHA256:…
ProcessId demoSshd(const DemoLayout &layout, int n);           // pid 0 when it does not run
// Starts those that are dead, waits until each answers, and logs in once. Returns how many were started.
Result<int> startDemoSshds(const DemoLayout &layout);

} // namespace bellwether
