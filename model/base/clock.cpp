#include "base/clock.h"

#include <ctime>

namespace bellwether {

namespace {
qint64 read(clockid_t id)
{
    timespec t{};
    clock_gettime(id, &t);
    return qint64(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}
} // namespace

Now SystemClock::now() const
{
    return {read(CLOCK_REALTIME), read(CLOCK_BOOTTIME)};
}

} // namespace bellwether
