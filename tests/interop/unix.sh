#!/bin/sh
# unix.sh EXAMPLES_DIR MIB: streams from socat through unix_echo_server and back, by path and by abstract
# name; records; what becomes of the path; a descriptor passed.
. "$(dirname "$0")/lib.sh"

# start_unix NETWORK NAME: as start_server.
start_unix() {
    rm -f "$tmp/server.out"
    "$examples/unix_echo_server" "$1" "$2" >"$tmp/server.out" 2>"$tmp/server.err" &
    server=$!
    [ "$(address_in "$tmp/server.out" "$server")" = "$2" ] || fail "unix_echo_server did not start"
}

start_unix unix "$tmp/s"
stream "$2" socat -t 3600 - "UNIX-CONNECT:$tmp/s"
"$examples/unix_echo_server" unix "$tmp/s" 2>"$tmp/second.err" && fail "a second server started"
grep -q "listen unix $tmp/s: bind: address already in use" "$tmp/second.err" || fail "no such error"
: >"$tmp/second.err"
stop_server
[ ! -e "$tmp/s" ] || fail "the path was left behind"

start_unix unix "@gonet-interop-$$"
stream "$2" socat -t 3600 - "ABSTRACT-CONNECT:gonet-interop-$$"
stop_server

start_unix unixpacket "$tmp/p"
answer=$(printf 'a record' | socat -t 3600 - "UNIX-CONNECT:$tmp/p,socktype=5")
[ "$answer" = "a record" ] || fail "unixpacket: '$answer' came back"
stop_server
[ ! -e "$tmp/p" ] || fail "the path was left behind"

"$examples/pass_fd" "$0" >"$tmp/passed" 2>"$tmp/pass.err" || fail "pass_fd: status $?"
cmp "$0" "$tmp/passed" || fail "pass_fd: another file"
