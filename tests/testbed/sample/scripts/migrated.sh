#!/bin/sh
# migrated VERSION: exit 0 when that version runs and all its migrations are done.
. "${0%/*}/lib.sh"
need "${1:-}" version
plain "$1"
tool migrated "$1"
