#!/bin/sh
# storage: as JSON.
. "${0%/*}/lib.sh"
tool storage
