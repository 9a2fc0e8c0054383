#!/bin/sh
# coverage.sh [BUILD_DIR]: builds the library so that it counts which of its lines run, runs the tests,
# and reports by layer what lcov found. The lines that never ran are listed with the reason that
# missed.tsv gives for their function. Exit status 0: the tests passed, and 90 of 100 lines ran.
# coverage.sh zero BUILD_DIR, coverage.sh report BUILD_DIR: before and after somebody else's run of the
# tests of a build that counts.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
floor=90

# zero: what was counted before does not count.
zero() {
    lcov -q --zerocounters --directory "$build"
}

# report: the file coverage.txt, which is shown, too. A process that is killed while it writes its
# counts leaves some that make no sense.
report() {
    lcov -q --capture --directory "$build/src" --base-directory "$root" --no-external \
        --output-file "$build/all.info" >"$build/lcov.log" 2>&1 &&
        lcov -q --extract "$build/all.info" "$root/src/*" --output-file "$build/src.info" \
            >>"$build/lcov.log" 2>&1 || {
        cat "$build/lcov.log"
        return 1
    }
    awk -v "root=$root/" -v "floor=$floor" -f "$here/report.awk" "$here/missed.tsv" \
        "$build/src.info" >"$build/coverage.txt"
    reached=$?
    cat "$build/coverage.txt"
    return $reached
}

sh "$root/cmake/need.sh" lcov:lcov || exit 1
case ${1-} in
zero | report)
    build=${2:?}
    "$1"
    exit
    ;;
esac

build=${1:-$root/build/coverage}
mkdir -p "$build" || exit 1
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug \
    -DGONET_COVERAGE=ON -DGONET_BUILD_TESTS=ON -DGONET_TEST_HOOKS=ON -DGONET_BUILD_EXAMPLES=OFF \
    "-DGONET_TEST_FOLDERS=unit;tcp;conform;life;net;faults;stress;dns" >"$build/configure.log" &&
    cmake --build "$build" -j "$(nproc)" >"$build/build.log" || {
    cat "$build/configure.log" "$build/build.log"
    exit 1
}
zero || exit 1
ctest --test-dir "$build" -j "$(($(nproc) * 3))" --output-on-failure >"$build/test.log"
passed=$?
[ $passed = 0 ] || tail -n 60 "$build/test.log"
report && [ $passed = 0 ]
