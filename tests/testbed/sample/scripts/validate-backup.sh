#!/bin/sh
# validate-backup DIR: exit 0 only when the backup can be restored here.
. "${0%/*}/lib.sh"
need "${1:-}" folder
tool prove "$1"
