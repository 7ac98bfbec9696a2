# Read by every script here: where the product is, its settings, and its own program.
set -u
LC_ALL=C.UTF-8
export LC_ALL
umask 077
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)

setting() { sed -n "s/^$1=//p" .env | tail -n 1; }
effect() { printf '%s\n' "$*" >>effects.log; }
fail() { printf '%s: %s\n' "${0##*/}" "$1" >&2; exit "${2:-1}"; }
need() { [ -n "${1:-}" ] || fail "tell it which $2" 2; }

# A version becomes part of a path, so it may hold nothing else than a version does.
plain() { case $1 in '' | *[!A-Za-z0-9.+-]* | .* | -*) fail "'$1' is no version" 2 ;; esac; }

# The pinned release's own program, or any other release's where the pinned one is not here.
tool() {
    exe=releases/$(setting SAMPLE_VERSION)/bellwether-sample
    if [ ! -x "$exe" ]; then
        for exe in releases/*/bellwether-sample; do [ -x "$exe" ] && break; done
    fi
    [ -x "$exe" ] || fail "no release is installed here"
    verb=$1
    shift
    exec "$exe" "$verb" --directory "$root" -- "$@"
}
