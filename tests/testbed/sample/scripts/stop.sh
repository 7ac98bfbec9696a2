#!/bin/sh
# stop: asks the service to stop, waits, and ends it by force where it does not.
. "${0%/*}/lib.sh"
effect stop
tool stop
