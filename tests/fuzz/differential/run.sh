#!/bin/sh
# Compares the library's answers with Go's for generated inputs. Skipped (exit 77) without a go command.
#
#   run.sh FOLDER_OF_PROGRAMS [COUNT [SEED]]
#
# Only what is the same in Go 1.19 and 1.25.3, and not a documented difference of the library, is asked: no
# error texts of netip, and nothing that generate.c knows to differ.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
programs=$1
count=${2:-20000}
seed=${3:-1}
if ! command -v go >/dev/null 2>&1; then
    echo "skipped: no go command"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$here/go" && GOCACHE="${GOCACHE:-$work/cache}" GO111MODULE=off go build -o "$work/go_answers" main.go)
"$programs/differential_generate" "$seed" "$count" >"$work/inputs"
"$programs/differential_answers" <"$work/inputs" >"$work/ours"
"$work/go_answers" <"$work/inputs" >"$work/theirs"
if ! cmp -s "$work/ours" "$work/theirs"; then
    echo "differences (< gonet, > Go):"
    diff "$work/ours" "$work/theirs" | head -n 40
    exit 1
fi
# How many of the answers were no errors: a run that only compares failures would prove little.
awk -F'\t' '{ ip += $2 != "<nil>"; net += $0 !~ /invalid%20CIDR/; mac += $0 !~ /invalid%20MAC/ }
    END { printf "%d inputs alike; %d were IPs, %d networks, %d MACs\n", NR, ip, net, mac }' "$work/ours"
