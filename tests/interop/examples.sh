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
    "$@" >"$tmp/run.out" 2>"$tmp/run.err" </dev/null || status=$?
    [ "$status" -ne 0 ] && [ "$status" -lt 128 ] || fail "$*: status $status"
    grep -q "$pattern" "$tmp/run.err" || fail "$*: no '$pattern' on standard error"
    echo "$(basename "$1"): $(head -n 1 "$tmp/run.err")"
}

expect "the squares of 1 to 1000 add up to 333833500" "$examples/task_pipeline"
expect "1000 lines from the task, 1000 from the thread" "$examples/threads_and_tasks"

expect "0 to 999 add up to 499500" "$examples/typed_chan"

start_server
expect "hello, gonet" "$examples/echo_client" "$address" hello, gonet
expect "" "$examples/echo_client" "$address"
seq 1 5000 >"$tmp/lines"
"$examples/echo_client" "$address" <"$tmp/lines" >"$tmp/lines.back" || fail "echo_client: status $?"
cmp "$tmp/lines" "$tmp/lines.back" || fail "echo_client: 5000 lines came back changed"
refuse "bind: address already in use" "$examples/echo_server" "$address"
stop_server

# On SIGTERM a server that drains ends what is idle, and finishes what it has in hand.
"$examples/drain" 127.0.0.1:0 >"$tmp/drain.out" 2>"$tmp/drain.err" &
server=$!
address=$(address_in "$tmp/drain.out" "$server") || fail "drain did not start"
mkfifo "$tmp/busy.in"
socat - "TCP:$address" <"$tmp/busy.in" >"$tmp/busy.out" 2>/dev/null &
proxy=$!
exec 3>"$tmp/busy.in"
echo begin >&3
line_in "$tmp/busy.out" "go on" "$proxy" || fail "drain: no answer"
mkfifo "$tmp/idle.in"
socat - "TCP:$address" <"$tmp/idle.in" >"$tmp/idle.out" 2>/dev/null &
idle=$!
exec 4>"$tmp/idle.in"
printf 'begin\nidle\n' >&4
line_in "$tmp/idle.out" "^4$" "$idle" || fail "drain: no answer"
kill -TERM "$server"
wait "$idle" # the server has closed it
echo the end >&3
exec 3>&- 4>&-
wait "$server" || fail "drain: status $?"
server=
wait "$proxy"
proxy=
[ "$(cat "$tmp/busy.out")" = "go on
7" ] || fail "drain: answered '$(cat "$tmp/busy.out")'"
[ ! -s "$tmp/drain.err" ] || fail "drain complained"
echo "drain: $(tr '\n' ' ' <"$tmp/busy.out")"
refuse "missing port in address" "$examples/drain" 127.0.0.1

expect "tick 1
tick 2" "$examples/ticker" 5 2
refuse "usage" "$examples/ticker" 0
refuse "connect: connection refused" "$examples/echo_client" "$address" x
refuse "^greet 127.0.0.1:[0-9]*: connect to backend: dial tcp 127.0.0.1:[0-9]*: connect: connection refused$" \
    "$examples/wrap_error" "$address"
refuse "nobody listens there" "$examples/wrap_error" "$address"
refuse "missing port in address" "$examples/echo_server" 127.0.0.1
refuse "usage" "$examples/echo_client"
refuse "usage" "$examples/tcp_proxy"
refuse "too long for a host" "$examples/http_get" "$(printf '%0500d' 0)"

"$examples/interfaces" >"$tmp/interfaces" || fail "interfaces: status $?"
grep -q '^    address 127.0.0.1/8$' "$tmp/interfaces" || fail "interfaces: no 127.0.0.1/8"
refuse "route ip+net: no such network interface" "$examples/interfaces" nosuch0

# The recorder: what passes is what it says, and its file holds all of it, byte by byte.
start_server
got=$(printf 'hello\n' | "$examples/recorder" "$address" "$tmp/record" 2>"$tmp/run.err") ||
    fail "recorder: status $?"
[ "$got" = hello ] || fail "recorder: sent 'hello', got '$got'"
for line in 'out 00000000  68 65 6c 6c 6f 0a  *|hello.|' 'in  00000000  68 65 6c 6c 6f 0a  *|hello.|'; do
    grep -q "^$line$" "$tmp/record" || fail "recorder: no '$line' in $(cat "$tmp/record")"
done
"$examples/recorder" "$address" "$tmp/record" <"$tmp/lines" >"$tmp/lines.back" \
    2>"$tmp/run.err" || fail "recorder: status $?"
cmp "$tmp/lines" "$tmp/lines.back" || fail "recorder: 5000 lines came back changed"
od -An -v -tx1 "$tmp/lines" | tr -s ' ' '\n' | grep . >"$tmp/bytes"
for direction in out in; do
    sed -n "s/^$direction *[0-9a-f]\{8\} \(.\{48\}\) .*/\1/p" "$tmp/record" | tr -s ' ' '\n' |
        grep . | cmp - "$tmp/bytes" || fail "recorder: the record of what went $direction is wrong"
done
echo "recorder: $(head -n 1 "$tmp/record")"
refuse "/dev/full: write: no space left on device" sh -c "echo x | $examples/recorder $address /dev/full"
stop_server
refuse "connect: connection refused" "$examples/recorder" "$address" "$tmp/record"

expect "1: a
1: b" "$examples/child_output" "echo a; sleep 0.1; echo b"
"$examples/child_output" "seq 1 1000" "seq 1001 2000" >"$tmp/children" || fail "child_output: status $?"
cut -d ' ' -f 2 "$tmp/children" | sort -n | cmp - "$(seq 1 2000 >"$tmp/two" && echo "$tmp/two")" ||
    fail "child_output: lines are missing"
refuse "usage" "$examples/child_output"
expect "127.0.0.1 127.0.0.1" "$examples/uv_loop" 127.0.0.1
"$examples/uv_loop" 127.0.0.1 127.0.0.2 127.0.0.3 ::1 | sort >"$tmp/names"
[ "$(wc -l <"$tmp/names")" -eq 4 ] || fail "uv_loop: $(cat "$tmp/names")"
expect "" "$examples/uv_loop"

# A chat: one listens, and hears what others say, again and again until it has joined.
"$examples/chat_server" 127.0.0.1:0 >"$tmp/chat.out" 2>"$tmp/chat.err" &
server=$!
address=$(address_in "$tmp/chat.out" "$server") || fail "chat_server did not start"
socat -u "TCP:$address" "OPEN:$tmp/heard,creat" 2>"$tmp/run.err" &
proxy=$!
until grep -q '^hello, all$' "$tmp/heard" 2>/dev/null; do
    kill -0 "$proxy" || fail "chat_server: a member was sent away"
    echo "hello, all" | socat -u - "TCP:$address" || fail "chat_server: socat's status $?"
done
kill "$proxy"
proxy=
kill "$server"
wait "$server"
server=
[ ! -s "$tmp/chat.err" ] || fail "chat_server complained"
echo "chat_server: $(head -n 1 "$tmp/heard")"
refuse "missing port in address" "$examples/chat_server" 127.0.0.1

# Datagrams may be lost, if seldom on this way: who asks, asks again.
"$examples/udp_echo_server" 127.0.0.1:0 >"$tmp/udp.out" 2>"$tmp/udp.err" &
server=$!
address=$(address_in "$tmp/udp.out" "$server") || fail "udp_echo_server did not start"

# ask COMMAND...: six bytes sent to the server come back.
ask() {
    for attempt in 1 2 3 4 5; do
        got=$(printf '%06d' "$attempt" | "$@" 2>"$tmp/run.err")
        [ "$got" != "00000$attempt" ] || break
    done
    [ "$got" = "00000$attempt" ] || fail "$*: sent 00000$attempt, got '$got'"
    echo "udp_echo_server: $got by $1"
}
ask socat -t 20 - "UDP:$address,readbytes=6"
ask "$examples/echo_client" -u "$address"
ask nc -u -W 1 -w 20 127.0.0.1 "${address##*:}"
refuse "bind: address already in use" "$examples/udp_echo_server" "$address"
kill -TERM "$server"
wait "$server" || fail "udp_echo_server ended with status $?"
server=
[ ! -s "$tmp/udp.err" ] || fail "udp_echo_server complained"
refuse "listen udp: address 127.0.0.1: missing port" "$examples/udp_echo_server" 127.0.0.1
refuse "usage" "$examples/recorder"
refuse "usage" "$examples/ping" 127.0.0.1 0
refuse "usage" "$examples/multicast_chat" me lo
refuse "no such network interface" "$examples/multicast_chat" me nosuch0 224.0.0.199:7000

# Batches: all that is counted was sent; how much gets lost is the machine's business. A sender that
# stood still for 2 seconds finds nobody.
"$examples/udp_sink" 127.0.0.1:0 >"$tmp/sink.out" 2>"$tmp/sink.err" &
server=$!
address=$(address_in "$tmp/sink.out" "$server") || fail "udp_sink did not start"
"$examples/udp_blast" "$address" 20 900 >"$tmp/blast" 2>"$tmp/run.err" ||
    grep -q "connection refused" "$tmp/run.err" || fail "udp_blast: status $?"
grep -q "^20480 datagrams, 18432000 bytes, " "$tmp/blast" || [ -s "$tmp/run.err" ] ||
    fail "udp_blast: $(cat "$tmp/blast")"
wait "$server" || fail "udp_sink: status $?"
server=
sed -n 2p "$tmp/sink.out" | tr -d , |
    awk '{ ok = $1 > 0 && $1 <= 20480 && $3 == 900 * $1 && $5 > 0 && $5 <= $1 } END { exit !ok }' ||
    fail "udp_sink: $(cat "$tmp/sink.out" "$tmp/sink.err")"
echo "udp_blast: $(cat "$tmp/blast"); udp_sink: $(sed -n 2p "$tmp/sink.out")"
refuse "usage" "$examples/udp_blast" "$address" 1 1001

# What many read and one writes, over a buffered writer: each answer in one piece.
"$examples/key_value" 127.0.0.1:0 >"$tmp/kv.out" 2>"$tmp/kv.err" &
server=$!
address=$(address_in "$tmp/kv.out" "$server") || fail "key_value did not start"
got=$(printf 'set b two words\nset a one\nget b\nget c\nset b three\nlist\n' |
    socat -t 20 - "TCP:$address" | tr '\n' ' ')
[ "$got" = "b two words . a one . b two words . . b three . b three a one . " ] ||
    fail "key_value: '$got'"
echo "key_value: $got"
kill "$server"
wait "$server" 2>/dev/null
server=

# A budget of memory: what fits comes back, what never will is refused.
"$examples/budget" 127.0.0.1:0 1000 >"$tmp/budget.out" 2>"$tmp/budget.err" &
server=$!
address=$(address_in "$tmp/budget.out" "$server") || fail "budget did not start"
got=$(printf '5\nhello1001\n' | socat -t 20 - "TCP:$address")
[ "$got" = "hellono room: context deadline exceeded" ] || fail "budget: '$got'"
echo "budget: $got"
kill "$server"
wait "$server" 2>/dev/null
server=

expect "78498 primes below 1000000" "$examples/task_results"
expect "4 primes below 10" "$examples/task_results" 10
refuse "usage" "$examples/task_results" 100000000

# The group: what each server has sent, or the first failure.
cat >"$tmp/page.sh" <<'END'
while read -r line && [ "${#line}" -gt 1 ]; do :; done
printf 0123456789
END
socat -d -d TCP-LISTEN:0,bind=127.0.0.1,fork "SYSTEM:sh $tmp/page.sh" 2>"$tmp/page.log" &
server=$!
line_in "$tmp/page.log" "listening on" "$server" || fail "socat did not start"
address=$(sed -n 's/.*listening on AF=2 //p' "$tmp/page.log")
expect "10 bytes from $address
10 bytes from $address" "$examples/fetch_all" "$address" "$address"
refuse "connect: connection refused" "$examples/fetch_all" "$address" 127.0.0.1:1 "$address"
refuse "usage" "$examples/fetch_all"
kill "$server"
wait "$server" 2>/dev/null
server=
