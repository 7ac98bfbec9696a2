# bwr v1 supervisor: detached, owns one job from its claim to its result. Its stdout is the pipe of `start`: exactly one
# answer goes there, then it is closed.
set -u
umask 077
J=$BWR_R/jobs/$BWR_K
cd "$J" || exit 1
R=$BWR_R K=$BWR_K E=$BWR_E O=$BWR_O T=$BWR_T
unset BWR_R BWR_K BWR_E BWR_O BWR_T BWR_SUP BWR_ROOT
read -r B </proc/sys/kernel/random/boot_id || B=none
up() { read -r u _ </proc/uptime; u=${u%%.*}; }
write() { { printf '%s\n' "$2" >"$1"; } 2>/dev/null && [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }
sync1() { sync "$1" 2>/dev/null || :; }
top() { N=0; for f in "$R/$1".*; do n=${f##*.}; case $n in '' | *[!0-9]*) continue ;; esac; [ "$n" -gt "$N" ] && N=$n; done; :; }
born() { { read -r s <"/proc/$1/stat"; } 2>/dev/null || return 1; s=${s##*)}; set -- $s; case $1 in Z | X | x) return 1 ;; esac; st=${20}; }
alive() { p= s0= b=; { read -r p s0 b _ <"$1"; } 2>/dev/null || :; [ -n "$p" ] && [ "$b" = "$B" ] && born "$p" && [ "$st" = "$s0" ]; }
say() { printf '%s\n' "$1"; exec >/dev/null; }

# 1. The host's one slot: slot.<N> with N growing, won by ln. Holders are alive or they do not count.
born $$ || exit 1
me="$$ $st $B $K $O"
i=0
while :; do
  top slot
  k= ow=
  { [ "$N" -gt 0 ] && read -r _ _ _ k ow <"$R/slot.$N"; } 2>/dev/null || k=
  if [ -n "$k" ] && [ "$k" != - ] && { alive "$R/slot.$N" || alive "$R/jobs/$k/step"; }; then
    # Somebody else's supervisor for this very job: the starter reads the state, all is well.
    [ "$k" = "$K" ] && { i=0; while [ ! -s sup ] && alive "$R/slot.$N" && [ $i -lt 50 ]; do sleep 0.1 2>/dev/null || sleep 1; i=$((i + 1)); done; say taken; exit 0; }
    say "busy job=$k owner=${ow:-unknown}"; exit 75
  fi
  write "$R/s.$$" "$me" || { rm -f "$R/s.$$"; say disk; exit 74; }
  slot=$R/slot.$((N + 1))
  if ln "$R/s.$$" "$slot" 2>/dev/null; then
    rm -f "$R/s.$$" "$R/slot.$((N - 7))"
    n0=$((N + 1)); top slot
    [ "$N" = "$n0" ] && break
  fi
  rm -f "$R/s.$$"
  i=$((i + 1)); [ $i -lt 50 ] || { say 'busy job=none owner=others'; exit 75; }
done
leave() { printf '%s\n' '- - - - -' >"$slot.t" 2>/dev/null && mv -f "$slot.t" "$slot"; }

# 2. The lease, read after the slot is ours (lock reads the slot after its lease is written: one of the two sees the other).
top lease
o=; { read -r o _ <"$R/lease.$N"; } 2>/dev/null || o=
[ "$N" = "$E" ] && [ "$o" = "$O" ] || { leave; say fenced; exit 77; }

# 3. The claim, the one point from which the job has begun: atomic, no-clobber, never empty.
write "sup.$$" "$me" || { rm -f "sup.$$"; leave; say disk; exit 74; }
ln "sup.$$" sup 2>/dev/null || { rm -f "sup.$$"; leave; say taken; exit 0; }
rm -f "sup.$$"
sync1 sup
say claimed

up; t0=$u
wall0=$(date -u +%Y-%m-%dT%H:%M:%SZ)
why=exit rc=143
: >>out
: >>err
trap '' HUP INT TERM
if [ -e cancel ]; then
  why=cancel
else
  # The step leads its own session, so that its whole group can be ended; it holds nothing of ours open.
  (
    trap - HUP INT TERM
    if [ -e env ]; then
      exec 8<env; rm -f env
      while IFS= read -r l <&8; do
        case ${l%%=*} in '' | [0-9]* | *[!A-Za-z0-9_]*) continue ;; esac
        case $l in *=*) export "$l" ;; esac
      done
      exec 8<&-
    fi
    unset LC_ALL
    cd /
    if command -v setsid >/dev/null 2>&1; then exec setsid sh "$J/script" </dev/null >>"$J/out" 2>>"$J/err"; fi
    exec sh "$J/script" </dev/null >>"$J/out" 2>>"$J/err"
  ) &
  c=$!
  born $c && write step.t "$c $st $B" && mv -f step.t step
  end() { kill -s "$1" -- "-$c" 2>/dev/null || kill -s "$1" "$c" 2>/dev/null; }
  (
    while :; do
      up
      write hb.t "$u" && mv -f hb.t hb
      w=
      [ -e cancel ] && w=cancel
      [ "$T" -gt 0 ] && [ $((u - t0)) -ge "$T" ] && w=${w:-timeout}
      [ -n "$w" ] || { sleep 1; continue; }
      { printf '%s\n' "$w" >why; } 2>/dev/null
      end TERM
      i=0
      while [ $i -lt 10 ] && end 0; do sleep 1; i=$((i + 1)); up; write hb.t "$u" && mv -f hb.t hb; done
      end KILL
      exit
    done
  ) &
  w=$!
  wait $c
  rc=$?
  # Once a group is being ended it is ended whole, also when its leader went first.
  [ -s why ] && wait $w
  kill -s KILL $w 2>/dev/null
  { [ -s why ] && read -r why <why; } || why=exit
fi
sig=0
[ $rc -gt 128 ] && sig=$((rc - 128))
up
line="rc=$rc sig=$sig why=$why start=$wall0 dur=$((u - t0)) obytes=$(($(wc -c <out))) ebytes=$(($(wc -c <err)))"
rm -f reserve env
# The result exists whole or not at all; on a full disk it waits for room, and the slot with it.
until write rc.t "$line" && { sync1 rc.t; mv -f rc.t rc; }; do sleep 2; done
leave
