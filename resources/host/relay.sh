# bwr v1, on a jump host: passes a piece of a file that lies here on to a host behind it, with this login's own ssh. Nothing of
# the console's credentials is here, no agent is forwarded, and no key is believed that this login does not know. The caller
# puts `set -- VERB …` in front.
set -uf
umask 077
LC_ALL=C
export LC_ALL
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
die() { printf 'bwr err=%s\n' "$1"; exit 0; }
case $1 in
stage) # ROOT: where files wait that are passed on; what nobody has fetched away for a day goes
  d=${2:-${HOME:?}/.local/state/bellwether}/relay
  w=$(mkdir -p "$d" 2>&1) || die "refused reason=${w##*: }"
  case $(ls -ldn "$d" 2>/dev/null) in d???????w*) die "refused reason=everybody may write to $d" ;; esac
  find "$d" -maxdepth 1 -type f -mtime +0 -exec rm -f {} + 2>/dev/null
  printf 'bwr dir=%s\n' "$d" ;;
relay) # FILE OFFSET LENGTH USER ADDRESS PORT COMMAND
  command -v ssh >/dev/null 2>&1 || die 'relay reason=it has no ssh'
  [ -f "$2" ] || die 'relay reason=the file is gone from it'
  w=$(dd if="$2" bs=4096 skip=$(($3 / 4096)) count=$((($4 + 4095) / 4096)) 2>/dev/null |
    ssh -a -x -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o ForwardAgent=no -o ClearAllForwardings=yes -o ControlPath=none \
      -o ConnectTimeout=15 -o ServerAliveInterval=10 -p "$7" ${5:+-l "$5"} -- "$6" "$8" 2>&1)
  a=$(printf '%s\n' "$w" | sed -n 's/^bwr //p' | head -n 1)
  case $a in
  have=*) printf 'bwr %s\n' "$a" ;;
  '') w=$(printf '%s\n' "$w" | tail -n 1); die "relay reason=${w:-its ssh says nothing}" ;;
  *) die "relay reason=$a" ;;
  esac ;;
esac
