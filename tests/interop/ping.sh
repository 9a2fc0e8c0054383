#!/bin/sh
# ping.sh EXAMPLES_DIR PACKETS: ping's requests answered by a raw IP socket of gonet's, in a network
# namespace whose kernel does not answer.
if [ "${3-}" != inside ]; then
    [ "$(id -u)" = 0 ] || { echo "skipped: needs root, for a network namespace"; exit 77; }
    for tool in unshare ip ping; do
        command -v $tool >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
    done
    unshare -n true 2>/dev/null || { echo "skipped: no network namespace can be made here"; exit 77; }
    exec unshare -n sh "$0" "$1" "$2" inside
fi
. "$(dirname "$0")/lib.sh"
packets=$2
ip link set lo up || fail "lo stays down"
echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all
echo 1 >/proc/sys/net/ipv6/icmp/echo_ignore_all

# pong NETWORK HOST: nobody answers; gonet does.
pong() {
    ping -c 1 -W 1 -q "$2" >/dev/null && fail "the kernel answers for $2"
    rm -f "$tmp/server.out" "$tmp/hold"
    mkfifo "$tmp/hold"
    "$packets" pong "$1" <"$tmp/hold" >"$tmp/server.out" 2>"$tmp/server.err" &
    server=$!
    exec 3>"$tmp/hold"
    address_in "$tmp/server.out" "$server" >/dev/null || fail "packets did not start"
    for size in 8 56 1000 20000; do
        # Until there are three answers: asking for more while they are late.
        ping -c 3 -i 0.05 -w 3600 -s "$size" "$2" >"$tmp/ping" || fail "ping: $(cat "$tmp/ping")"
        grep -q " [3-9] received" "$tmp/ping" || fail "ping: $(cat "$tmp/ping")"
        ! grep -q "wrong\|DUP\|BAD\|bad" "$tmp/ping" || fail "ping: $(cat "$tmp/ping")"
    done
    echo "$1: $(grep received "$tmp/ping")"
    exec 3>&-
    wait "$server" || fail "packets ended with status $?"
    server=
    [ ! -s "$tmp/server.err" ] || fail "packets complained"
}
pong ip4:icmp 127.0.0.1
pong ip6:58 ::1
