#!/bin/sh
# run.sh: builds the library and the examples into build/, and shows echo servers and a client at work.
# Installs with apt-get what the build needs and is not there.
set -eu
cd "$(dirname "$0")/.."
sh cmake/need.sh gcc:gcc libc6-dev:/usr/include/stdio.h make:make cmake:cmake pkg-config:pkg-config \
    libuv1-dev:libuv.pc libc-ares-dev:libcares.pc

cmake -S . -B build -DGONET_BUILD_EXAMPLES=ON -DGONET_BUILD_TESTS=OFF -DGONET_TEST_HOOKS=OFF
cmake --build build -j "$(nproc)"

log=$(mktemp)
server=
# shellcheck disable=SC2317 # called by the trap
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -f "$log"
}
trap finish EXIT

# start SERVER: starts it on a free port, and waits for the line with its address.
start() {
    echo
    echo "\$ $1 127.0.0.1:0"
    : >"$log"
    "build/examples/$1" 127.0.0.1:0 >"$log" &
    server=$!
    tries=0
    until [ -s "$log" ]; do # it prints its address as soon as it listens
        kill -0 "$server" || { echo "$1 did not start"; exit 1; }
        tries=$((tries + 1))
        [ "$tries" -le 200 ] || { echo "$1 printed no address"; exit 1; }
        sleep 0.05
    done
    address=$(cat "$log")
    echo "$address"
}

# stop SERVER: ends it; it must end well.
stop() {
    kill -TERM "$server"
    status=0
    wait "$server" || status=$?
    server=
    echo "$1 ended with exit status $status"
    [ "$status" -eq 0 ] || exit "$status"
}

start echo_server
echo "\$ echo_client $address hello, gonet"
answer=$(build/examples/echo_client "$address" hello, gonet)
echo "$answer"
[ "$answer" = "hello, gonet" ] || { echo "that is not what was sent"; exit 1; }

printf '%s\n' "\$ printf 'one\\ntwo\\n' | echo_client $address"
answer=$(printf 'one\ntwo\n' | build/examples/echo_client "$address")
echo "$answer"
[ "$answer" = "$(printf 'one\ntwo')" ] || { echo "that is not what was sent"; exit 1; }

stop echo_server

start udp_echo_server
echo "\$ echo_client -u $address hello, datagrams"
answer=$(build/examples/echo_client -u "$address" hello, datagrams)
echo "$answer"
[ "$answer" = "hello, datagrams" ] || { echo "that is not what was sent"; exit 1; }
stop udp_echo_server
