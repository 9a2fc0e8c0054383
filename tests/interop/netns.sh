#!/bin/sh
# netns.sh EXAMPLES_DIR: the examples that need a network of their own, or the right to raw sockets:
# ping, the chat, and the twins of Go's examples with the ports and addresses of Go's page. Runs itself
# again inside a network namespace.
skip() {
    echo "skipped: $*"
    exit 77
}
if [ $# -eq 1 ]; then
    [ "$(id -u)" = 0 ] || skip "needs root, for a network namespace"
    for tool in unshare ip socat setpriv; do
        command -v $tool >/dev/null || skip "$tool is not installed"
    done
    unshare -n true 2>/dev/null || skip "no network namespace can be made here"
    exec unshare -n sh "$0" "$1" inside
fi
. "$(dirname "$0")/lib.sh"
go=$examples/go
ip link set lo up || fail "lo stays down"
ip addr add 192.0.2.1/32 dev lo || fail "lo gets no address"

# Ping, of hosts that are there, and without the right to.
for host in 127.0.0.1 ::1 192.0.2.1; do
    "$examples/ping" $host 2 50 >"$tmp/ping" 2>"$tmp/run.err" || fail "ping $host: status $?"
    grep -q "^$host: seq 2: [0-9.]* ms: ok$" "$tmp/ping" || fail "ping $host: $(cat "$tmp/ping")"
    [ "$(tail -n 1 "$tmp/ping")" = "2 sent, 2 answered" ] || fail "ping $host: $(cat "$tmp/ping")"
    echo "ping: $(head -n 1 "$tmp/ping")"
done
setpriv --bounding-set=-net_raw "$examples/ping" 127.0.0.1 2>"$tmp/run.err" && fail "ping: no need for rights"
grep -q "ping: dial ip4:icmp 127.0.0.1: socket: operation not permitted" "$tmp/run.err" ||
    fail "ping: another error without rights"
cat "$tmp/run.err"
"$examples/ping" 203.0.113.1 1 2>"$tmp/run.err" && fail "ping: an answer from nowhere"
grep -q "network is unreachable" "$tmp/run.err" || fail "ping: another error without a route"
cat "$tmp/run.err"

# The chat: each sees what both say. They talk when both are in. (Over lo one hears oneself anyway.)
ip link add chat0 type veth peer name chat1 || fail "no pair of interfaces"
ip addr add 198.51.100.1/24 dev chat0 || fail "chat0 gets no address"
ip link set chat0 up || fail "chat0 stays down"
ip link set chat1 up || fail "chat1 stays down"
chat() {
    mkfifo "$tmp/$1.in"
    "$examples/multicast_chat" "$1" chat0 224.0.0.199:7000 <"$tmp/$1.in" >"$tmp/$1.out" 2>"$tmp/$1.err" &
}
chat anna
server=$!
chat bert
proxy=$!
exec 3>"$tmp/anna.in" 4>"$tmp/bert.in"
line_in "$tmp/anna.out" "anna is in" "$server" || fail "anna is not in"
line_in "$tmp/bert.out" "bert is in" "$proxy" || fail "bert is not in"
echo "is anybody there?" >&3
line_in "$tmp/bert.out" "anna: is anybody there?" "$proxy" || fail "bert does not hear anna"
echo "yes" >&4
line_in "$tmp/anna.out" "bert: yes" "$server" || fail "anna does not hear bert"
line_in "$tmp/anna.out" "anna: is anybody there?" "$server" || fail "anna does not hear herself"
exec 3>&- 4>&-
wait "$server" || fail "anna: status $?"
wait "$proxy" || fail "bert: status $?"
server='' proxy=''
echo "multicast_chat: $(tail -n 1 "$tmp/anna.out")"

# heard PROGRAM WANT SOCAT_ADDRESS: the program of Go's page sends WANT to where Go's does.
heard() {
    rm -f "$tmp/socat.err" # of an earlier one
    socat -dd -u "$3" "CREATE:$tmp/heard" 2>"$tmp/socat.err" &
    server=$!
    line_in "$tmp/socat.err" "listening on\|receiving on" "$server" || fail "socat does not listen"
    "$go/$1" 2>"$tmp/run.err" || fail "$1: status $?"
    wait "$server" || fail "socat: status $?"
    server=
    [ "$(cat "$tmp/heard")" = "$2" ] || fail "$1: sent '$(cat "$tmp/heard")', not '$2'"
    echo "$1: $2"
}
if getent hosts localhost >/dev/null; then
    heard dialer "Hello, World!" TCP-LISTEN:12345,accept-timeout=3600
else
    echo "dialer is left out: this machine has no localhost"
fi
heard udp_conn_write_to data UDP-RECVFROM:2000

# serves PROGRAM PORT: listens where Go's does, on all addresses of both families.
serves() {
    "$go/$1" >"$tmp/server.out" 2>"$tmp/server.err" &
    server=$!
    [ "$(address_in "$tmp/server.out" "$server")" = "[::]:$2" ] || fail "$1 does not listen on $2"
    for host in 127.0.0.1 192.0.2.1 '[::1]'; do
        got=$("$go/../echo_client" "$host:$2" x 2>"$tmp/run.err") || fail "$1: $host: $?"
        echo "$1: $host:$2: $got"
    done
    kill "$server"
    wait "$server"
    server=
    rm "$tmp/server.out"
}
serves listener 2000
