#!/bin/sh
# proxy.sh EXAMPLES_DIR MIB GOECHO: tcp_proxy between Go's client and echo_server, half-close included.
. "$(dirname "$0")/lib.sh"
start_server
"$examples/tcp_proxy" 127.0.0.1:0 "$address" >"$tmp/proxy.out" 2>"$tmp/proxy.err" &
proxy=$!
front=$(address_in "$tmp/proxy.out" "$proxy") || fail "tcp_proxy did not start"
"$3" bulk "$front" "$2" || fail "bulk"
"$3" crowd "$front" 50 || fail "crowd"
"$3" reset "$front" 20 || fail "reset"
"$3" bulk "$front" 1 || fail "bulk after resets"
got=$(printf x | nc -N 127.0.0.1 "${front##*:}") || fail "nc: status $?"
[ "$got" = x ] || fail "nc: sent 'x', got '$got'"
kill -0 "$proxy" || fail "tcp_proxy is gone"
kill -TERM "$proxy"
wait "$proxy"
proxy=
if grep -i -E 'sanitizer|assert' "$tmp/proxy.err"; then
    fail "tcp_proxy complained"
fi
stop_server
