#!/bin/sh
# symbols.sh INCLUDE_DIR LIBGONET_SO LIBGONET_A [CC]: the shared library exports exactly what the public
# headers declare with GONET_API; the static one defines no global name outside gonet_.
set -eu
include=$1 shared=$2 static=$3 cc=${4:-cc}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Every declaration that carries the attribute behind GONET_API, one name a line.
find "$include/gonet" -name '*.h' | LC_ALL=C sort | sed 's/.*/#include "&"/' |
    "$cc" -E -P -I"$include" -x c - | tr '\n' ' ' | tr ';' '\n' |
    sed -nE '/visibility\("default"\)/ {
        s/.*\}//
        s/__attribute__ *\(\(([^()]|\(([^()]|\([^()]*\))*\))*\)\)//g
        s/\[[^]]*\]//g
        s/\(.*//
        s/[[:space:]]*$//
        s/.*[^A-Za-z0-9_]//
        p
    }' | LC_ALL=C sort -u >"$tmp/declared"

nm -D --defined-only "$shared" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
    LC_ALL=C sort -u >"$tmp/exported"
nm -g --defined-only "$static" 2>/dev/null | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u >"$tmp/global"

status=0
# report TEXT FILE
report() {
    if [ -s "$2" ]; then
        echo "$1:"
        sed 's/^/    /' "$2"
        status=1
    fi
}
[ -s "$tmp/declared" ] || { echo "no declaration found in $include"; exit 1; }
LC_ALL=C comm -23 "$tmp/declared" "$tmp/exported" >"$tmp/missing"
LC_ALL=C comm -13 "$tmp/declared" "$tmp/exported" >"$tmp/extra"
grep -v '^gonet_' "$tmp/global" >"$tmp/foreign" || true
report "declared in the public headers, but not exported" "$tmp/missing"
report "exported, but declared in no public header" "$tmp/extra"
report "global names of the static library that do not begin with gonet_" "$tmp/foreign"
echo "$(wc -l <"$tmp/declared") declared, $(wc -l <"$tmp/exported") exported"
exit $status
