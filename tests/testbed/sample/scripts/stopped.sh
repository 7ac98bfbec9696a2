#!/bin/sh
# stopped: exit 0 when no service runs.
. "${0%/*}/lib.sh"
if (tool running) >/dev/null; then exit 1; fi
