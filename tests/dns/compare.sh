#!/bin/sh
# compare.sh ASK SERVER GO_SOURCE [EXAMPLES]: asks gonet (ASK) and Go the same questions, in a network namespace
# with a resolv.conf and a hosts file of its own: first a real name server (knot), then one that
# misbehaves (SERVER). Fails if the answers differ, or if the examples (lookup and http_get, in the
# folder EXAMPLES) get something else than what the zones say. Exit status 77: cannot run here, and why.
set -u
here=$(cd "$(dirname "$0")" && pwd)
ask=$1 server=$2 source=$3 examples=${4:-}

skip() {
    echo "skipped: $*"
    exit 77
}
[ "$(id -u)" = 0 ] || skip "needs root, for a network namespace"
for tool in ip knotd go; do
    command -v $tool >/dev/null || skip "$tool is not installed"
done
for file in hosts nsswitch.conf resolv.conf; do # ip netns lays the test's own over these
    [ -e "/etc/$file" ] || skip "this machine has no /etc/$file"
done

work=$(mktemp -d)
space=gonet-dns-$$
pids=
# shellcheck disable=SC2317 # called by the trap
finish() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null
    done
    ip netns delete "$space" 2>/dev/null
    rm -rf "$work" "/etc/netns/$space"
}
trap finish EXIT
ip netns add "$space" 2>"$work/error" || skip "no network namespace: $(cat "$work/error")"
ip netns exec "$space" true 2>"$work/error" || skip "a namespace can't be entered: $(cat "$work/error")"
ip netns exec "$space" ip link set lo up || exit 1
mkdir -p "/etc/netns/$space" && cp "$here/hosts.txt" "/etc/netns/$space/hosts"
# shellcheck disable=SC2016 # a line of configuration
echo 'hosts: files dns' >"/etc/netns/$space/nsswitch.conf"
(cd "$source" && GO111MODULE=off GOCACHE="$work/cache" CGO_ENABLED=0 go build -tags netgo -o "$work/go-ask" main.go) || exit 1

inside() {
    ip netns exec "$space" "$@"
}

# until_ready FILE TEXT
until_ready() {
    until grep -q "$2" "$1" 2>/dev/null; do
        kill -0 $! || { cat "$1"; echo "a server did not start"; exit 1; }
        sleep 0.05
    done
}

start_knot() {
    mkdir -p "$work/knot/db"
    cp "$here"/*.zone "$work/knot/"
    sed "s#@WORK@#$work/knot#g" "$here/knot.conf.in" >"$work/knot/knot.conf"
    ip netns exec "$space" knotd -c "$work/knot/knot.conf" >"$work/knot/log" 2>&1 &
    pids="$pids $!"
    until_ready "$work/knot/log" "server started"
}

# The ports that the kernel chooses are levelled, and what Go 1.19, at hand, does otherwise than 1.25:
# it says "marshal" for some replies that it cannot read, and does not unwrap to a context's error.
level() {
    sed -E -e 's/(127\.0\.0\.[0-9]+:)[0-9]+->/\1PORT->/g' -e 's/cannot marshal DNS/cannot unmarshal DNS/' \
        -e 's/ deadline [01]$//' "$1"
}

bad=0
# both NAME: the questions of NAME.txt, to both
both() {
    inside "$work/go-ask" <"$here/$1.txt" >"$work/$1.go"
    [ "$1" != broken ] || restart_server
    inside "$ask" <"$here/$1.txt" >"$work/$1.gonet"
    level "$work/$1.go" >"$work/$1.go.level"
    level "$work/$1.gonet" >"$work/$1.gonet.level"
    echo "$1: $(grep -c '^[a-z]' "$work/$1.gonet") questions"
    diff -u "$work/$1.go.level" "$work/$1.gonet.level" >"$work/$1.diff" || {
        echo "$1: Go (-) and gonet (+) differ:"
        cat "$work/$1.diff"
        bad=1
    }
}

# expect WANTED COMMAND...
expect() {
    want=$1
    shift
    got=$(inside "$@" 2>&1)
    [ "$got" = "$want" ] || { echo "$*: \"$got\" instead of \"$want\""; bad=1; }
}

try_examples() {
    lookup=$examples/lookup
    expect "192.0.2.1" "$lookup" A both.example
    expect "2001:db8::1" "$lookup" --server=127.0.0.1:53 AAAA chain1.example
    expect "both.example." "$lookup" CNAME alias.example
    expect "10 mail1.example.
20 mail2.example." "$lookup" MX example
    expect "5 60 8080 four.example.
5 0 8081 six.example.
10 0 80 both.example." "$lookup" SRV _http._tcp.example
    expect '"only text"' "$lookup" --json TXT text.example
    expect "both.example." "$lookup" PTR 192.0.2.1
    expect "lookup: lookup nosuch.example. on 127.0.0.1:53: no such host" "$lookup" A nosuch.example.
    printf 'HTTP/1.0 200 OK\r\n\r\nhello\n' >"$work/response"
    ip netns exec "$space" socat TCP-LISTEN:8080,bind=127.0.0.1,reuseaddr,fork \
        SYSTEM:"read line; cat $work/response" >"$work/socat.log" 2>&1 &
    pids="$pids $!"
    until inside "$examples/http_get" ns1.example:8080 >"$work/page" 2>&1 || ! kill -0 $!; do
        sleep 0.05
    done
    grep -q hello "$work/page" || { echo "http_get:"; cat "$work/page"; bad=1; }
}

server_pid=
restart_server() {
    [ -z "$server_pid" ] || { kill "$server_pid"; wait "$server_pid" 2>/dev/null; }
    : >"$work/server.log"
    ip netns exec "$space" "$server" 127.0.0.2 53 >"$work/server.log" 2>&1 &
    server_pid=$!
    pids="$pids $server_pid"
    until_ready "$work/server.log" ready
}

printf 'nameserver 127.0.0.1\nsearch example sub.example\n' >"/etc/netns/$space/resolv.conf"
start_knot
both zones
[ -z "$examples" ] || try_examples
printf 'nameserver 127.0.0.2\noptions timeout:1\n' >"/etc/netns/$space/resolv.conf"
restart_server
both broken
exit $bad
