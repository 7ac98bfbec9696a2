#!/bin/sh
# last-backup: the newest backup, as backup-info shows it.
. "${0%/*}/lib.sh"
tool last-backup
