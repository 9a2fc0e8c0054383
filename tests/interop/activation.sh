#!/bin/sh
# activation.sh EXAMPLES_DIR: socket_activated_echo on a TCP and a unix socket that perl has opened for it.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2016 # the dollars are perl's
perl -MSocket -e '
    $^F = 9; # descriptors up to 9 stay open in the server
    socket(T, PF_INET, SOCK_STREAM, 0) && bind(T, sockaddr_in(0, INADDR_LOOPBACK)) && listen(T, 9) or die;
    socket(U, PF_UNIX, SOCK_STREAM, 0) && bind(U, sockaddr_un($ARGV[1])) && listen(U, 9) or die;
    fileno(T) == 3 && fileno(U) == 4 or die "other numbers";
    $ENV{LISTEN_FDS} = 2;
    $ENV{LISTEN_PID} = $$;
    exec $ARGV[0];
' "$examples/socket_activated_echo" "$tmp/s" >"$tmp/server.out" 2>"$tmp/server.err" 3<&- 4<&- &
server=$!
address_in "$tmp/server.out" "$server" >/dev/null || fail "socket_activated_echo did not start"
tcp=$(sed -n 1p "$tmp/server.out")
[ "$(sed -n 2p "$tmp/server.out")" = "$tmp/s" ] || fail "the unix socket is not served"

answer=$("$examples/echo_client" "$tcp" hello, gonet) || fail "echo_client: status $?"
[ "$answer" = "hello, gonet" ] || fail "TCP: '$answer' came back"
answer=$(printf hello | socat -t 3600 - "UNIX-CONNECT:$tmp/s") || fail "socat: status $?"
[ "$answer" = hello ] || fail "unix: '$answer' came back"
kill -TERM "$server"
wait "$server"
server=
[ -S "$tmp/s" ] || fail "the path is not the server's to remove"

"$examples/socket_activated_echo" 2>"$tmp/none.err" && fail "it started without sockets"
grep -q "no sockets were passed" "$tmp/none.err" || fail "no such error"
