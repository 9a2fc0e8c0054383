#!/bin/sh
# need.sh PACKAGE:THING...: installs the Debian packages whose thing is missing: a command, a file (with
# its whole path) or a module of pkg-config (NAME.pc). Asks for nothing, and does nothing if all is there.
set -eu

present() {
    case $1 in
    /*) [ -e "$1" ] ;;
    *.pc) command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "${1%.pc}" ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

missing=
for need in "$@"; do
    present "${need#*:}" || missing="$missing ${need%%:*}"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "missing, and there is no apt-get to install it:$missing" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    as_root=sudo
fi
echo "installing$missing"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
# shellcheck disable=SC2086 # several packages
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing

for need in "$@"; do
    present "${need#*:}" || { echo "${need%%:*} is installed, but ${need#*:} is not there" >&2; exit 1; }
done
