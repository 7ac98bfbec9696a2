#!/bin/sh
# restore DIR: asks for the domain, checks the backup, then drops and recreates the database. Records its own effect.
. "${0%/*}/lib.sh"
need "${1:-}" folder
tool restore "$1"
