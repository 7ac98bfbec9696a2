#!/bin/sh
# content: as JSON.
. "${0%/*}/lib.sh"
tool content
