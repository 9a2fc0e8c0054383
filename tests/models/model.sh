#!/bin/sh
# model.sh MODEL.pml [CC]: lets spin look at all that can happen in a model: assertions, and that nobody is left
# waiting. As it is, and with each switch that its comment calls RIGHT, there must be no error; with each that it calls
# BROKEN there must be one, or else the model shows nothing. Not looked at: who is busy for ever without a result.
set -eu
model=$(basename "$1") here=$(cd "$(dirname "$1")" && pwd) cc=${2:-cc}

if ! command -v spin >/dev/null 2>&1; then
    echo "SKIPPED: there is no spin (Debian: spin)"
    exit 77
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp "$here/$model" "$tmp"
cd "$tmp"
status=0

# look WANTED [SWITCH]: WANTED errors (0 or 1) are found.
look() {
    spin ${2:+"-D$2"} -a "$model" >spin.txt 2>&1 || { cat spin.txt; exit 1; }
    "$cc" -w -O0 -DSAFETY -o pan pan.c || exit 1
    ./pan -w20 -m1000000 >pan.txt 2>&1 || true
    awk -v as="${2:-as it is}" '
        /^pan:1:/ { why = ": " substr($0, 8) }
        /errors: / { errors = $NF }
        / states, stored/ { states = $1 }
        END { print as ": " errors " errors in " states " states" why }' pan.txt
    if ! grep -q "errors: $1\$" pan.txt ||
        { [ "$1" -eq 0 ] && grep 'too small\|out of memory\|not completed' pan.txt; }; then
        echo "wanted: $1 errors"
        [ ! -e "$model.trail" ] || spin ${2:+"-D$2"} -t -p "$model"
        cat pan.txt
        status=1
    fi
}

look 0
sed -n 's/^ \* \(RIGHT\|BROKEN\) \([A-Z]*\): .*/\1 \2/p' "$model" >switches
while read -r kind switch; do
    case $kind in
    RIGHT) look 0 "$switch" ;;
    BROKEN) look 1 "$switch" ;;
    esac
done <switches
exit $status
