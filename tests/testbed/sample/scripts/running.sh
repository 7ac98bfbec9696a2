#!/bin/sh
# running [VERSION]: exit 0 when the service (of that version) runs.
. "${0%/*}/lib.sh"
tool running "$@"
