# Sets one KEY=value of an environment file; every other byte, the mode and the owner stay. $1 file, $2 key, $3 value.
# Active lines are `KEY=` with optional blanks and `export` in front; of several the last one counts, as for every reader.
# Quotes, a comment behind the value, CR LF and a missing final newline are kept.
# Where it runs by sudo it is the stdin of its shell: nothing here reads that.
set -u
umask 077
LC_ALL=C
export LC_ALL
key=$2 new=$3
no() { printf 'bellwether-pin: %s\n' "$1" >&2; exit "${2:-1}"; }

# Mode, owner and group of a file, or of a link itself.
rights() { set -- $(ls -ldn "$1"); printf '%s %s %s' "$1" "$3" "$4"; }
owner() { set -- $(ls -ldn "$1"); printf '%s' "$3"; }

file=$1 i=0 links=
while [ -L "$file" ]; do
  i=$((i + 1)); [ $i -le 40 ] || no "$1: too many symbolic links"
  links="$links $(owner "$file")"
  to=$(readlink -- "$file") || no "$1: its symbolic link cannot be read"
  case $to in /*) file=$to ;; *) file=${file%/*}/$to ;; esac
done
[ -e "$file" ] || no "$file does not exist; nothing was changed" 66
[ -d "$file" ] && no "$file is a folder, an environment file is wanted; nothing was changed" 66
[ -f "$file" ] || no "$file is not a plain file; nothing was changed" 66
[ -r "$file" ] || no "$file cannot be read by this login; nothing was changed" 77
# By root no link of somebody's is followed to what is not theirs.
root=
if [ "$(id -u)" = 0 ]; then
  root=1
  for i in $links; do
    [ "$i" = 0 ] || [ "$i" = "$(owner "$file")" ] || no "$1 is a link of another user's to $file; nothing was changed" 77
  done
fi

# assigns LINE: is it an active assignment? Leaves what stands before the value in $head, the rest in $tail.
assigns() {
  rest=$1
  case $rest in *"$key"=*) ;; *) return 1 ;; esac
  while :; do case $rest in ' '* | "$tab"*) rest=${rest#?} ;; *) break ;; esac; done
  case $rest in
  export' '*) rest=${rest#export}; while :; do case $rest in ' '* | "$tab"*) rest=${rest#?} ;; *) break ;; esac; done ;;
  esac
  case $rest in "$key"=*) tail=${rest#"$key"=}; head=${1%"$tail"}; return 0 ;; esac
  return 1
}
# value TAIL: splits it into quote mark $q, $old and what stands behind, $after.
value() {
  case $1 in
  \"*\"*) q='"'; old=${1#?}; old=${old%%\"*}; after=${1#?"$old"?} ;;
  \'*\'*) q="'"; old=${1#?}; old=${old%%\'*}; after=${1#?"$old"?} ;;
  *) q=; old=${1%%[ "$tab$cr"]*}; after=${1#"$old"} ;;
  esac
  a=$after
  while :; do case $a in ' '* | "$tab"* | "$cr"*) a=${a#?} ;; *) break ;; esac; done
  case $a in '' | '#'*) ;; *) case $1 in *"$cr") after=$cr ;; *) after= ;; esac; q=; old=${1%"$cr"} ;; esac
}
tab=$(printf '\t') cr=$(printf '\r')

n=0 at=0 end=$cr
while IFS= read -r line || [ -n "$line" ]; do
  n=$((n + 1))
  case $line in *"$cr") ;; *) end= ;; esac
  if assigns "$line"; then at=$n; value "$tail"; was=$old; fi
done <"$file"
[ $n -gt 0 ] || end=
if [ "$at" -gt 0 ] && [ "$was" = "$new" ]; then
  printf 'bellwether-pin: %s is %s already in %s\n' "$key" "$new" "$file"
  exit 0
fi
[ -w "$file" ] || no "$file cannot be written by this login; nothing was changed" 77

edited() {
  n=0
  while IFS= read -r line; do
    n=$((n + 1))
    if [ $n = "$at" ]; then assigns "$line"; value "$tail"; line=$head$q$new$q$after; fi
    printf '%s\n' "$line" || return 1
  done
  # What is left has no newline behind it.
  if [ -n "$line" ]; then
    if [ $((n + 1)) = "$at" ]; then assigns "$line"; value "$tail"; line=$head$q$new$q$after; fi
    printf '%s' "$line" || return 1
    [ "$at" -gt 0 ] || printf '\n' || return 1
  fi
  [ "$at" -gt 0 ] || printf '%s=%s%s\n' "$key" "$new" "$end"
}
dir=${file%/*} base=${file##*/}
[ "$dir" = "$file" ] && dir=.
[ -n "$dir" ] || dir=/
# In a folder beside it that only we can enter, and by names that hold whatever others do to that folder's own: where the
# file's folder is somebody else's, a name that can be guessed may be a link to any file.
tmp= own=$dir/.$base.bellwether.$$
trap '[ -z "$tmp" ] || rm -f "$tmp"; cd /; [ -z "$own" ] || rmdir "$own" 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM
where=$(cd -P "$dir" && pwd -P)
mkdir "$own" 2>/dev/null || own=
if [ -n "$own" ] && cd -P "$own" 2>/dev/null && [ -O . ] && [ "$(pwd -P)" = "${where%/}/.$base.bellwether.$$" ] && tmp=new && cp -p "$file" "$tmp" 2>/dev/null; then beside=1; else
  beside=0
  [ -z "$tmp" ] || rm -f "$tmp"
  tmp=
  tmp=$(mktemp 2>/dev/null) || no "no room for a copy beside $file; nothing was changed" 74
fi
{ edited <"$file" >"$tmp"; } 2>/dev/null && edited <"$file" | cmp -s - "$tmp" || no "$dir has no room for the new $base; nothing was changed" 74
sync "$tmp" 2>/dev/null || :
# Its label (SELinux) is not among what cp -p keeps.
chcon --reference="$file" "$tmp" 2>/dev/null || :
# In one stroke where that keeps owner and mode; otherwise into the file itself (a single mounted file, another owner), but not
# by root in a folder whose owner may put something else in its place meanwhile.
if [ $beside = 1 ] && [ "$(rights "$file")" = "$(rights "$tmp")" ] && mv -f "$tmp" "$file" 2>/dev/null; then :
elif [ -n "$root" ] && [ "$(owner "$dir/.")" != 0 ]; then no "$file cannot be replaced in one stroke, and its folder is not root's; nothing was changed" 77
else cat "$tmp" >"$file" && cmp -s "$tmp" "$file" || {
  trap - EXIT
  case $tmp in /*) ;; *) tmp=$(pwd -P)/$tmp ;; esac
  no "$file may be cut short; its new content is in $tmp" 74
}
fi
sync "$file" 2>/dev/null || :
if [ "$at" -gt 0 ]; then printf 'bellwether-pin: %s %s -> %s in %s\n' "$key" "$was" "$new" "$file"
else printf 'bellwether-pin: %s=%s added to %s\n' "$key" "$new" "$file"; fi
