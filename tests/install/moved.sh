#!/bin/sh
# moved.sh SOURCE_DIR LIBGONET_SO LIBGONET_A: errno, and the runtime's words, after a move to another
# thread, in programs and in shared libraries, by each compiler and at each level of optimisation, and with
# all compiled at once (-flto). A twin with the C library's errno shows that the test sees the difference.
set -eu
src=$1/src here=$1/tests/unit/runtime shared=$2 archive=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
flags="-D_GNU_SOURCE -Wall -Wextra -Werror -I$1/include -I$src -I$here -I$tmp"
machine="$here/move.c $src/runtime/switch/switch.c $src/runtime/switch/switch_entry.S $src/runtime/ground/here.c $src/runtime/ground/local.S"
status=0
ways=0

# moved CC FLAGS: moved.c at each level, and as C++. The objects are in $objects, the names of their
# functions in moved.list.
# shellcheck disable=SC2086 # several words, here and below
moved() {
    : >"$tmp/moved.list"
    objects=
    for level in "-O0" "-O1" "-O2" "-O3" "-Os" "-O2 -x c++ -std=c++11"; do
        ways=$((ways + 1))
        case $level in *c++*) std= ;; *) std=-std=gnu11 ;; esac
        $1 $flags $std $level $2 -DMOVED_NAME=moved_$ways -c "$here/moved.c" -o "$tmp/$ways.o"
        objects="$objects $tmp/$ways.o"
        echo "MOVED(moved_$ways, \"$1 $2 $level\")" >>"$tmp/moved.list"
    done
}

# try: runs the program.
try() {
    "$tmp/program" || status=1
}

# linked CC FLAGS LINK ERRNO: a program, linked by LINK, too, with ERRNO (a library or a source) for
# gonet_errno_location.
# shellcheck disable=SC2086
linked() {
    moved "$1" "$2"
    $1 $flags -std=gnu11 -O2 $2 $3 -DMOVED_LIST "$here/test_moved.c" $machine $objects "$4" -lpthread \
        -Wl,-rpath,"$(dirname "$shared")" -o "$tmp/program"
    try
}

# loaded CC FLAGS LINK ERRNO: a shared library, and a program that uses it.
# shellcheck disable=SC2086
loaded() {
    moved "$1" "-fPIC $2"
    $1 $flags -std=gnu11 -O2 -fPIC $2 $3 -shared $machine $objects "$4" -lpthread \
        -Wl,-rpath,"$(dirname "$shared")" -o "$tmp/libmoved.so"
    $1 $flags -std=gnu11 -O2 -DMOVED_LIST "$here/test_moved.c" "$tmp/libmoved.so" -Wl,-rpath,"$tmp" \
        -Wl,-rpath,"$(dirname "$shared")" -o "$tmp/program"
    try
}

for cc in gcc clang; do
    linked $cc -fPIE -pie "$archive"
    linked $cc -fno-pie -no-pie "$shared"
    loaded $cc "" "" "$shared"
    lto=-flto
    ld=
    [ $cc = gcc ] || ld=-fuse-ld=lld
    if echo 'int main(void) { return 0; }' | $cc $lto $ld -x c - -o "$tmp/probe" 2>/dev/null; then
        linked $cc $lto "$ld" "$src/base/errno.c"
        loaded $cc $lto "$ld" "$src/base/errno.c"
    else
        echo "not tried: $cc $lto $ld, which does not link here"
    fi
    # The C library's.
    $cc $flags -std=gnu11 -O2 -DMOVED_LIBC "$here/test_moved.c" "$here/moved.c" $machine -lpthread \
        -o "$tmp/program"
    if "$tmp/program" >/dev/null; then
        echo "$cc: the C library's errno comes through a move, too: the test sees nothing"
        status=1
    fi
done
echo "$ways ways"
exit $status
