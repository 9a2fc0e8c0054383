#!/bin/sh
# gdb.sh PROGRAM SCRIPT: holds gonet-gdb.py to what is known about PROGRAM's tasks (parked.c): in the
# live process, and in a core file by the kernel.
set -u
program=$1 script=$2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM
failed=0

if ! command -v gdb >/dev/null 2>&1; then
    echo "SKIPPED: there is no gdb"
    exit 77
fi

# expect FILE PATTERN...: the patterns (extended regular expressions) match lines of FILE in this order.
expect() {
    file=$1
    shift
    at=1
    for pattern in "$@"; do
        line=$(tail -n "+$at" "$file" | grep -nE -e "$pattern" | head -n 1 | cut -d: -f1)
        if [ -z "$line" ]; then
            echo "$file: no line from $at on matches: $pattern"
            failed=1
            return
        fi
        at=$((at + line))
    done
}

# The same for both: what the tasks are, and where.
look() {
    expect "$1" '^task 1\.1 +\[read of descriptor [0-9]+(, [0-9.]+ s)?\] accepts' \
        '^task 1\.2 +\[chan receive(, [0-9.]+ s)?\] receives' \
        '^task 1\.3 +\[sleep(, [0-9.]+ s)?\] the sleeper \(sleeps\)' '^task 1\.4 +\[running\] stops' \
        '^task 1\.- +\[not begun\] not_begun' '^5 tasks$'
    expect "$1" '^task 1\.1 \[read' '^#[0-9]+ .* in (gonet__task_)?park ' ' in gonet_listener_accept ' \
        ' in accepts ' ' in task_main '
    expect "$1" '^task 1\.2 \[chan' '^#[0-9]+ .* in (gonet__task_)?park ' ' in gonet_chan_recv ' \
        ' in receives_deep' ' in receives_deep' ' in receives_deep' ' in receives_deep' \
        ' in receives ' ' in task_main '
    expect "$1" '^task 1\.3 \[sleep' ' in sleeps '
    expect "$1" '^task 1\.4 \[running' ' in stops ' '^after: '
    expect "$1" '^after: ' '^#1 .* in gonet' '^#[0-9]+ .* in receives_deep' 'no task 9\.9'
    [ "$failed" = 0 ] || cat "$1"
}

# gdb ARGUMENT...: with the commands that look expects.
ask() {
    gdb -q -nx -batch "$@" -ex "source $script" -ex 'gonet tasks' -ex 'gonet bt all' \
        -ex 'echo after: \n' -ex 'gonet task 1.2' -ex 'bt' -ex 'gonet thread' -ex 'bt 1' \
        -ex 'gonet bt 9.9' 2>&1
}

ask -ex 'set startup-with-shell off' -ex 'set disable-randomization off' -ex run "$program" \
    >"$out/live" </dev/null
if grep -q 'ptrace: Operation not permitted\|Could not trace the inferior' "$out/live"; then
    echo "SKIPPED: processes can't be traced here"
    exit 77
fi
look "$out/live"

case $(cat /proc/sys/kernel/core_pattern) in
core)
    (cd "$out" && ulimit -c unlimited && exec "$program" abort) >/dev/null 2>&1
    core=$(find "$out" -name 'core*' | head -n 1)
    if [ -n "$core" ]; then
        ask "$program" "$core" >"$out/dead" </dev/null
        look "$out/dead"
    else
        echo "no core file was written; only the live process was looked at"
    fi
    ;;
*) echo "core files don't go to the working directory here; only the live process was looked at" ;;
esac
exit $failed
