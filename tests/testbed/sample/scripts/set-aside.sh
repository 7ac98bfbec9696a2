#!/bin/sh
# set-aside DIR: keeps a copy of the present database before something replaces it.
. "${0%/*}/lib.sh"
need "${1:-}" folder
effect set-aside "$1"
(tool set-aside "$1") && echo "kept in $1"
