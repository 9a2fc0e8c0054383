#!/bin/sh
# go.sh EXAMPLES_DIR MIB GOECHO: Go's clients against echo_server: bulk, resets, more connections than
# the server has descriptors; then echo_client against a server of Go's.
. "$(dirname "$0")/lib.sh"
goecho=$3
start_server
"$goecho" bulk "$address" "$2" || fail "bulk"
"$goecho" reset "$address" 50 || fail "reset"
"$goecho" crowd "$address" 200 || fail "crowd"
"$goecho" idle "$address" >"$tmp/idle" 2>"$tmp/idle.err" &
idler=$!
[ "$(address_in "$tmp/idle" "$idler")" = idle ] || fail "idle"
stop_server # with a connection open
wait "$idler" || fail "the idle client did not see the end"

start_server 40
"$goecho" crowd "$address" 100 || fail "crowd before a server without descriptors"
stop_server

mkfifo "$tmp/hold"
"$goecho" serve <"$tmp/hold" >"$tmp/go.out" 2>"$tmp/go.err" &
proxy=$!
exec 3>"$tmp/hold"
address=$(address_in "$tmp/go.out" "$proxy") || fail "Go's server did not start"
got=$("$examples/echo_client" "$address" to Go) || fail "echo_client: status $?"
[ "$got" = "to Go" ] || fail "echo_client: got '$got'"
exec 3>&-
wait "$proxy" || fail "Go's server: status $?"
proxy=
