#!/bin/sh
# install.sh BUILD_DIR SOURCE_DIR CC: installs into a fresh prefix, moves that elsewhere, and builds and
# runs a program against it, found by pkg-config and by CMake, with the shared and the static library.
set -eu
build=$1 here=$2/tests/install cc=$3
unset PKG_CONFIG_PATH LD_LIBRARY_PATH CMAKE_PREFIX_PATH DESTDIR
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The exit status of the program counts, and so does what it prints.
check() {
    name=$1
    shift
    out=$("$@") || { echo "$name: failed"; exit 1; }
    case $out in
    "gonet "*" works") echo "$name: $out" ;;
    *) echo "$name: printed '$out'"; exit 1 ;;
    esac
}

cmake --install "$build" --prefix "$tmp/first" >"$tmp/log" || { cat "$tmp/log"; exit 1; }
mv "$tmp/first" "$tmp/moved"
prefix=$tmp/moved
libdir=$(dirname "$(find "$prefix" -name libgonet.a)")
for file in include/gonet.h include/gonet/version.h; do
    [ -f "$prefix/$file" ] || { echo "not installed: $file"; exit 1; }
done
for name in $(cd "$2/include" && find . -name '*.h'); do
    [ -f "$prefix/include/$name" ] || { echo "not installed: include/$name"; exit 1; }
done
if grep -rlI -e "$tmp" -e "$2" -e "$build" "$prefix"; then
    echo "the files above hold a path of the build"
    exit 1
fi

# pkg-config, shared
PKG_CONFIG_PATH=$libdir/pkgconfig
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags --libs gonet)
# shellcheck disable=SC2086 # the flags are several words
"$cc" -std=c11 -Wall -Wextra -Werror -o "$tmp/shared" "$here/consumer/main.c" $flags
readelf -d "$tmp/shared" | grep -q 'NEEDED.*libgonet\.so\.0' || { echo "shared: not linked to libgonet.so.0"; exit 1; }
check "pkg-config, shared" env LD_LIBRARY_PATH="$libdir" "$tmp/shared"

# CMake, both
cmake -S "$here/consumer" -B "$tmp/cmake" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_BUILD_TYPE=Release >"$tmp/log" && cmake --build "$tmp/cmake" >"$tmp/log" ||
    { cat "$tmp/log"; exit 1; }
check "find_package, shared" "$tmp/cmake/consumer_shared"
check "find_package, static" "$tmp/cmake/consumer_static"

# pkg-config, static: with the shared library out of the way the linker takes the archive
rm "$libdir"/libgonet.so*
flags=$(pkg-config --static --cflags --libs gonet)
# shellcheck disable=SC2086
"$cc" -std=c11 -Wall -Wextra -Werror -o "$tmp/static" "$here/consumer/main.c" $flags
check "pkg-config, static" "$tmp/static"
