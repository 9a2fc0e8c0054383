#!/bin/sh
# run.sh: installs what is missing, builds the library in every configuration, and runs all tests of all
# of them as one CTest run, whose summary ends the output. Exit status 0: everything built and passed.
# Everything goes into build/; a second run builds only what has changed.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH=$PATH:/usr/sbin:/sbin # where name servers are, also for users without it
top=$PWD
matrix=$top/build/matrix

sh cmake/need.sh gcc:gcc g++:g++ clang:clang libc6-dev:/usr/include/stdio.h make:make \
    ninja-build:ninja cmake:cmake pkg-config:pkg-config libuv1-dev:libuv.pc \
    libc-ares-dev:libcares.pc libcmocka-dev:cmocka.pc clang-format:clang-format valgrind:valgrind \
    socat:socat netcat-openbsd:nc golang-go:go knot:knotd iproute2:ip gdb:gdb lcov:lcov \
    nftables:nft iputils-ping:ping gcc-aarch64-linux-gnu:aarch64-linux-gnu-gcc \
    libc6-dev-arm64-cross:/usr/aarch64-linux-gnu/include/stdio.h qemu-user-static:qemu-aarch64-static \
    spin:spin || exit 1
# What of clang sanitizers and fuzzers need: of the version that is there.
sh cmake/need.sh "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev:$(clang -print-resource-dir)/lib/linux" || exit 1

# A root made by debootstrap has none, and so does not know localhost, which tests ask for.
if ! [ -e /etc/hosts ]; then
    echo "making /etc/hosts, which is missing, with localhost"
    hosts='127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'
    # shellcheck disable=SC2059 # the format is all there is
    if [ "$(id -u)" -eq 0 ]; then
        printf "$hosts" >/etc/hosts
    else
        printf "$hosts" | sudo tee /etc/hosts >/dev/null
    fi || exit 1
fi

tests=$matrix/CTestTestfile.cmake
mkdir -p "$matrix"
: >"$tests"

# step NAME COMMAND...: does a part of the work that comes before the tests; its output is shown only if
# it fails. Each step counts as a test, so that the summary tells all.
step() {
    step=$1
    shift
    log=$matrix/$step.log
    begin=$(date +%s)
    if "$@" >"$log" 2>&1; then
        echo "$step: $(($(date +%s) - begin)) s"
        echo "add_test(build.$step true)" >>"$tests"
    else
        cat "$log"
        echo "$step: FAILED; the output is above, and in $log"
        echo "add_test(build.$step false)" >>"$tests"
    fi
}

# configure_and_build NAME COMPILER OPTION...
configure_and_build() {
    name=$1 compiler=$2
    shift 2
    cmake -S "$top" -B "$matrix/$name" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DGONET_WERROR=ON \
        -DGONET_BUILD_TESTS=ON -DGONET_BUILD_EXAMPLES=ON -DGONET_TEST_PREFIX="$name." "$@" &&
        cmake --build "$matrix/$name" -j "$(nproc)" -- -k 0
}

# configuration NAME COMPILER OPTION...
configuration() {
    step "$1" configure_and_build "$@"
    echo "subdirs(\"$matrix/$1\")" >>"$tests"
}

# zero_counts NAME: what an earlier run of its tests has counted does not count.
zero_counts() {
    sh "$top/tests/coverage/coverage.sh" zero "$matrix/$1"
}

# report_counts NAME: which lines the tests of NAME ran, when they are over; in its coverage.txt.
report_counts() {
    all=$(ctest --test-dir "$matrix/$1" -N | sed -n 's/^ *Test *#[0-9]*: //p' | paste -sd ';' -)
    {
        echo "add_test(coverage sh \"$top/tests/coverage/coverage.sh\" report \"$matrix/$1\")"
        echo "set_tests_properties(coverage PROPERTIES TIMEOUT 300 DEPENDS \"$all\")"
    } >>"$tests"
}

portable="-DGONET_TEST_HOOKS=ON -DGONET_TEST_FOLDERS=unit;tcp;conform;life"
programs="$portable;fuzz"
most="$programs;net;faults;fork;stress"
release="$most;scale"
debug="$most;dns"
under="$most;scale;dns;interop"

# The slow ones come first: the tests begin in this order.
# shellcheck disable=SC2086 # the options are several words
{
    configuration thread gcc -DCMAKE_BUILD_TYPE=RelWithDebInfo -DGONET_SANITIZE=thread $under \
        "-DGONET_TEST_MOVING=unit/runtime|tcp|stress"
    configuration address gcc -DCMAKE_BUILD_TYPE=Debug -DGONET_SANITIZE=address,undefined $under
    configuration gcc-release gcc -DCMAKE_BUILD_TYPE=Release $release \
        "-DGONET_TEST_MOVING=unit/runtime|tcp|stress"
    # It counts which lines run.
    configuration gcc-debug gcc -DCMAKE_BUILD_TYPE=Debug -DGONET_COVERAGE=ON \
        -DGONET_VALGRIND=ON $debug
    step gcc-debug-counts zero_counts gcc-debug
    report_counts gcc-debug
    configuration clang-debug clang -DCMAKE_BUILD_TYPE=Debug $programs
    # With the system calls of a build for users, past libc; and with the libFuzzer programs.
    configuration clang-release clang -DCMAKE_BUILD_TYPE=Release -DGONET_BUILD_FUZZ=ON \
        -DCMAKE_C_FLAGS=-DGONET_INLINE_SYSCALLS $programs
    # The parsers know nothing of tasks.
    configuration ucontext gcc -DCMAKE_BUILD_TYPE=Release -DGONET_SWITCH=ucontext $portable
}
# plain is the library as users build it; it is looked at from outside.
configuration plain gcc -DCMAKE_BUILD_TYPE=Release -DGONET_TEST_HOOKS=OFF \
    "-DGONET_TEST_FOLDERS=models;checks;install;interop;dns;debug"
step examples-run sh examples/run.sh

# Most tests wait more than they work.
exec ctest --test-dir "$matrix" -j "$(($(nproc) * 3))" --output-on-failure --no-tests=error "$@"
