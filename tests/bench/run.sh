#!/usr/bin/env bash
# Builds gonet, its peers and the load, measures, and prints one table; README.md explains the rows.
# Loopback only. Every process that it starts has a limit of time of its own, and is ended by its pid.
# shellcheck disable=SC2034 # what measure.sh and measure_tasks.sh use
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@" # when called by sh
set -u
export LC_ALL=C
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
tree=$root/build/bench
groups='echo syscalls micro udp proxy memory addr dns cross held short spread parked'
rows=${groups// /,}
quick=
wanted=
server_pid=
knot_pid=

usage() {
    cat <<END
usage: run.sh [--quick] [--rounds N] [--rows GROUP,...] [--build DIR]
  --quick   fewer and shorter rounds, two to three minutes
  --rounds  how many rounds, in place of 15 (quick: 5)
  --rows    some of $rows (all of them by default)
  --build   where to build and to leave the results ($tree)
END
}

say() { printf '%s %s\n' "$(date +%T)" "$*" >&2; }

die() {
    printf 'run.sh: %s\n' "$*" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=1 ;;
    --rounds) wanted=${2:?--rounds needs a number} && shift ;;
    --rows) rows=${2:?--rows needs a list} && shift ;;
    --build) tree=${2:?--build needs a directory} && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done
[[ -z $wanted || $wanted =~ ^[1-9][0-9]*$ ]] || die "--rounds needs a number, not $wanted"
for group in ${rows//,/ }; do
    [[ " $groups " == *" $group "* ]] || die "no rows are named $group"
done

# shellcheck source=tests/bench/measure.sh
. "$here/measure.sh"
# shellcheck source=tests/bench/measure_tasks.sh
. "$here/measure_tasks.sh"
trap 'stop_server; stop_knot' EXIT
trap 'exit 130' INT TERM

build_all() {
    local name
    for name in cmake taskset awk shuf; do
        command -v $name >/dev/null || die "$name is needed and not installed"
    done
    say "building in $tree"
    mkdir -p "$tree" && tree=$(cd "$tree" && pwd)
    { cmake -S "$root" -B "$tree" -DCMAKE_BUILD_TYPE=Release -DGONET_BUILD_BENCH=ON \
        -DGONET_BUILD_TESTS=OFF -DGONET_BUILD_EXAMPLES=OFF -DGONET_TEST_HOOKS=OFF &&
        cmake --build "$tree" --target bench_programs -j "$(nproc)"; } >"$tree/build.log" 2>&1 ||
        { tail -n 30 "$tree/build.log" >&2; die "the build failed, see $tree/build.log"; }
    build=$tree/tests/bench
    have_go=
    if ! command -v go >/dev/null; then
        say "go is not installed: its figures, and the ratios to them, are left out"
        return
    fi
    for name in peers/{echo,micro,udp,proxy,cross,held,short} addr/go/main dns/go/main; do
        GO111MODULE=off GOCACHE=$tree/gocache go build \
            -o "$build/bench_$(sed 's/^peers.//; s/.go.main$//' <<<"$name")_go" "$here/$name.go" ||
            die "go build failed"
    done
    have_go=$(go version)
}

# The CPUs that may be used; the server gets the first, the load the second if there is one.
choose_cpus() {
    local cpus
    cpu_list=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
    mapfile -t cpus < <(tr , '\n' <<<"$cpu_list" | awk -F- '{ for (i = $1; i <= $NF; i++) print i }')
    server_cpu=${cpus[0]}
    load_cpu=${cpus[1]:-${cpus[0]}}
    [ "${#cpus[@]}" -gt 1 ] || say "only one CPU: load and server share it in all rows"
}

build_all
choose_cpus
if [ -n "$quick" ]; then rounds=5 few=3 messages=20000 scale=4; else rounds=15 few=7 messages=60000 scale=1; fi
rounds=${wanted:-$rounds}
work=$tree/work
figures=$tree/figures.tsv
mkdir -p "$work"
: >"$figures"
: >"$work/load.txt"
for group in ${rows//,/ }; do
    "measure_$group"
done
when="$(date +%F), $(uname -sr), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), ${have_go:-no go}"
echo "$when"
awk -v csv="$tree/results.csv" -f "$here/report.awk" "$here/rows.tsv" "$figures" || die "no table"
awk -v when="$when" -f "$here/chart.awk" "$tree/results.csv" >"$tree/results.svg" || die "no chart"
echo "written: $tree/results.csv, $tree/results.svg, $figures, $work/load.txt (latencies)"
