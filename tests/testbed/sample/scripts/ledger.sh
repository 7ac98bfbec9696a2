#!/bin/sh
# ledger: as JSON.
. "${0%/*}/lib.sh"
tool ledger
