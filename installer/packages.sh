# What Debian 12 must have to build, show and test Bellwether. Read by installer/demo and tests/run.

# compilers and libraries
build_packages="g++ cmake ninja-build ccache pkg-config qt6-base-dev libqt6opengl6-dev libgl-dev libxkbcommon-dev
qt6-charts-dev qt6-svg-dev qt6-tools-dev qt6-tools-dev-tools qt6-l10n-tools
qtkeychain-qt6-dev libssh-dev libyaml-cpp-dev libspdlog-dev libsqlite3-dev"
# what runs beside the program: the hosts of the demo fleet, its drivers and fonts
run_packages="libqt6sql6-sqlite openssh-server openssh-client qt6-qpa-plugins fonts-dejavu-core ca-certificates procps
libsecret-1-0"
# what tests use besides; the second line to use the window from outside: hands, a window manager, a screen reader's buses,
# a keychain
test_packages="sudo passwd xvfb xauth busybox-static poppler-utils fish tcsh mksh python3-paramiko ansible-core iproute2 nftables
xdotool openbox dbus-daemon at-spi2-core gnome-keyring"

# Builds of libssh before it check the tag of AES-GCM wrongly (CVE-2026-59847); libssh's own version does not tell them apart.
least_libssh=0.10.6-0+deb12u3

# Asks apt only for what is missing or too old, and never a question.
install_packages() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
    done
    case " $* $missing " in *" libssh-dev "*" libssh-dev "*) ;; *" libssh-dev "*)
        dpkg --compare-versions "$(dpkg-query -W -f='${Version}' libssh-dev)" ge "$least_libssh" || missing="$missing libssh-dev" ;;
    esac
    [ -n "$missing" ] || return 0
    echo "Installing:$missing"
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || { echo "These packages are missing and there is no sudo to install them:$missing" >&2; return 1; }
        as_root=sudo
    fi
    log=$(mktemp)
    # The packaged sshd must not open this machine to the network: the demo brings its own. Debian asks policy-rc.d before it
    # starts a new service, and what was only just installed is not to start with the machine either.
    guard=
    case " $missing " in *" openssh-server "*)
        [ -e /usr/sbin/policy-rc.d ] || guard=yes ;;
    esac
    [ -z "$guard" ] || printf '#!/bin/sh\nexit 101\n' | $as_root install -m 755 /dev/stdin /usr/sbin/policy-rc.d
    installed=
    if $as_root env DEBIAN_FRONTEND=noninteractive apt-get update >"$log" 2>&1 &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >>"$log" 2>&1; then
        installed=yes
    fi
    if [ -n "$guard" ]; then
        $as_root rm -f /usr/sbin/policy-rc.d
        [ ! -d /run/systemd/system ] || $as_root systemctl disable ssh.service ssh.socket >>"$log" 2>&1 || :
    fi
    if [ -n "$installed" ]; then
        rm -f "$log"
        return 0
    fi
    tail -n 20 "$log" >&2
    echo "The packages could not be installed; the whole output is in $log" >&2
    return 1
}

# Runs a build quietly; shows the end of its output where it fails.
quietly() {
    log=$1
    shift
    "$@" >"$log" 2>&1 && return 0
    grep -E -A 5 'error:|FAILED|CMake Error' "$log" | head -n 60 >&2
    tail -n 5 "$log" >&2
    echo "It failed; the whole output is in $log" >&2
    return 1
}
