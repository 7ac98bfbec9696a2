# bwr v1: one piece of a file, to a part or from a file. Small, since it travels with each piece. The caller puts
# `set -- VERB FILE OFFSET LENGTH` in front; offsets are multiples of 4096.
set -uf
LC_ALL=C
export LC_ALL
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
look() { set -- $(ls -ldn"${2-}" "$1" 2>/dev/null) '' '' '' '' ''; z=$5; case $z in '' | *[!0-9]*) z=-1 ;; esac; }
b=$(($3 / 4096))
case $1 in
put)
  [ ! -L "$2" ] && [ -f "$2" ] && look "$2" && [ $z -ge "$3" ] || { echo 'bwr err=gone'; exit 0; }
  w=$(dd of="$2" bs=4096 seek=$b conv=notrunc 2>&1) || {
    case $w in *'No space'* | *quota*) echo 'bwr err=disk'; exit 0 ;; esac
    w=$(printf '%s\n' "$w" | head -n 1)
    printf 'bwr err=refused reason=%s\n' "${w##*: }"; exit 0
  }
  look "$2"
  echo "bwr have=$z" ;;
get)
  look "$2" L
  echo "bwr size=$z"
  exec dd if="$2" bs=4096 skip=$b count=$((($4 + 4095) / 4096)) 2>/dev/null ;;
esac
