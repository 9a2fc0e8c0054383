#!/bin/sh
# nc.sh EXAMPLES_DIR MIB: netcat, which ends its half of the stream and waits for the other one.
. "$(dirname "$0")/lib.sh"
start_server
got=$(printf x | nc -N 127.0.0.1 "$port") || fail "nc: status $?"
[ "$got" = x ] || fail "nc: sent 'x', got '$got'"
got=$(nc -N 127.0.0.1 "$port" </dev/null) || fail "nc: status $? for an empty stream"
[ -z "$got" ] || fail "nc: sent nothing, got '$got'"
echo "half-close works"
stream "$2" nc -N 127.0.0.1 "$port"
stop_server INT
