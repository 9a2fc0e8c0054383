#!/bin/sh
# busy.sh [-l LOOPS] [-c CPUS] COMMAND...: runs a command as on a slower machine: beside LOOPS processes that
# do nothing but compute, and with at most so much processor time as CPUS processors have (0.5, 1, ...; needs
# root and the cpu controller of control groups, of either version). Exit status: the command's.
set -u
loops=0 cpus=
while getopts l:c: option; do
    case $option in
    l) loops=$OPTARG ;;
    c) cpus=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }

pids='' group=''
# shellcheck disable=SC2317 # called by the trap
clean_up() {
    # shellcheck disable=SC2086 # several numbers
    [ -z "$pids" ] || kill $pids
    [ -z "$group" ] || { echo $$ >"${group%/*}/cgroup.procs" && rmdir "$group"; }
}
trap clean_up EXIT
trap 'exit 130' INT TERM

i=0
while [ "$i" -lt "$loops" ]; do
    sh -c 'while :; do :; done' &
    pids="$pids $!"
    i=$((i + 1))
done

# limit ROOT FILE TEXT: moves this shell into a group of its own, whose FILE says TEXT.
limit() {
    group=$1/gonet-busy-$$
    mkdir "$group" && echo "$3" >"$group/$2" && echo $$ >"$group/cgroup.procs"
}
if [ -n "$cpus" ]; then
    share=$(awk "BEGIN { print int(100000 * $cpus) }")
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
        limit /sys/fs/cgroup cpu.max "$share 100000"
    else
        limit /sys/fs/cgroup/cpu cpu.cfs_quota_us "$share"
    fi || { echo "busy.sh: no control group with a limit can be made here"; exit 2; }
fi
"$@"
