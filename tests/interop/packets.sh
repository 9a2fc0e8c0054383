#!/bin/sh
# packets.sh EXAMPLES_DIR PACKETS GOECHO: datagrams and records between gonet and socat, netcat and Go,
# either of them serving: UDP over both families, unix datagrams by path and abstract name, unix records.
. "$(dirname "$0")/lib.sh"
packets=$2
goecho=$3
abstract=gonet-packets-$$

# serve COMMAND...: starts a server that prints its address, and ends with its standard input.
serve() {
    rm -f "$tmp/server.out" "$tmp/hold"
    mkfifo "$tmp/hold"
    "$@" <"$tmp/hold" >"$tmp/server.out" 2>"$tmp/server.err" &
    server=$!
    exec 3>"$tmp/hold"
    address=$(address_in "$tmp/server.out" "$server") || fail "$* did not start"
    port=${address##*:}
}

served() {
    exec 3>&-
    wait "$server" || fail "the server ended with status $?"
    server=
    [ ! -s "$tmp/server.err" ] || fail "the server complained"
}

# socat_serves ADDRESS: starts an echo server of socat's, one child for each message or connection.
socat_serves() {
    : >"$tmp/socat.log"
    socat -d -d "$1,fork" EXEC:cat 2>"$tmp/socat.log" &
    server=$!
    until grep -q "listening on\|receiving on" "$tmp/socat.log"; do
        kill -0 "$server" 2>/dev/null || fail "socat $1: $(cat "$tmp/socat.log")"
        sleep 0.05
    done
    port=$(ss -ulnpH | sed -n "s/.*:\([0-9][0-9]*\) .*pid=$server,.*/\1/p") # of UDP
}

socat_served() {
    kill "$server"
    wait "$server" 2>/dev/null
    server=
}

# back COMMAND...: a message that the command sends comes back.
back() {
    got=$(printf 'a message' | "$@" 2>"$tmp/client.err") || fail "$*: status $?"
    [ "$got" = "a message" ] || fail "$*: sent 'a message', got '$got'"
    echo "$*: $got"
}

# back_at_once SOCAT_ADDRESS: likewise; socat, which would wait for more, is ended when it has come.
back_at_once() {
    rm -f "$tmp/client.out" "$tmp/client.in"
    mkfifo "$tmp/client.in"
    socat - "$1" <"$tmp/client.in" >"$tmp/client.out" 2>"$tmp/client.err" &
    proxy=$!
    exec 4>"$tmp/client.in"
    printf 'a message' >&4
    got=$(address_in "$tmp/client.out" "$proxy") || fail "$1: nothing came back"
    [ "$got" = "a message" ] || fail "$1: sent 'a message', got '$got'"
    exec 4>&-
    kill "$proxy"
    wait "$proxy" 2>/dev/null
    proxy=
    echo "$1: $got"
}

# asks NETWORK LOCAL REMOTE: gonet asks whoever serves.
asks() {
    "$packets" ask "$@" 2>"$tmp/client.err" || fail "packets ask $*: status $?"
}

# ---- gonet serves ----
serve "$packets" serve udp4 127.0.0.1:0
back socat -t 3600 - "UDP4:127.0.0.1:$port,readbytes=9"
back nc -u -W 1 -w 3600 127.0.0.1 "$port"
"$goecho" packets udp4 "$address" || fail "goecho"
served
serve "$packets" serve udp6 '[::1]:0'
back socat -t 3600 - "UDP6:[::1]:$port,readbytes=9"
back nc -6 -u -W 1 -w 3600 ::1 "$port"
"$goecho" packets udp6 "$address" || fail "goecho"
served
serve "$packets" serve udp '[::]:0' # one socket for both families
back socat -t 3600 - "UDP4:127.0.0.1:$port,readbytes=9"
back socat -t 3600 - "UDP6:[::1]:$port,readbytes=9"
"$goecho" packets udp "127.0.0.1:$port" || fail "goecho"
"$goecho" packets udp "[::1]:$port" || fail "goecho"
served
serve "$packets" serve unixgram "$tmp/g"
back_at_once "UNIX-SENDTO:$tmp/g,bind=$tmp/c"
"$goecho" packets unixgram "$tmp/g" "$tmp/gc" || fail "goecho"
served
serve "$packets" serve unixgram "@$abstract"
back_at_once "ABSTRACT-SENDTO:$abstract,bind=$abstract-client"
"$goecho" packets unixgram "@$abstract" "@$abstract-go" || fail "goecho"
served

# ---- others serve ----
socat_serves UDP4-RECVFROM:0,bind=127.0.0.1
asks udp4 - "127.0.0.1:$port"
asks udp - "127.0.0.1:$port"
socat_served
socat_serves 'UDP6-RECVFROM:0,bind=[::1]'
asks udp6 - "[::1]:$port"
asks udp - "[::1]:$port"
socat_served
socat_serves "UNIX-RECVFROM:$tmp/s"
asks unixgram "$tmp/sc" "$tmp/s"
socat_served
socat_serves "ABSTRACT-RECVFROM:$abstract"
asks unixgram "@$abstract-client" "@$abstract"
socat_served
socat_serves "UNIX-LISTEN:$tmp/p,socktype=5"
asks unixpacket - "$tmp/p"
socat_served
serve "$goecho" packet-server udp4 127.0.0.1:0
asks udp4 - "$address"
served
serve "$goecho" packet-server udp6 '[::1]:0'
asks udp6 - "$address"
served
serve "$goecho" packet-server unixgram "$tmp/go"
asks unixgram "$tmp/goc" "$tmp/go"
served
