#!/bin/sh
# go_page.sh EXAMPLES_DIR SOURCE_DIR: the twins of the examples on the page of Go's package net print
# what stands at their ends, and those that talk to somebody do that.
. "$(dirname "$0")/lib.sh"
sources=$2/examples/go
go=$examples/go

# Those with an output: everything below "Output:", without the comment's stars.
compared=0
for source in "$sources"/*.c; do
    name=$(basename "$source" .c)
    [ -x "$go/$name" ] || fail "$name is not built"
    sed -n '/^ \* Output:$/,/^ \*\/$/ { /Output:$/d; /^ \*\/$/d; s/^ \* //; p }' "$source" >"$tmp/want"
    [ -s "$tmp/want" ] || continue
    "$go/$name" >"$tmp/got" 2>"$tmp/run.err" </dev/null || fail "$name: status $?"
    diff "$tmp/want" "$tmp/got" || fail "$name: printed something else"
    compared=$((compared + 1))
done
[ "$compared" -ge 19 ] || fail "only $compared examples have an output"
echo "$compared examples print what Go's do"

# start NAME: starts a server of the page on a free port; sets server and address.
start() {
    rm -f "$tmp/server.out" # of an earlier server
    "$go/$1" 127.0.0.1:0 >"$tmp/server.out" 2>"$tmp/server.err" &
    server=$!
    address=$(address_in "$tmp/server.out" "$server") || fail "$1 did not start"
}

# stop: ends the server; it has nothing to say.
stop() {
    kill "$server" || fail "the server is gone"
    wait "$server"
    server=
    [ ! -s "$tmp/server.err" ] || fail "the server complained"
}

start listener
got=$("$examples/echo_client" "$address" to and fro 2>"$tmp/run.err") || fail "listener: $?"
[ "$got" = "to and fro" ] || fail "listener: sent 'to and fro', got '$got'"
stop
echo "listener: $got"

start overview_server
got=$("$go/overview_client" "$address" 2>"$tmp/run.err") || fail "overview_client: $?"
[ "$got" = "$(printf 'HTTP/1.0 200 OK\r')" ] || fail "overview_client: got '$got'"
stop
echo "overview: $got"

# heard PROGRAM WANT ADDRESS SOCAT_ADDRESS: the program, told where to, sends WANT to socat.
heard() {
    rm -f "$tmp/socat.err" # of an earlier one
    socat -dd -u "$4,accept-timeout=3600" "CREATE:$tmp/heard" 2>"$tmp/socat.err" &
    server=$!
    line_in "$tmp/socat.err" "listening on" "$server" || fail "socat does not listen"
    port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$tmp/socat.err")
    "$go/$1" "$(echo "$3" | sed "s/PORT/$port/")" 2>"$tmp/run.err" || fail "$1: status $?"
    wait "$server" || fail "socat: status $?"
    server=
    [ "$(cat "$tmp/heard")" = "$2" ] || fail "$1: sent '$(cat "$tmp/heard")', not '$2'"
    echo "$1: $2"
}
heard dialer "Hello, World!" 127.0.0.1:PORT TCP-LISTEN:0,bind=127.0.0.1
"$go/dialer" "127.0.0.1:$port" 2>"$tmp/run.err" && fail "dialer: nobody was there"
grep -q "cannot dial: dial tcp 127.0.0.1:.*: connect: connection refused" "$tmp/run.err" ||
    fail "dialer: another error"
heard dialer_unix "Hello, socket!" "$tmp/unix.sock" "UNIX-LISTEN:$tmp/unix.sock"
