#!/bin/sh
# backup DIR: a consistent copy of the database, with a manifest and an end marker.
. "${0%/*}/lib.sh"
need "${1:-}" folder
effect backup "$1"
(tool backup "$1") && echo "backup written to $1"
