# bwr v1 supervisor: detached, owns one job from its claim to its result. It is run twice by the same process: until the
# claim its stdout is the pipe of `start`, where exactly one answer goes; then it takes its own place with nothing open
# (`exec >/dev/null` is not enough: mksh keeps a copy of what was there, and its subshells too).
# Its umask is the helper's.
set -u
J=$BWR_R/jobs/$BWR_K
cd "$J" || exit 1
R=$BWR_R K=$BWR_K E=$BWR_E O=$BWR_O T=$BWR_T M=${BWR_M:-022} U=${BWR_U-}
read -r B </proc/sys/kernel/random/boot_id || B=none
up() { read -r u _ </proc/uptime; u=${u%%.*}; }
write() { { printf "%s\n" "$2" >"$1"; } 2>/dev/null && [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }
# The named files and folders are on disk, where the host has a sync that can.
keep() { sync "$@" 2>/dev/null || :; }
nap() { sleep 0.1 2>/dev/null || sleep 1; }
top() { N=0; for f in "$R/$1".*; do n=${f##*.}; case $n in "" | *[!0-9]*) continue ;; esac; [ "$n" -gt "$N" ] && N=$n; done; :; }
born() { st=; { read -r s <"/proc/$1/stat"; } 2>/dev/null || return 1; s=${s##*)}; set -- $s; [ $# -ge 20 ] || return 1; st=${20} pp=$2 pg=$3; case $1 in Z | X | x) return 1 ;; esac; }
# As in the helper: whom /proc hides from us may live.
alive() {
  p= s0= b=
  { read -r p s0 b _ <"$1"; } 2>/dev/null || :
  [ -n "$p" ] && [ "$b" = "$B" ] || return 1
  born "$p" && [ "$st" = "$s0" ] || { [ ! -r "/proc/$p" ] && [ ! -O "$1" ] && [ ! -r /proc/1/stat ]; }
}
# Process $1 and its descendants into f. (mksh puts its own end off until its child has ended.)
family() {
  f=$1 g=
  while [ "$f" != "$g" ]; do
    g=$f
    for d in /proc/[0-9]*; do
      { read -r s <"$d/stat"; } 2>/dev/null || continue
      d=${d#/proc/} s=${s##*)}
      set -- $s
      [ $# -ge 3 ] || continue
      case " $f " in *" $d "*) ;; *" $2 "*) f="$f $d" ;; esac
    done
  done
}
say() { printf "%s\n" "$1"; }
seen() { [ -r "$1" ] || [ ! -e "$1" ] || { say "state file=$1"; exit 73; }; }
leave() { printf "%s\n" "- - - - -" >"$slot.t" 2>/dev/null && mv -f "$slot.t" "$slot"; }

if [ "${1:-}" != claimed ]; then
# 1. The host's one slot: slot.<N> with N growing, won by ln. Holders are alive or they do not count.
born $$ || exit 1
me="$$ $st $B $K $O"
i=0
while :; do
  top slot
  k= ow=
  seen "$R/slot.$N"
  { [ "$N" -gt 0 ] && read -r _ _ _ k ow <"$R/slot.$N"; } 2>/dev/null || k=
  seen "$R/jobs/$k"; seen "$R/jobs/$k/step"
  if [ -n "$k" ] && [ "$k" != - ] && { alive "$R/slot.$N" || alive "$R/jobs/$k/step"; }; then
    # Somebody else's supervisor for this very job: the starter reads the state, all is well.
    [ "$k" = "$K" ] && { i=0; while [ ! -s sup ] && alive "$R/slot.$N" && [ $i -lt 50 ]; do nap; i=$((i + 1)); done; say taken; exit 0; }
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
  i=$((i + 1))
  # Nobody else has it, and still it cannot be made: no room for another name.
  [ $i -lt 5 ] || [ -e "$slot" ] || { say disk; exit 74; }
  [ $i -lt 50 ] || { say "busy job=none owner=others"; exit 75; }
done

# 2. The lease, read after the slot is ours (lock reads the slot after its lease is written: one of the two sees the other).
top lease
o=; { read -r o _ <"$R/lease.$N"; } 2>/dev/null || o=
[ "$N" = "$E" ] && [ "$o" = "$O" ] || { leave; [ "$o" != - ] || o=; say "fenced owner=$o epoch=$N"; exit 77; }

# Where the output will go: a disk that has no room for it is found out before anything has begun.
{ true >>out && true >>err; } 2>/dev/null || { leave; say disk; exit 74; }

# 3. The claim, the one point from which the job has begun: atomic, no-clobber, never empty.
write "sup.$$" "$me" || { rm -f "sup.$$"; leave; say disk; exit 74; }
ln "sup.$$" sup 2>/dev/null || { rm -f "sup.$$"; leave; [ -s sup ] || { say disk; exit 74; }; say taken; exit 0; }
rm -f "sup.$$"
keep sup . ..
say claimed
BWR_S=$slot
export BWR_S
exec sh -c "$BWR_SUP" bwr-sup claimed >/dev/null 2>/dev/null
fi

slot=$BWR_S
unset BWR_R BWR_K BWR_E BWR_O BWR_T BWR_M BWR_S BWR_SUP BWR_U
# What the step is to read, a password or nothing, is for the step alone. (Beside `&` stdin is /dev/null: hence 3.)
exec 3<&0 </dev/null
up; t0=$u
wall0=$(date -u +%Y-%m-%dT%H:%M:%SZ)
why=exit rc=143
# By this word in its environment what the step began is known as its own, wherever it has gone.
born $$
t1=$st mark="$$ $st "
trap "" HUP INT TERM
if [ -e cancel ]; then
  why=cancel
else
  # The step leads its own session, so that its whole group can be ended; it holds nothing of ours open.
  (
    trap - HUP INT TERM
    true >ready # from here on a signal ends it
    if [ -e env ]; then
      exec 8<env; rm -f env
      while IFS= read -r l <&8; do
        case ${l%%=*} in "" | [0-9]* | *[!A-Za-z0-9_]*) continue ;; esac
        case $l in *=*) export "$l" ;; esac
      done
      exec 8<&-
    fi
    export BWR_STEP="$mark$K"
    unset LC_ALL
    # Ours is for our own files only: what an update makes has the permissions it would have by hand.
    umask "$M"
    cd /
    if command -v setsid >/dev/null 2>&1; then exec setsid sh "$J/script" <&3 3<&- >>"$J/out" 2>>"$J/err"; fi
    exec sh "$J/script" <&3 3<&- >>"$J/out" 2>>"$J/err"
  ) &
  c=$!
  exec 3<&-
  born $c && write step.t "$c $st $B" && mv -f step.t step
  cs=$st
  # The scope that systemd made for this supervisor alone, as /proc writes it; never that of a session or a login.
  own= m=$$
  [ -z "$U" ] || while read -r l; do case $l in */"$U".scope) own=$l ;; esac; done <"/proc/$$/cgroup"
  # Its group, or the process alone where there is no setsid; never a stranger who was given its number.
  end() {
    born $c && ours=1 || ours=
    [ -z "$st" ] || [ "$st" = "$cs" ] || return 1
    kill -s "$1" -- "-$c" 2>/dev/null && return
    [ -n "$ours" ] || return 1
    case $1 in 0) ;; *) family $c; kill -s "$1" $f 2>/dev/null ;; esac
    kill -s 0 $c 2>/dev/null
  }
  # Is anybody of its group left, also whom our signals do not reach? Those make x.
  left() {
    f= x=
    for d in /proc/[0-9]*; do
      { read -r s <"$d/stat"; } 2>/dev/null || continue
      s=${s##*)}
      set -- $s
      [ $# -ge 3 ] && [ "$3" = "$c" ] || continue
      case $1 in Z | X | x) continue ;; esac
      f=1
      kill -s 0 "${d#/proc/}" 2>/dev/null || x=1
    done
    [ -n "$f" ]
  }
  # has FILE TEXT. (Shells leave the NULs of an environment out, some with a warning. Not by `read`: where that fails in the middle, as it does
  # on a process that ends, bash and mksh keep the line before, and the loop has no end.)
  has() { case $(cat "$1") in *"$2"*) return 0 ;; esac; return 1; }
  # strays SIGNAL [MARK]: what the step began that has left its group gets the signal and makes o; y, if one of it is not
  # ours to signal. It is found in our scope, by MARK also elsewhere; where systemd gave no scope, by MARK alone.
  strays() {
    o= y=
    [ -n "$own${2-}" ] || return 1
    for d in /proc/[0-9]*; do
      p=${d#/proc/}
      case $p in $$ | "$m") continue ;; esac
      born $p || continue
      case $pg in "$c") continue ;; esac
      # Programs that this supervisor runs.
      case $pp in $$ | "$m") continue ;; esac
      # What is older than this supervisor it has not begun.
      [ "$st" -lt "$t1" ] && continue
      { [ -n "$own" ] && has "$d/cgroup" "$own"; } || { [ -n "${2-}" ] && has "$d/environ" "BWR_STEP=$2"; } || continue
      o="$o $p"
      kill -s "$1" $p || { born $p && y=1; }
    done
    [ -n "$o" ]
  }
  (
    # This very process.
    read -r m _ </proc/self/stat
    while :; do
      up
      write hb.t "$u" && mv -f hb.t hb
      w=
      [ "$T" -gt 0 ] && [ $((u - t0)) -ge "$T" ] && w=timeout
      [ -e cancel ] && w=cancel
      [ -z "$w" ] || break
      alive sup || alive step || exit # killed, and the step it left behind has ended
      sleep 1
    done
    # A second name of a file that is there: this works on a full disk too.
    ln sup "why.$w"
    i=0; until [ -e ready ] || [ $i -ge 20 ]; do nap; i=$((i + 1)); done
    end TERM
    strays TERM
    # What sudo made root's gets the TERM from sudo. A KILL would end sudo alone: then it is waited for.
    i=0
    while end 0 || left || { [ $i -lt 10 ] && strays 0; }; do
      [ $i -lt 10 ] || { left && [ -n "$x" ]; } || { end KILL; break; }
      sleep 1
      i=$((i + 1)); up; write hb.t "$u" && mv -f hb.t hb
    done
    # The same for those outside its group, but nobody waits for them: a daemon of root's may be among them for ever.
    strays 0
    i=0; while [ -z "$y" ] && strays KILL && [ $i -lt 20 ]; do nap; i=$((i + 1)); done
  ) &
  w=$!
  wait $c
  rc=$?
  # Once a group is being ended it is ended whole, also when its leader went first.
  [ ! -e why.cancel ] && [ ! -e why.timeout ] || wait $w
  kill -s KILL $w 2>/dev/null
  why=exit
  [ ! -e why.timeout ] || why=timeout
  [ ! -e why.cancel ] || why=cancel
  # What lives on is named. Looked for twice: what has been told to end takes a moment. The result does not wait for it for
  # long: to read the environment of a process that hangs may hang as well.
  if [ $why != exit ]; then
    (
      read -r m _ </proc/self/stat
      strays 0 "$mark" && sleep 1 && strays 0 "$mark" || exit
      a= n=0
      for p in $o; do
        n=$((n + 1)) q=?
        [ $n -le 10 ] || { a="$a, and more"; break; }
        read -r q _ <"/proc/$p/comm"
        a="$a, $p $q"
      done
      say "bellwether: still running on the host:${a#,}" >left.t && mv -f left.t left
    ) &
    m=$!
    up; i=$u
    while born $m; do
      up
      [ $((u - i)) -lt 10 ] || { kill -s KILL $m; break; }
      nap
    done
    [ ! -s left ] || { [ -z "$(tail -c 1 err)" ] || echo; cat left; } >>err
    rm -f left left.t
  fi
fi
sig=0
[ $rc -gt 128 ] && sig=$((rc - 128))
up
line="rc=$rc sig=$sig why=$why start=$wall0 dur=$((u - t0)) obytes=$(($(wc -c <out))) ebytes=$(($(wc -c <err)))"
rm -f reserve env
# The result exists whole or not at all; on a full disk it waits for room, and the slot with it.
# (On a full disk for as long as that takes; not where its folder was taken away.)
until write rc.t "$line" && { keep rc.t; mv -f rc.t rc; }; do [ -d "$J" ] || exit 1; sleep 2; done
keep .
leave
