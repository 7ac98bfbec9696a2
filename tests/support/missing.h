#pragma once
// What a test needs and this machine does not give: root, a mount, IPv6. Under the README's test command, which says so with
// BELLWETHER_ALL_IS_THERE, a missing part is a failure; elsewhere the row is skipped.
#include <QTest>

#define MISSING(what) \
    do { \
        if (qEnvironmentVariableIsSet("BELLWETHER_ALL_IS_THERE")) \
            QFAIL(what); \
        QSKIP(what); \
    } while (false)
