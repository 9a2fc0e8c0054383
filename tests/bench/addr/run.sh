#!/bin/sh
# Compares the address layer with Go's and with libc's: rounds of bench_addr and of the Go program take
# turns, then each call's median is printed in nanoseconds with its ratios.
#
#   run.sh BENCH_ADDR [ROUNDS]
#
# Without a go command the columns of Go stay empty.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$1
rounds=${2:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
peer=
if command -v go >/dev/null 2>&1; then
    (cd "$here/go" && GO111MODULE=off go build -o "$work/peer" main.go)
    peer=$work/peer
fi
: >"$work/c" >"$work/go"
i=0
while [ "$i" -lt "$rounds" ]; do
    "$program" >>"$work/c"
    [ -z "$peer" ] || "$peer" >>"$work/go"
    i=$((i + 1))
done
# median FILE: "name<TAB>median" in the order of appearance
median() {
    awk -F'\t' '!($1 in n) { order[++names] = $1 } { v[$1, ++n[$1]] = $2 }
        END { for (k = 1; k <= names; k++) { name = order[k]; m = n[name]
            for (i = 2; i <= m; i++) for (j = i; j > 1 && v[name, j] + 0 < v[name, j - 1] + 0; j--) {
                t = v[name, j]; v[name, j] = v[name, j - 1]; v[name, j - 1] = t }
            print name "\t" v[name, int((m + 1) / 2)] } }' "$1"
}
median "$work/c" >"$work/c.median"
median "$work/go" >"$work/go.median"
awk -F'\t' '
    FILENAME ~ /go.median$/ { go[$1] = $2; next }
    { order[++names] = $1; c[$1] = $2 }
    END {
        libc["parse_ip_v4"] = "inet_pton_v4"; libc["netip_parse_addr_v4"] = "inet_pton_v4"
        libc["parse_ip_v6"] = "inet_pton_v6"; libc["netip_parse_addr_v6"] = "inet_pton_v6"
        libc["ip_string_v4"] = "inet_ntop_v4"; libc["netip_addr_string_v4"] = "inet_ntop_v4"
        libc["ip_string_v6"] = "inet_ntop_v6"; libc["netip_addr_string_v6"] = "inet_ntop_v6"
        printf "%-24s %8s %8s %8s %8s %8s\n", "call", "gonet", "Go", "/ Go", "libc", "/ libc"
        for (i = 1; i <= names; i++) {
            name = order[i]
            printf "%-24s %8.1f", name, c[name]
            if (name in go) printf " %8.1f %8.2f", go[name], c[name] / go[name]
            else printf " %8s %8s", "", ""
            if (name in libc) printf " %8.1f %8.2f", c[libc[name]], c[name] / c[libc[name]]
            printf "\n"
        }
    }' "$work/go.median" "$work/c.median"
