#!/bin/sh
# layers.sh SOURCE_DIR: checks who includes whom. A file of src/ may include its own folder's headers
# and those of the folders below it; the folders of src/runtime are rooms, each a layer of its own.
# libuv is for one file of runtime/poller alone, c-ares for resolve, netlink for iface; a public header
# sees public headers only. (calls.sh: likewise for calls.)
set -u
. "$(dirname "$0")/allowed.sh"
cd "$1" || exit 2
bad=0
complain() {
    echo "$*"
    bad=1
}

includes() {
    sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*([<"])([^>"]*)[>"].*/\1\2/p' "$1"
}

check_system() { # FILE LAYER HEADER
    case $3 in
    uv.h | uv/*) [ "$1" = src/runtime/poller/uv.c ] || complain "$1: <$3>: libuv is for uv.c alone" ;;
    ares*.h) [ "$2" = resolve ] || complain "$1: <$3>: c-ares is for src/resolve alone" ;;
    linux/netlink.h | linux/rtnetlink.h | linux/if_addr.h)
        [ "$2" = iface ] || complain "$1: <$3>: netlink is for src/iface alone" ;;
    gonet.h | gonet/*) complain "$1: <$3>: the project's own headers go in quotes" ;;
    esac
}

check_source() { # FILE LAYER
    own=${1#src/}
    own=${own%.c}.h
    first=1
    for header in $(includes "$1"); do
        case $header in
        '<'*) check_system "$1" "$2" "${header#<}" ;;
        '"gonet.h' | '"gonet/'*) [ -f "include/${header#?}" ] || complain "$1: no include/${header#?}" ;;
        *)
            name=${header#?}
            may_use "$2" "$(layer_of "$name")" || complain "$1: \"$name\": $2 must not include that"
            ;;
        esac
        if [ "$first" = 1 ] && [ "$own" != "${1#src/}" ] && [ -f "src/$own" ]; then
            [ "$header" = "\"$own" ] || complain "$1: its own header, $own, comes first"
        fi
        first=0
    done
}

check_public() { # FILE
    for header in $(includes "$1"); do
        case $header in
        '"gonet/'*) [ -f "include/${header#?}" ] || complain "$1: no include/${header#?}" ;;
        '"'* | '<gonet'* | '<uv'* | '<ares'*) complain "$1: ${header#?}: not for a public header" ;;
        esac
    done
}

seen=0
for file in $(find src -name '*.[chS]' | LC_ALL=C sort); do
    layer=$(layer_of "${file#src/}")
    if [ -z "$(allowed "$layer")" ]; then
        complain "$file: src/$layer is not a layer"
        continue
    fi
    check_source "$file" "$layer"
    seen=$((seen + 1))
done
for file in $(find include -name '*.h'); do
    check_public "$file"
    seen=$((seen + 1))
done

# What a target may see (USES) follows the same table.
for file in src/*/CMakeLists.txt src/runtime/*/CMakeLists.txt; do
    layer=${file#src/}
    layer=${layer%/*}
    for used in $(tr '\n()' '   ' <"$file" | sed -nE 's/.*[[:space:]]USES[[:space:]]+//p' |
        sed -E 's/[[:space:]](LINKS|SOURCES)[[:space:]].*//'); do
        may_use "$layer" "$used" || complain "$file: USES $used: $layer must not"
    done
done
[ "$seen" -gt 0 ] || complain "found nothing to check"
echo "$seen files"
exit $bad
