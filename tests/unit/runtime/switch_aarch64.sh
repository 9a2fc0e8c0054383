#!/bin/sh
# The context switch of aarch64, built by a cross compiler for several kinds of processors and at each level
# of optimisation, and run by an emulator: switch_aarch64.sh SOURCE-TREE
set -eu
tree=$1
cc=aarch64-linux-gnu-gcc
for program in $cc qemu-aarch64-static; do
    if ! command -v $program >/dev/null; then
        echo "SKIPPED: there is no $program (Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user-static)"
        exit 77
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$tree/tests/unit/runtime"

build() { # NAME FLAGS...: an object of values
    name=$1
    shift
    $cc -c -std=gnu11 -Wall -Wextra -D_GNU_SOURCE -I"$tree/src" "$@" -DVALUES_NAME="$name" -o "$work/$name.o" switch_values.c
}

for level in 0 1 2 3; do
    build values_base_O$level -O$level
    echo "VALUES(values_base_O$level, base)" >>"$work/switch_values.list"
    build values_sve_O$level -O$level -march=armv8.2-a+sve
    echo "VALUES(values_sve_O$level, sve)" >>"$work/switch_values.list"
done
# Without and with landing pads and signed return addresses.
for protection in none standard; do
    $cc -static -std=gnu11 -Wall -Wextra -D_GNU_SOURCE -O2 -mbranch-protection=$protection -I"$tree/src" -I"$work" \
        -o "$work/values" test_switch_values.c "$work"/values_*.o "$tree/src/runtime/switch/switch.c" \
        "$tree/src/runtime/switch/switch_entry.S"
    # The emulator's largest vectors: 256 bytes.
    timeout 120 qemu-aarch64-static -cpu max,sve-max-vq=16 "$work/values"
done
