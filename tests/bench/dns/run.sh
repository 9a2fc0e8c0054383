#!/bin/sh
# run.sh BENCH_DNS [ROUNDS]: A+AAAA lookups per CPU second of gonet, Go and c-ares alone, against a local
# knot, in rounds that take turns; medians at the end. Needs knotd and go.
set -eu
bench=$1 rounds=${2:-5} lookups=${LOOKUPS:-20000} port=53530
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
pid=
# shellcheck disable=SC2317 # called by the trap
finish() {
    [ -z "$pid" ] || kill "$pid"
    rm -rf "$work"
}
trap finish EXIT
mkdir "$work/db"
cp "$here"/../../dns/*.zone "$work"
printf '*.bench A 192.0.2.1\n*.bench AAAA 2001:db8::1\n' >>"$work/example.zone"
sed "s#@WORK@#$work#g; s/@53 /@$port /" "$here/../../dns/knot.conf.in" >"$work/knot.conf"
knotd -c "$work/knot.conf" >"$work/log" 2>&1 &
pid=$!
(cd "$here/go" && GO111MODULE=off GOCACHE="$work/cache" go build -o "$work/go-bench" main.go)
until grep -q "server started" "$work/log"; do sleep 0.1; done

measure() { # CONCURRENCY
    echo "gonet $1 $("$bench" gonet $port "$1" "$lookups")"
    echo "go $1 $("$work/go-bench" $port "$1" "$lookups")"
    echo "c-ares $1 $("$bench" cares $port "$1" "$lookups")"
}
round=0
while [ $round -lt "$rounds" ]; do
    measure 1
    measure 64
    round=$((round + 1))
done >"$work/results"
sort -k1,1 -k2,2n -k3,3n "$work/results" | awk '
    { key = $1 " " $2; value[key, ++n[key]] = $3; failed[key] += $4 }
    END { for (key in n) printf "%-10s %8d lookups per CPU second, %d failed\n", key, value[key, int((n[key] + 1) / 2)], failed[key] }' | sort
