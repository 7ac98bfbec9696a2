#!/bin/sh
# start [VERSION]: starts the pinned release and shows its log until the migrations are done or it ended.
. "${0%/*}/lib.sh"
version=$(setting SAMPLE_VERSION)
plain "$version"
effect start "$version"
[ "${1:-$version}" = "$version" ] || fail "$1 is wanted but .env pins $version"
[ -x "releases/$version/bellwether-sample" ] || fail "release $version is not here; run bin/pull $version"
exec "releases/$version/bellwether-sample" start --directory "$root"
