#!/bin/sh
# backup-info DIR: what is in a backup and whether it can be trusted, as JSON.
. "${0%/*}/lib.sh"
need "${1:-}" folder
tool backup-info "$1"
