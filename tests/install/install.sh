#!/bin/sh
# install.sh BUILD_DIR SOURCE_DIR CC: installs into a fresh prefix, moves that elsewhere, and builds and
# runs a program against it, found by pkg-config and by CMake, with the shared and the static library.
# As a part of another project it leaves that one's settings alone.
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

# What a user builds by these flags is caught when a frame jumps over the guard, where the compiler can.
if echo 'int f;' | "$cc" -Werror -fstack-clash-protection -x c -c -o "$tmp/probe.o" - 2>/dev/null; then
    # shellcheck disable=SC2086
    "$cc" -std=c11 -O2 -Wall -Wextra -Werror -o "$tmp/jump" "$here/jump.c" $flags
    if said=$(LD_LIBRARY_PATH=$libdir "$tmp/jump" 2>&1); then
        echo "a frame that jumps over the guard was not caught"
        exit 1
    fi
    case $said in
    *"stack overflow in task"*) echo "a frame that jumps over the guard was caught" ;;
    *) echo "a frame that jumps over the guard: printed '$said'"; exit 1 ;;
    esac
else
    echo "not tried: frames that jump over the guard, $cc has no probes"
fi

# CMake, both
cmake -S "$here/consumer" -B "$tmp/cmake" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_BUILD_TYPE=Release >"$tmp/log" && cmake --build "$tmp/cmake" >"$tmp/log" ||
    { cat "$tmp/log"; exit 1; }
check "find_package, shared" "$tmp/cmake/consumer_shared"
check "find_package, static" "$tmp/cmake/consumer_static"

# add_subdirectory: the other project has no build type, and keeps none
mkdir "$tmp/outer"
cat >"$tmp/outer/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(outer C)
add_subdirectory("$2" gonet)
add_executable(outer "$here/consumer/main.c")
target_link_libraries(outer PRIVATE gonet::gonet)
END
cmake -S "$tmp/outer" -B "$tmp/outer/build" -DCMAKE_C_COMPILER="$cc" >"$tmp/log" || { cat "$tmp/log"; exit 1; }
if grep 'CMAKE_BUILD_TYPE:.*=.' "$tmp/outer/build/CMakeCache.txt"; then
    echo "add_subdirectory: sets the build type of the project around it"
    exit 1
fi
echo "add_subdirectory: configured"

# pkg-config, static: with the shared library out of the way the linker takes the archive
rm "$libdir"/libgonet.so*
flags=$(pkg-config --static --cflags --libs gonet)
# shellcheck disable=SC2086
"$cc" -std=c11 -Wall -Wextra -Werror -o "$tmp/static" "$here/consumer/main.c" $flags
check "pkg-config, static" "$tmp/static"
