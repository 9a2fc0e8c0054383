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
    libuv) command=("$build/bench_echo_uv") ;;
    go) command=(env GOMAXPROCS=1 "$build/bench_echo_go") ;;
    go-all) command=(env -u GOMAXPROCS "$build/bench_echo_go") ;;
    gonet) command=(env GONET_MAXPROCS=1 "$build/bench_echo_gonet") ;;
    gonet-all) command=(env -u GONET_MAXPROCS "$build/bench_echo_gonet") ;;
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

# echo_rounds METRIC ROUNDS CONNECTIONS MESSAGES SERVER-CPUS LOAD-CPU SERVER...
echo_rounds() {
    local metric=$1 rounds=$2 conns=$3 messages=$4 cpus=$5 load=$6 round server line
    shift 6
    for ((round = 1; round <= rounds; round++)); do
        say "$metric: round $round of $rounds"
        for server in $(shuffled "$@"); do
            start_server "$cpus" "$server"
            line=$(taskset -c "$load" "$build/bench_load" -p "$port" -c "$conns" -n "$messages" \
                -P "$server_pid") || die "the load on $server failed"
            stop_server
            printf '%s\t%s\t%s\t%s\n' "$metric" "$round" "$server" "$line" >>"$work/load.txt"
            record "$metric" "$round" "${server%-all}" "$(field cpu_ns "$line")"
        done
    done
}

measure_echo() {
    local all=(epoll gonet libuv) two=(gonet-all)
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
    [ "$1" != dial ] || floor=floor
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
    micro_rounds spawn1 1000000
    micro_rounds spawn1000 1000000
    micro_rounds chan 1000000
    micro_rounds pipe 1000000
    micro_rounds mutex 10000000
    micro_rounds mutex-contended 1000000
    micro_rounds dial 10000
    micro_rounds dial-wait 10000
}

measure_memory() {
    local round server line conns=10000 most servers=(gonet-all)
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
