# What the interoperability scripts share. Nothing here has a limit of time of its own: whoever runs the
# test gives it up when it hangs. They get the directory of the examples as $1, and end every
# process that they start, by its number. (To be sourced; POSIX sh.)
set -u
examples=$1
tmp=$(mktemp -d)
server=
proxy=

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    for pid in $server $proxy; do
        kill -KILL "$pid" 2>/dev/null
    done
    rm -rf "$tmp"
}
trap clean_up EXIT

fail() {
    echo "FAILED: $*"
    for log in "$tmp"/*.err; do
        [ ! -s "$log" ] || { echo "$(basename "$log"):"; cat "$log"; }
    done
    exit 1
}

# address_in FILE PID: waits for the line that a server prints when it listens, and prints it.
address_in() {
    until [ -s "$1" ]; do
        kill -0 "$2" 2>/dev/null || [ -s "$1" ] || return 1
        sleep 0.05
    done
    cat "$1"
}

# line_in FILE PATTERN PID: waits for a line that a process writes to the file.
line_in() {
    until grep -q -- "$2" "$1" 2>/dev/null; do
        kill -0 "$3" 2>/dev/null || grep -q -- "$2" "$1" || return 1
        sleep 0.05
    done
}

# start_server [LIMIT]: starts echo_server on a free port, with at most LIMIT descriptors; sets server
# and address.
start_server() {
    rm -f "$tmp/server.out" # of an earlier server
    (
        [ $# -eq 0 ] || ulimit -n "$1"
        exec "$examples/echo_server" 127.0.0.1:0
    ) >"$tmp/server.out" 2>"$tmp/server.err" &
    server=$!
    address=$(address_in "$tmp/server.out" "$server") || fail "echo_server did not start"
    port=${address##*:}
}

# stop_server [SIGNAL]: ends it, and checks that it ended well.
stop_server() {
    kill -"${1:-TERM}" "$server" || fail "echo_server is gone"
    status=0
    wait "$server" || status=$?
    server=
    [ "$status" -eq 0 ] || fail "echo_server ended with status $status"
    if grep -i -E 'sanitizer|assert' "$tmp/server.err"; then
        fail "echo_server complained"
    fi
}

# stream MIB COMMAND...: sends so much through the command's standard input, which ends then, and checks
# that the same comes out of it.
stream() {
    mib=$1
    shift
    mkfifo "$tmp/copy"
    sha256sum <"$tmp/copy" >"$tmp/sent" &
    summing=$!
    head -c "${mib}M" /dev/urandom | tee "$tmp/copy" | "$@" 2>"$tmp/client.err" | sha256sum >"$tmp/back"
    wait "$summing"
    rm "$tmp/copy"
    cmp -s "$tmp/sent" "$tmp/back" || fail "$*: what came back is not what was sent"
    echo "$*: $mib MiB there and back, sha256 $(cut -c1-64 "$tmp/back")"
}
