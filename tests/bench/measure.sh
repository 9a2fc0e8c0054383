# The measurements, one function for each group of rows; run.sh sources this file. Each figure goes to
# the file $figures as metric, round, server, value. Servers run on $server_cpu, the load on $load_cpu.
# shellcheck shell=bash disable=SC2154,SC2034,SC2015

record() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$figures"; }

# field NAME LINE: the number behind NAME= in a line of results.
field() { sed -n "s/.*\b$1=\([0-9.-]*\).*/\1/p" <<<"$2"; }

# command_of SERVER: the command line of a peer, as an array in $command.
command_of() {
    case $1 in
    epoll) command=("$build/bench_echo_epoll") ;;
    epoll+thread) command=("$build/bench_echo_epoll" thread) ;;
    libuv) command=("$build/bench_echo_uv") ;;
    go) command=(env GOMAXPROCS=1 "$build/bench_echo_go") ;;
    go-all) command=(env -u GOMAXPROCS "$build/bench_echo_go") ;;
    gonet) command=(env GONET_MAXPROCS=1 "$build/bench_echo_gonet") ;;
    udp-epoll) command=("$build/bench_udp_epoll") ;;
    udp-epoll+thread) command=("$build/bench_udp_epoll" thread) ;;
    udp-go) command=(env GOMAXPROCS=1 "$build/bench_udp_go") ;;
    udp-gonet) command=(env GONET_MAXPROCS=1 "$build/bench_udp_gonet") ;;
    gonet-all) command=(env -u GONET_MAXPROCS "$build/bench_echo_gonet") ;;
    held-go) command=(env GOMAXPROCS=2 "$build/bench_held_go") ;;
    held-gonet) command=(env GONET_MAXPROCS=2 "$build/bench_held_gonet") ;;
    short-epoll) command=("$build/bench_short_epoll") ;;
    short-epoll+thread) command=("$build/bench_short_epoll" thread) ;;
    short-go) command=(env GOMAXPROCS=1 "$build/bench_short_go") ;;
    short-task) command=(env GONET_MAXPROCS=1 "$build/bench_short_gonet") ;;
    short-serve) command=(env GONET_MAXPROCS=1 "$build/bench_short_gonet" serve) ;;
    short-readable) command=(env GONET_MAXPROCS=1 "$build/bench_short_gonet" readable) ;;
    readable) command=(env GONET_MAXPROCS=1 "$build/bench_echo_gonet" readable) ;;
    readable-all) command=(env -u GONET_MAXPROCS "$build/bench_echo_gonet" readable) ;;
    short-thread) command=(env GONET_MAXPROCS=1 "$build/bench_short_gonet" thread) ;;
    esac
}

# start_server CPUS SERVER: sets server_pid and port.
start_server() {
    local try
    command_of "$2"
    : >"$work/server.out"
    taskset -c "$1" "${command[@]}" >"$work/server.out" 2>"$work/server.err" &
    server_pid=$!
    for ((try = 0; try < 500; try++)); do
        port=$(sed -n 's/^listening 127\.0\.0\.1://p' "$work/server.out")
        [ -n "$port" ] && return 0
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.01
    done
    cat "$work/server.err" >&2
    die "the server $2 did not start"
}

stop_server() {
    [ -n "$server_pid" ] || return 0
    kill "$server_pid" 2>/dev/null
    wait "$server_pid" 2>/dev/null
    server_pid=
}

# shuffled NAME...: the names in random order, so that none profits from its place or its predecessor.
shuffled() { shuf -e -- "$@"; }

load_flags=()

# echo_rounds METRIC ROUNDS CONNECTIONS MESSAGES SERVER-CPUS LOAD-CPU SERVER...
echo_rounds() {
    local metric=$1 rounds=$2 conns=$3 messages=$4 cpus=$5 load=$6 round server line
    shift 6
    for ((round = 1; round <= rounds; round++)); do
        say "$metric: round $round of $rounds"
        for server in $(shuffled "$@"); do
            start_server "$cpus" "$server"
            line=$(taskset -c "$load" "$build/bench_load" "${load_flags[@]}" -p "$port" -c "$conns" \
                -n "$messages" -P "$server_pid") || die "the load on $server failed"
            stop_server
            server=${server#udp-} server=${server#held-}
            printf '%s\t%s\t%s\t%s\n' "$metric" "$round" "$server" "$line" >>"$work/load.txt"
            record "$metric" "$round" "${server%-all}" "$(field cpu_ns "$line")"
            record "$metric-p99" "$round" "${server%-all}" "$(field p99_us "$line")"
        done
    done
}

measure_echo() {
    local all=(epoll epoll+thread gonet libuv) two=(gonet-all)
    [ -n "$have_go" ] && all+=(go) && two+=(go-all)
    # One connection shares one CPU with its load: on two, most of the CPU time that is charged goes
    # into waking an idle (virtual) processor, for every server alike.
    echo_rounds echo-1 "$rounds" 1 "$((messages / 2))" "$server_cpu" "$server_cpu" "${all[@]}"
    echo_rounds echo-64 "$rounds" 64 "$messages" "$server_cpu" "$load_cpu" "${all[@]}"
    echo_rounds echo-1000 "$rounds" 1000 "$messages" "$server_cpu" "$load_cpu" "${all[@]}"
    echo_rounds echo-1-apart "$few" 1 "$((messages / 4))" "$server_cpu" "$load_cpu" "${all[@]}"
    echo_rounds echo-64-all "$few" 64 "$messages" "$cpu_list" "$cpu_list" "${two[@]}"
}

# strace_load SERVER MESSAGES: system calls of the server per message, connections being set up before.
strace_load() {
    local line try strace_pid calls
    start_server "$server_cpu" "$1"
    coproc LOAD { exec taskset -c "$load_cpu" "$build/bench_load" -g -p "$port" -c 64 -n "$2"; }
    read -r line <&"${LOAD[0]}" || die "the load on $1 failed"
    strace -f -c -p "$server_pid" -o "$work/strace.$1" 2>"$work/strace.err" &
    strace_pid=$!
    for ((try = 0; try < 300; try++)); do
        grep -q attached "$work/strace.err" && break
        kill -0 "$strace_pid" 2>/dev/null || die "strace: $(cat "$work/strace.err")"
        sleep 0.01
    done
    sleep 0.2 # the other threads
    echo go >&"${LOAD[1]}"
    { read -r line && read -r line; } <&"${LOAD[0]}" || die "the load on $1 failed"
    kill -INT "$strace_pid"
    wait "$strace_pid" 2>/dev/null
    echo end >&"${LOAD[1]}"
    wait "$LOAD_PID" 2>/dev/null
    stop_server
    calls=$(awk '$NF == "total" { print $4 }' "$work/strace.$1")
    [ -n "$calls" ] || die "strace counted nothing for $1"
    record syscalls-64 1 "$1" "$(awk -v c="$calls" -v m="$2" 'BEGIN { printf "%.4f", c / m }')"
}

measure_syscalls() {
    local server servers=(epoll gonet libuv)
    if ! command -v strace >/dev/null; then
        say "syscalls: skipped, strace is not installed"
        return
    fi
    [ -n "$have_go" ] && servers+=(go)
    for server in "${servers[@]}"; do
        say "syscalls: $server"
        strace_load "$server" "$((messages / 4))"
    done
}

# micro_round METRIC ROUND NAME OPERATIONS LANGUAGE [ENVIRONMENT...]
micro_round() {
    local metric=$1 round=$2 name=$3 ops=$4 language=$5 line
    shift 5
    line=$(env "$@" "$build/bench_micro_$language" "$name" "$ops") || die "$language: $name failed"
    record "$metric" "$round" "$language" "$(field cpu_ns "$line")"
}

# micro_rounds NAME OPERATIONS: on one CPU's worth of scheduler, then on all.
micro_rounds() {
    local round language floor=
    [[ ! $1 =~ ^(dial|udp)$ ]] || floor=floor
    say "micro: $1"
    for ((round = 1; round <= few; round++)); do
        for language in $(shuffled gonet ${have_go:+go} $floor); do
            micro_round "$1" "$round" "$1" "$(($2 / scale))" "$language" GOMAXPROCS=1 GONET_MAXPROCS=1
            [ "$language" = floor ] || micro_round "$1-all" "$round" "$1" "$(($2 / scale))" "$language" \
                -u GOMAXPROCS -u GONET_MAXPROCS
        done
    done
}

measure_micro() {
    micro_rounds yield2 4000000
    micro_rounds yield1000 4000000
    micro_rounds spawn-yield 1000000
    micro_rounds spawn-burst 1000000
    micro_rounds spawn1 1000000
    micro_rounds spawn1000 1000000
    micro_rounds chan 1000000
    micro_rounds pipe 1000000
    micro_rounds mutex 10000000
    micro_rounds mutex-contended 1000000
    micro_rounds rlock 10000000
    micro_rounds wlock 10000000
    micro_rounds once 10000000
    micro_rounds dial 10000
    micro_rounds dial-wait 10000
}

measure_udp() {
    local servers=(udp-epoll udp-epoll+thread udp-gonet) load_flags=(-u) round kind line
    [ -n "$have_go" ] && servers+=(udp-go)
    echo_rounds udp-1 "$rounds" 1 "$((messages / 2))" "$server_cpu" "$server_cpu" "${servers[@]}"
    echo_rounds udp-64 "$few" 64 "$messages" "$server_cpu" "$load_cpu" "${servers[@]}"
    micro_rounds udp 100000
    say "udp: batches"
    for ((round = 1; round <= few; round++)); do
        for kind in $(shuffled batch single); do
            line=$(env GONET_MAXPROCS=1 "$build/bench_micro_gonet" "udp-$kind" $((400000 / scale))) ||
                die "udp-$kind failed"
            record udp-batch "$round" "${kind/batch/gonet}" "$(field cpu_ns "$line")"
        done
    done
}

# The load starts the proxy, on the CPU of servers, and ends it.
measure_proxy() {
    local round server line servers=(gonet splice)
    [ -n "$have_go" ] && servers+=(go)
    for ((round = 1; round <= few; round++)); do
        say "proxy: round $round of $few"
        for server in $(shuffled "${servers[@]}"); do
            line=$(taskset -c "$load_cpu" "$build/bench_bulk" "$((3000 / scale))" taskset -c "$server_cpu" \
                env GONET_MAXPROCS=1 GOMAXPROCS=1 "$build/bench_proxy_$server") || die "the proxy $server failed"
            record proxy "$round" "$server" "$(field cpu_ns "$line")"
        done
    done
}

# The calls of libc that do the same, for the rows that have one.
declare -A libc_twins=(
    [inet_pton_v4]="parse_ip_v4 netip_parse_addr_v4" [inet_pton_v6]="parse_ip_v6 netip_parse_addr_v6"
    [inet_ntop_v4]="ip_string_v4 netip_addr_string_v4" [inet_ntop_v6]="ip_string_v6 netip_addr_string_v6"
)

measure_addr() {
    local round program name value twin programs=("$build/addr/bench_addr")
    [ -n "$have_go" ] && programs+=("$build/bench_addr_go")
    for ((round = 1; round <= few; round++)); do
        say "addr: round $round of $few"
        for program in $(shuffled "${programs[@]}"); do
            taskset -c "$server_cpu" "$program" >"$work/addr.out" || die "$program failed"
            while read -r name value; do
                for twin in ${libc_twins[$name]-}; do
                    record "addr-$twin" "$round" libc "$value"
                done
                [[ $program == *_go ]] && record "addr-$name" "$round" go "$value" ||
                    record "addr-$name" "$round" gonet "$value"
            done <"$work/addr.out"
        done
    done
}

# knot_runs: knot was started on $knot_port and has got it.
knot_runs() {
    local try
    sed "s#@WORK@#$work/knot#g; s/@53 /@$knot_port /" "$here/../dns/knot.conf.in" >"$work/knot/knot.conf"
    knotd -c "$work/knot/knot.conf" >"$work/knot/log" 2>&1 &
    knot_pid=$!
    for ((try = 0; try < 500; try++)); do
        grep -q "server started" "$work/knot/log" && return 0
        kill -0 "$knot_pid" 2>/dev/null || break
        sleep 0.01
    done
    stop_knot
    return 1
}

# start_knot: a name server with names without number, on a port that nobody has.
start_knot() {
    local try
    mkdir -p "$work/knot/db"
    cp "$here"/../dns/*.zone "$work/knot"
    printf '*.bench A 192.0.2.1\n*.bench AAAA 2001:db8::1\n' >>"$work/knot/example.zone"
    for ((try = 0; try < 5; try++)); do
        knot_port=$((10000 + RANDOM % 20000))
        knot_runs && return
    done
    tail -n 5 "$work/knot/log" >&2
    die "knotd did not start"
}

stop_knot() {
    [ -n "$knot_pid" ] || return 0
    kill "$knot_pid" 2>/dev/null
    wait "$knot_pid" 2>/dev/null
    knot_pid=
}

# dns_round ROUND CONCURRENCY LOOKUPS PEER
dns_round() {
    local rate failed command=(env GONET_MAXPROCS=1 "$build/dns/bench_dns" "$4")
    [ "$4" != go ] || command=(env GOMAXPROCS=1 "$build/bench_dns_go")
    read -r rate failed <<<"$("${command[@]}" "$knot_port" "$2" "$3")"
    [ "${failed:-1}" = 0 ] || die "$4: ${failed:-all} lookups failed"
    record "dns-$2" "$1" "$4" "$(awk -v r="$rate" 'BEGIN { printf "%.1f", 1e9 / r }')"
}

measure_dns() {
    local round concurrency peer peers=(gonet cares cares-fresh)
    [ -n "$have_go" ] && peers+=(go)
    if ! command -v knotd >/dev/null; then
        say "dns: skipped, knotd is not installed"
        return
    fi
    start_knot
    for ((round = 1; round <= few; round++)); do
        say "dns: round $round of $few"
        for concurrency in 1 64; do
            for peer in $(shuffled "${peers[@]}"); do
                dns_round "$round" "$concurrency" "$((20000 / scale))" "$peer"
            done
        done
    done
    stop_knot
}

measure_memory() {
    local round server line conns=19000 most servers=(gonet-all readable-all)
    [ -n "$have_go" ] && servers+=(go-all)
    most=$(($(ulimit -n) - 200))
    if [ "$most" -lt "$conns" ]; then
        say "memory: $most connections in place of $conns, which is what ulimit -n leaves"
        conns=$most
    fi
    for ((round = 1; round <= few; round++)); do
        say "memory: round $round of $few, $conns idle connections"
        for server in "${servers[@]}"; do
            start_server "$cpu_list" "$server"
            line=$("$build/bench_idle" "$port" "$server_pid" "$conns") || die "idle $server failed"
            stop_server
            record idle-private "$round" "${server%-all}" "$(field private_bytes "$line")"
            record idle-tables "$round" "${server%-all}" "$(field tables_bytes "$line")"
        done
    done
}
