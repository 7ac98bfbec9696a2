#!/bin/sh
# matches-backup DIR: exit 0 when migrations and rows of the database are those of the backup.
. "${0%/*}/lib.sh"
need "${1:-}" folder
tool compare "$1"
