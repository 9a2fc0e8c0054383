#!/bin/sh
# run.sh: builds the library and the examples into build/, and shows an echo server and a client at work.
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

echo
echo "\$ echo_server 127.0.0.1:0"
build/examples/echo_server 127.0.0.1:0 >"$log" &
server=$!
tries=0
until [ -s "$log" ]; do # it prints its address as soon as it listens
    kill -0 "$server" || { echo "echo_server did not start"; exit 1; }
    tries=$((tries + 1))
    [ "$tries" -le 200 ] || { echo "echo_server printed no address"; exit 1; }
    sleep 0.05
done
address=$(cat "$log")
echo "$address"

echo "\$ echo_client $address hello, gonet"
answer=$(build/examples/echo_client "$address" hello, gonet)
echo "$answer"
[ "$answer" = "hello, gonet" ] || { echo "that is not what was sent"; exit 1; }

printf '%s\n' "\$ printf 'one\\ntwo\\n' | echo_client $address"
answer=$(printf 'one\ntwo\n' | build/examples/echo_client "$address")
echo "$answer"
[ "$answer" = "$(printf 'one\ntwo')" ] || { echo "that is not what was sent"; exit 1; }

kill -TERM "$server"
status=0
wait "$server" || status=$?
server=
echo "echo_server ended with exit status $status"
exit "$status"
