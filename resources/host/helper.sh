# bwr v1, the host's side of the host-run protocol: POSIX sh and coreutils, nothing installed, state in files only.
# One file to read, but never sent whole: a request carries what stands before the first function, the functions that its
# verb calls and the verb's own lines (remote/helpertext), so that looking after a step is cheap on a slow link. Comments
# and indentation stay at home; ' ! and \ cost five bytes each on their way.
# The caller has looked at its words (names and numbers are what they should be) and puts `set -- VERB ARGS`, R (the state
# folder) and, for start, BWR_SUP (the supervisor) and BWR_M (the login's umask) in front.
# `start … SHA password`: the first line of stdin is no script yet, but what the step will read as the first line of its
# own stdin. It goes from pipe to pipe, never into a file, an environment or an argument.
set -u
umask 077
export LC_ALL=C

# By a builtin, so that it stands in no process's arguments (mksh lacks printf, and has print).
tell() { case $(command -v printf) in /*) print -r -- "$1" ;; *) printf "%s\n" "$1" ;; esac; }
die() { printf "bwr err=%s\n" "$1"; exit "$2"; }
ok() { printf "bwr %s\n" "$1"; exit 0; }
# The only clock: seconds since the host was started.
up() { read -r u _ </proc/uptime; u=${u%%.*}; }
boot() { read -r B </proc/sys/kernel/random/boot_id || B=none; }
linux() { [ -r /proc/self/stat ] && [ -r /proc/uptime ] || die "state reason=the host has no /proc" 73; }

# unmade OTHERWISE: why was something not made? The words of the program that could not are in m.
unmade() { case $m in *"No space"* | *quota*) die disk 74 ;; esac; die "state reason=${m:-$1}" 73; }
# share: a folder that is setgid and writable for its group is meant for the logins of that group, and so is what we put there.
share() { case $(ls -ldn "$R" 2>/dev/null || ls -ldn "${R%/*}" 2>/dev/null) in d????ws*) umask 007 ;; esac; }
# seen FILE: what is there and cannot be read is not the same as what is not there.
seen() { [ -r "$1" ] || [ ! -e "$1" ] || die "state file=$1" 73; }
# fit: why this login cannot keep its state here goes into m. Looks only: what is not there yet is as good as where it will be made.
fit() {
  m=
  for f in "$R" "$R/jobs"; do
    d=$f
    until [ -e "${d:=/}" ]; do d=${d%/*}; done
    [ -d "$d" ] && [ -w "$d" ] && [ -x "$d" ] || m="$d is not writable for this login"
    [ "$d" != "$f" ] || case $(ls -ldn "$f" 2>/dev/null) in d???????w*) m="everybody may change $f" ;; esac
  done
}
# Makes sure of a state folder that can be written; never called by verbs that only look.
room() {
  linux; share
  m=$(mkdir -p "$R/jobs" 2>&1) || unmade "it cannot be made"
  fit
  [ -z "$m" ] || die "state reason=$m" 73
}
# put FILE TEXT: whole or not at all; a full disk is noticed here and not by a reader later.
write() { { printf "%s\n" "$2" >"$1"; } 2>/dev/null && [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }
put() { share; write "$1.t$$" "$2" && { sync "$1.t$$" 2>/dev/null || :; } && mv -f "$1.t$$" "$1" || { rm -f "$1.t$$"; die disk 74; }; }
# mark FILE BESIDE: a file that only has to be there; on a full disk a second name of one that is. (Not `:`: where its
# redirection fails, a POSIX shell ends.)
mark() { { true >"$1" || ln "$2" "$1"; } 2>/dev/null || [ -e "$1" ] || die disk 74; }
sha() {
  if command -v sha256sum >/dev/null 2>&1; then h=$(sha256sum <"$1")
  elif command -v shasum >/dev/null 2>&1; then h=$(shasum -a 256 <"$1")
  elif command -v openssl >/dev/null 2>&1; then h=$(openssl dgst -sha256 -r <"$1")
  else die "state reason=the host has no sha256sum" 73; fi
  h=${h%% *}
}

# top NAME: highest NAME.<N> into N. Epochs only grow; making the next one with ln is the only way to win.
top() { N=0; for f in "$R/$1".*; do n=${f##*.}; case $n in "" | *[!0-9]*) ;; *) [ "$n" -le "$N" ] || N=$n ;; esac; done; }
lease() { o= b= t=0 l=0; top lease; seen "$R/lease.$N"; { [ "$N" -gt 0 ] && read -r o b t l <"$R/lease.$N"; } 2>/dev/null || o=; case $o in -) o= ;; esac; }
fresh() { [ -n "$o" ] && [ "$b" = "$B" ] && { up; left=$((l - u + t)); [ "$left" -gt 0 ]; }; }
# told EPOCH: what its holder said of itself (w) and for how many seconds it has had it (a, empty: not known).
told() { w= a= c= d=; { read -r c d w <"$R/by.$1"; } 2>/dev/null || :; case $d in "" | *[!0-9]*) ;; *) [ "$c" != "$B" ] || { up; a=$((u - d)); } ;; esac; }
# sign EPOCH TEXT: only words; where they cannot be written the lease holds all the same.
sign() { up; { printf "%s\n" "$B $u $2" >"$R/b.$$" && mv -f "$R/b.$$" "$R/by.$1"; } 2>/dev/null || rm -f "$R/b.$$"; }
fence() { lease; [ "$N" = "$1" ] && [ "$o" = "$2" ] || die "fenced owner=$o epoch=$N" 77; }

# held OWNER: has another console stopped everything here? One file hold.<owner> each; our own (h=1) binds us through our journal.
held() {
  h=0
  for f in "$R"/hold.*; do
    [ -f "$f" ] || continue
    [ "${f##*/hold.}" != "$1" ] || { h=1; continue; }
    m=; { read -r m <"$f"; } 2>/dev/null || :
    die "held owner=${f##*/hold.} reason=$m" 75
  done
}

# alive FILE: is the process that it names ("pid starttime boot …") still that very one? A zombie is not (init in
# containers often does not reap). Another login's that /proc hides from us (hidepid) may live: who cannot tell says yes.
alive() {
  seen "$1"
  { read -r p t b _ <"$1"; } 2>/dev/null && [ "$b" = "$B" ] || return 1
  { read -r s <"/proc/$p/stat"; } 2>/dev/null || { [ ! -O "$1" ] && [ ! -r /proc/1/stat ]; return; }
  set -- ${s##*)}
  [ "${20}" = "$t" ] && case $1 in [ZXx]) return 1 ;; esac
}
# live: is any step under way? Who holds the one slot of this host, or an orphan that outlived its supervisor.
live() {
  top slot
  k= ow=
  seen "$R/slot.$N"
  { [ "$N" -gt 0 ] && read -r _ _ _ k ow <"$R/slot.$N"; } 2>/dev/null || return 1
  [ -n "$k" ] && { alive "$R/slot.$N" || { seen "$R/jobs/$k"; alive "$R/jobs/$k/step"; }; }
}
# look TOKEN: its folder into J, its state into S. rc is looked at again after "not alive": it may have ended in between.
look() {
  J=$R/jobs/$1
  seen "$J"
  if [ -s "$J/rc" ]; then S=done
  elif [ -s "$J/sup" ]; then
    if alive "$J/sup"; then S=running; elif [ -s "$J/rc" ]; then S=done; else S=lost; fi
  elif [ -d "$J" ]; then S=unstarted
  else S=absent; fi
}
size() { z=0; [ -f "$1" ] && z=$(($(wc -c <"$1"))); :; }
# scope: is there a systemd that takes a step out of its login's session? The words that make it one's own unit go into w. Root
# has the machine's, others their own where it stays without them (linger). Its files are somewhere else in tests.
scope() {
  w= s=${BWR_SYSTEMD-}
  [ -d "$s/run/systemd/system" ] && command -v systemd-run >/dev/null 2>&1 || return 1
  if [ "$(id -u)" = 0 ]; then w=--system
  elif [ -f "$s/var/lib/systemd/linger/${USER:-/}" ]; then
    w=--user XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
    export XDG_RUNTIME_DIR
  else return 1; fi
}
# span FILE FROM MOST: its size into z, how many of its bytes come now into n.
span() { size "$1"; n=$((z - $2)); [ $n -ge 0 ] || n=0; [ $n -le "$3" ] || n=$3; }
part() { [ "$3" = 0 ] || tail -c "+$(($2 + 1))" "$1" | head -c "$3"; }

case ${1:-} in
lock)
  # OWNER TTL [WORDS [FROM]]: a stranger's stale lease is taken only by who says whose it is.
  boot; room; held "$2"
  by=${4-} from=${5-}
  i=0
  while [ $i -lt 20 ]; do
    i=$((i + 1))
    lease
    # The next epoch is counted from this look and no later one: who wins in between must not be robbed.
    was=$o e=$((N + 1))
    if [ "$o" = "$2" ]; then
      e=$N; up
      put "$R/lease.$e" "$2 $B $u $3"
      lease
      [ "$N" = "$e" ] && { [ -z "$by" ] || sign "$e" "$by"; ok "epoch=$e held=own hold=$h taken="; }
      continue
    fi
    told "$N"
    fresh && die "locked owner=$o left=$left since=$a by=$w" 75
    left=; [ -z "$o" ] || [ "$b" != "$B" ] || { up; left=$((u - l - t)); }
    live && [ "$ow" != "$2" ] && die "busy job=$k owner=${ow:-unknown}" 75
    [ -z "$o" ] || [ "$o" = "$from" ] || die "stale owner=$o silent=$left since=$a by=$w" 75
    up
    write "$R/l.$$" "$2 $B $u $3" || { rm -f "$R/l.$$"; die disk 74; }
    if ln "$R/l.$$" "$R/lease.$e" 2>/dev/null; then
      rm -f "$R/l.$$" "$R/lease.$((e - 8))" "$R/by.$((e - 8))"
      sync "$R/lease.$e" 2>/dev/null || :
      lease
      [ "$N" = "$e" ] || continue
      # A supervisor of the former owner that claimed in between has seen the old lease: it goes first.
      if live && [ "$ow" != "$2" ]; then put "$R/lease.$e" "- - 0 0"; die "busy job=$k owner=${ow:-unknown}" 75; fi
      [ -z "$by" ] || sign "$e" "$by"
      find "$R/jobs" -mindepth 2 -maxdepth 2 -name ack -mmin +10080 2>/dev/null |
        while IFS= read -r a; do rm -rf "${a%/ack}"; done
      # What was refused and never begun goes as well. A late start of it is fenced by now: its supervisor reads the lease
      # after it has the slot, and where one has the slot already nothing of the kind goes.
      live || find "$R/jobs" -mindepth 1 -maxdepth 1 -type d -mmin +10080 2>/dev/null |
        while IFS= read -r a; do [ -e "$a/sup" ] || rm -rf "$a"; done
      ok "epoch=$e held=new hold=$h taken=$was"
    fi
    rm -f "$R/l.$$"
    [ $i -lt 5 ] || [ -e "$R/lease.$e" ] || die disk 74
  done
  die "busy job=none owner=others" 75 ;;
renew)
  boot; fence "$2" "$3"; up
  put "$R/lease.$2" "$3 $B $u $4"
  fence "$2" "$3"; ok ok ;;
unlock)
  fence "$2" "$3"
  put "$R/lease.$2" "- - 0 0"; ok ok ;;
hold)
  room
  write "$R/h.$$" "$3" && mv -f "$R/h.$$" "$R/hold.$2" || { rm -f "$R/h.$$"; die disk 74; }
  sync "$R/hold.$2" 2>/dev/null || :
  ok ok ;;
unhold)
  rm -f "$R/hold.$2"
  [ ! -e "$R/hold.$2" ] || die "state reason=the hold cannot be removed" 73
  ok ok ;;
who)
  linux; boot; left=0; lease; fresh || o=; ow=$o
  # Where several hosts are made of one machine (the demo, containers) their SSH service says which one this is.
  M=${BWR_MACHINE_ID-}; [ -n "$M" ] || { read -r M </etc/machine-id; } 2>/dev/null || :
  ol=$ow; live || k=
  # ends: logind ends a step of this login with its last session. b true, who is spared, who alone is not.
  e=0 u=\"${USER-}\" l=org.freedesktop.login1
  scope || case $(echo $(busctl get-property $l /org/freedesktop/login1 $l.Manager KillUserProcesses KillExcludeUsers KillOnlyUsers 2>/dev/null)) in
  "b true as "*"$u"*" as "*) ;;
  "b true "*" as 0" | "b true "*"$u"*) e=1 ;;
  esac
  # Without these no step begins here, or nothing is heard of it; of some any one will do.
  n=
  for f in cat mkdir mv rm ln sleep wc tail head date "sha256sum shasum openssl" "setsid nohup"; do
    for g in $f; do command -v $g >/dev/null 2>&1 && continue 2; done
    n=$n,${f%% *}
  done
  # late: for how many hundredths of a second this very process, begun as the login's shell, was busy with its start-up files.
  # Not known where the two clocks are not one (a container whose uptime is its own).
  x=
  { read -r s <"/proc/$$/stat" && read -r u _ </proc/uptime; } 2>/dev/null && {
    set -- ${s##*)}
    [ $# -lt 20 ] || x=$((${u%.*} * 100 + 1${u#*.} - 100 - ${20}))
  }
  case $x in -*) x= ;; esac
  fit
  ok "owner=$ol left=$left machine=$M boot=$B job=$k late=$x lacks=${n#,} ends=$e unfit=$m" ;;
env)
  boot; room; fence "$3" "$4"; look "$2"
  case $S in absent | unstarted) ;; *) die "begun state=$S" 65 ;; esac
  mkdir -p "$J" 2>/dev/null && (umask 077 && cat >"$J/env.$$") 2>/dev/null && mv -f "$J/env.$$" "$J/env" || { rm -f "$J/env.$$"; die disk 74; }
  ok ok ;;
start)
  boot; room; fence "$3" "$4"
  J=$R/jobs/$2
  seen "$J"
  [ -s "$J/sup" ] || held "$4"
  mkdir -p "$J" 2>/dev/null || die disk 74
  unset BWR_P # it may have been exported
  [ -z "${7:-}" ] || IFS= read -r BWR_P || die badpassword 64
  x=$J/script.$$
  { cat >"$x"; } 2>/dev/null || { rm -f "$x"; die disk 74; }
  sha "$x"
  [ "$h" = "$6" ] || { rm -f "$x"; die sha 65; }
  # On disk before it has its name: after a power cut a script is whole or not there.
  sync "$x" 2>/dev/null || :
  [ -s "$J/sup" ] || { { head -c 4096 /dev/zero >"$J/reserve.$$"; } 2>/dev/null && size "$J/reserve.$$" && [ "$z" = 4096 ] && mv -f "$J/reserve.$$" "$J/reserve"; } ||
    { rm -f "$x" "$J/reserve.$$"; die disk 74; }
  m=$(ln "$x" "$J/script" 2>&1) || {
    rm -f "$x"
    [ -s "$J/script" ] || unmade "its file system makes no hard links"
    sha "$J/script"
    [ "$h" = "$6" ] || die token-reused 65
  }
  rm -f "$x"
  look "$2"
  n=0
  if [ "$S" = unstarted ]; then
    n=1
    BWR_R=$R BWR_K=$2 BWR_E=$3 BWR_O=$4 BWR_T=$5 BWR_U=
    export BWR_R BWR_K BWR_E BWR_O BWR_T BWR_M BWR_U BWR_SUP
    # logind may end all that a session began (KillUserProcesses): a unit of its own outlives the session. systemd-run moves
    # itself there and becomes the supervisor, with all that is open and set. (What has $ in it is not for its arguments.)
    detach() {
      [ -z "$w" ] || { BWR_U=bwr-$1.$$; w="systemd-run $w --scope --quiet --collect --unit=$BWR_U --"; }
      command -v setsid >/dev/null 2>&1 && exec $w setsid sh -c 'eval "$BWR_SUP"' bwr-sup 2>/dev/null
      exec $w nohup sh -c 'eval "$BWR_SUP"' bwr-sup 2>/dev/null
    }
    # The supervisor says one line and closes the pipe: read returns when the claim is on disk, or at its death.
    begin() { a=$({ if [ -n "$2" ]; then tell "$BWR_P" | detach "$1" & else detach "$1" </dev/null & fi; }); }
    scope || w=
    begin "$2" "${7:-}"
    # systemd would not, or had its unit and nothing was heard of it: without. Should both be there, the claim is one's.
    [ -n "$a" ] || [ -z "$w" ] || { w=; begin "$2" "${7:-}"; }
    case $a in
    taken) n=0 ;;
    busy*) die "busy ${a#busy }" 75 ;;
    fenced*) die "$a" 77 ;;
    disk) die disk 74 ;;
    state*) die "$a" 73 ;;
    esac
    look "$2"
  fi
  ok "spawned=$n state=$S token=$2" ;;
poll)
  boot; up; end=$((u + $6)) i=0
  while :; do
    look "$2"
    span "$J/out" "$3" "$5"; so=$z no=$n
    span "$J/err" "$4" "$5"
    [ "$S$no$n" = running00 ] && up && [ "$u" -lt $end ] || break
    [ $i = 5 ] || i=$((i + 1))
    sleep 0.$i 2>/dev/null || sleep 1
  done
  # The state was read before the sizes: what is "done" has its whole output behind it.
  h=-1; { read -r t <"$J/hb"; } 2>/dev/null && up && h=$((u - t))
  alive "$J/step" && p=alive || p=gone
  echo "bwr state=$S token=$2 out=$so err=$z n_out=$no n_err=$n hb=$h step=$p $(cat "$J/rc" 2>/dev/null)"
  part "$J/out" "$3" "$no"
  part "$J/err" "$4" "$n" ;;
cancel)
  boot; fence "$3" "$4"; look "$2"
  case $S in absent) die absent 65 ;; done) ok "state=$S" ;; esac
  mark "$J/cancel" "$J/script"
  # Nobody watches an orphan any more: end it from here.
  if [ "$S" = lost ] && alive "$J/step"; then kill -s TERM -- "-$p" 2>/dev/null || kill -s TERM "$p"; fi
  ok "state=$S" ;;
ack)
  [ -s "$R/jobs/$2/rc" ] || die notdone 65
  mark "$R/jobs/$2/ack" "$R/jobs/$2/rc"
  ok ok ;;
gc)
  find "$R/jobs" -mindepth 2 -maxdepth 2 -name ack -mmin "+$2" 2>/dev/null |
    while IFS= read -r a; do rm -rf "${a%/ack}"; done
  ok ok ;;
*) die usage 64 ;;
esac
