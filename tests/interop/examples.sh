#!/bin/sh
# examples.sh EXAMPLES_DIR: the small examples, and what the echo pair does with odd input.
. "$(dirname "$0")/lib.sh"

# expect TEXT COMMAND...: the command succeeds and prints just that.
expect() {
    want=$1
    shift
    got=$("$@" 2>"$tmp/run.err" </dev/null) || fail "$*: status $?"
    [ "$got" = "$want" ] || fail "$*: printed '$got', not '$want'"
    echo "$(basename "$1"): $got"
}

# refuse PATTERN COMMAND...: the command fails and says so.
refuse() {
    pattern=$1
    shift
    status=0
    timeout 30 "$@" >"$tmp/run.out" 2>"$tmp/run.err" </dev/null || status=$?
    [ "$status" -ne 0 ] && [ "$status" -ne 124 ] && [ "$status" -lt 128 ] || fail "$*: status $status"
    grep -q "$pattern" "$tmp/run.err" || fail "$*: no '$pattern' on standard error"
    echo "$(basename "$1"): $(head -n 1 "$tmp/run.err")"
}

expect "the squares of 1 to 1000 add up to 333833500" "$examples/task_pipeline"
expect "1000 lines from the task, 1000 from the thread" "$examples/threads_and_tasks"

start_server
expect "hello, gonet" "$examples/echo_client" "$address" hello, gonet
expect "" "$examples/echo_client" "$address"
seq 1 5000 >"$tmp/lines"
"$examples/echo_client" "$address" <"$tmp/lines" >"$tmp/lines.back" || fail "echo_client: status $?"
cmp "$tmp/lines" "$tmp/lines.back" || fail "echo_client: 5000 lines came back changed"
refuse "bind: address already in use" "$examples/echo_server" "$address"
stop_server

refuse "connect: connection refused" "$examples/echo_client" "$address" x
refuse "missing port in address" "$examples/echo_server" 127.0.0.1
refuse "usage" "$examples/echo_client"
refuse "usage" "$examples/tcp_proxy"

"$examples/interfaces" >"$tmp/interfaces" || fail "interfaces: status $?"
grep -q '^    address 127.0.0.1/8$' "$tmp/interfaces" || fail "interfaces: no 127.0.0.1/8"
refuse "route ip+net: no such network interface" "$examples/interfaces" nosuch0
