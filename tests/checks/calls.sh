#!/bin/sh
# calls.sh OBJECTS NM: checks who calls whom. What an object uses of the library lies in its own layer
# or room, or in one that it may include from (allowed.sh): so no declaration of one's own, and no
# function that the public headers declare, leads upwards. OBJECTS lists the files.
set -u
. "$(dirname "$0")/allowed.sh"
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
bad=0

# PATH: [ADDRESS] KIND NAME
xargs "$2" -A -g <"$1" | awk '
    {
        layer = name = $1
        sub(/\/CMakeFiles\/.*/, "", layer)
        sub(/.*\/src\//, "", layer)
        sub(/.*\//, "", name)
        sub(/:.*/, "", name)
        print $(NF - 1) ~ /^[Uw]$/ ? "uses" : "has", $NF, layer, name
    }' >"$work/symbols"

# From which layer to which, and an instance.
awk '$1 == "has" { where[$2] = $3; next }
     { use[++n] = $2 " " $3 " " $4 }
     END {
         for (i = 1; i <= n; i++) {
             split(use[i], u, " ")
             if (u[1] in where && where[u[1]] != u[2])
                 print u[2], where[u[1]], u[3], u[1]
         }
     }' "$work/symbols" >"$work/uses"
cut -d' ' -f1,2 "$work/uses" | sort -u >"$work/pairs"
while read -r from to; do
    may_use "$from" "$to" && continue
    # A user's dial makes connections for a resolver, which then are used like any user does.
    [ "$from $to" = "resolve conn" ] && private=gonet__ || private=
    grep "^$from $to .* $private" "$work/uses" | while read -r _ _ object symbol; do
        echo "$from/$object: $symbol: $from must not call $to"
    done >>"$work/bad"
done <"$work/pairs"
[ ! -s "$work/bad" ] || {
    cat "$work/bad"
    bad=1
}
[ -s "$work/uses" ] || {
    echo "found nothing to check"
    bad=1
}
echo "$(wc -l <"$work/uses") uses across layers"
exit $bad
