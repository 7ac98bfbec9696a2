# bwr v1, the host's side of copying files: POSIX sh and coreutils, nothing installed. The caller puts `set -- VERB ARGS` in front.
# A part lies beside its target under a name made of its content's sum: whoever writes at an offset of it writes the same
# bytes, so that two consoles and a writer that is late cannot mix anything.
set -uf
umask 077
LC_ALL=C
export LC_ALL
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin

die() { printf 'bwr err=%s\n' "$1"; exit 0; }
ok() { printf 'bwr %s\n' "$1"; exit 0; }
# failed TEXT: what a program said about why it could not, as one line.
failed() {
  case $1 in *'No space'* | *quota*) die disk ;; esac
  w=$(printf '%s\n' "$1" | head -n 1)
  die "refused reason=${w##*: }"
}
# look FILE: mode, owner, group and size into m u g z. (wc -c would read it all in busybox.)
look() { set -- $(ls -ldn"${2-}" "$1" 2>/dev/null) '' '' '' '' ''; m=$1 u=$3 g=$4 z=$5; case $z in '' | *[!0-9]*) z=-1 ;; esac; }
if command -v sha256sum >/dev/null 2>&1; then S=sha256sum
elif command -v shasum >/dev/null 2>&1; then S='shasum -a 256'
elif command -v openssl >/dev/null 2>&1; then S='openssl dgst -sha256 -r'
else die 'refused reason=the host has no sha256sum'; fi
# digest: of its input, into h.
digest() { h=$($S) && h=${h%% *}; [ ${#h} = 64 ] || die 'refused reason=its sum cannot be computed'; }
# octal -rw-r--r--: as chmod takes it, into o.
octal() {
  s=${1#?} o=0 v=256
  while [ $v -gt 0 ]; do
    case ${s%"${s#?}"} in [!ST-]) o=$((o + v)) ;; esac
    s=${s#?} v=$((v / 2))
  done
  o=$(printf %03o $o)
}
# target FILE: can something be put there under that name?
target() {
  d=${1%/*}; d=${d:-/}
  [ -d "$d" ] || die nofolder
  [ ! -L "$1" ] || die "refused reason=it is a symbolic link; name the file it points to"
  [ ! -d "$1" ] || die folder
  [ ! -e "$1" ] || [ -f "$1" ] || die 'refused reason=it is no regular file'
}
# own PART TARGET: what is replaced keeps its owner and group; else says why in w.
tm=-rw-r--r--
own() {
  [ -f "$2" ] || return 0
  look "$2"
  tu=$u tg=$g tm=$m
  look "$1"
  if [ "$u" != "$tu" ] && ! chown "$tu" "$1" 2>/dev/null; then w="user $tu"
  elif [ "$g" != "$tg" ] && ! chgrp "$tg" "$1" 2>/dev/null; then w="group $tg"
  else return 0; fi
  w="refused reason=it belongs to $w, and this login cannot give the new file to it"
  return 1
}
# already VERB TARGET PART SIZE SUM MODE: its answer was lost, or somebody else has put the same there.
already() {
  look "$2"
  [ $z = "$4" ] || die short
  digest <"$2"
  [ "$h" = "$5" ] || die short
  rm -f "$3"
  if [ -n "$6" ]; then w=$(chmod "$6" "$2" 2>&1) || failed "$w"; fi
  ok already=1
}
# taken VERB TARGET PART …: has another console put the part into its place in between?
taken() { [ -e "$3" ] || already "$@"; }

case ${1:-} in
begin) # TARGET PART PARTS: PARTS is the pattern of all parts of this target
  target "$2"
  # Parts that nobody has gone on with for a week.
  find "$d" -maxdepth 1 -name "$4" -type f -mtime +7 -exec rm -f {} + 2>/dev/null
  if [ -L "$3" ] || { [ -e "$3" ] && [ ! -f "$3" ]; }; then die 'refused reason=something else lies where its part would'; fi
  look "$3"
  if [ $z -lt 0 ]; then # another console may begin it at the same moment
    w=$( (set -C; true >"$3") 2>&1)
    look "$3"
    [ $z -ge 0 ] || failed "$w"
  fi
  if [ "$u" != "$(id -u)" ] && [ "$(id -u)" != 0 ]; then die 'refused reason=a part of another user lies beside it'; fi
  have=$z
  own "$3" "$2" || { [ -e "$3" ] || die gone; [ $have -gt 0 ] || rm -f "$3"; die "$w"; }
  there=-1
  [ ! -f "$2" ] || { look "$2"; there=$z; }
  set -- $(df -Pk "$d" 2>/dev/null | tail -n 1 | sed 's/%.*//')
  while [ $# -gt 2 ]; do shift; done
  case ${1:-} in '' | *[!0-9]*) free=-1 ;; *) free=$1 ;; esac
  ok "have=$have there=$there free=$free" ;;
sum) # FILE COUNT: of the first COUNT bytes
  look "$2" L
  [ $z -ge "$3" ] || die gone
  h=$(head -c "$3" "$2" 2>/dev/null | $S)
  h=${h%% *}
  ok "sum=$h" ;;
drop) # PART
  rm -f "$2"
  ok ok ;;
end) # TARGET PART SIZE SUM MODE
  target "$2"
  look "$3"
  [ $z = "$4" ] || already "$@"
  h=
  digest 2>/dev/null <"$3"
  [ "$h" = "$5" ] || { taken "$@"; rm -f "$3"; die "sum sum=$h"; }
  own "$3" "$2" || { o=$w; taken "$@"; die "$o"; }
  octal "$tm"
  w=$(chmod "${6:-$o}" "$3" 2>&1) || { taken "$@"; failed "$w"; }
  # On disk before it has its name: after a power cut it is the old one or the new one, whole.
  sync "$3" 2>/dev/null || sync
  w=$(mv -f "$3" "$2" 2>&1) || { taken "$@"; failed "$w"; }
  sync "$d" 2>/dev/null || :
  ok already=0 ;;
info) # FILE
  [ ! -d "$2" ] || die folder
  [ -e "$2" ] || die nofile
  [ -f "$2" ] || die 'refused reason=it is no regular file'
  [ -r "$2" ] || die 'refused reason=this login may not read it'
  look "$2" L
  digest <"$2"
  ok "size=$z sum=$h" ;;
*) die usage ;;
esac
