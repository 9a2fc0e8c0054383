# More measurements, as in measure.sh: what tasks cost each other on several workers, one that holds its
# worker, short connections, tasks that only compute, parked tasks. run.sh sources this file.
# shellcheck shell=bash disable=SC2154

# cross_round METRIC ROUND NAME OPERATIONS LANGUAGE WORKERS
cross_round() {
    local line
    line=$(env GOMAXPROCS="$6" GONET_MAXPROCS="$6" "$build/bench_cross_$5" "$3" "$4" "$cross_ms") ||
        die "$5: $3 with $6 workers failed"
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$5" "$line" >>"$work/cross.txt"
    record "$1" "$2" "$5" "$(field cpu_ns "$line")"
    [[ $5 == go || $2 != 1 ]] || say "cross: $3, $6 workers: tasks ${line#*operations=* }"
}

# cross_rounds NAME OPERATIONS WORKERS...
cross_rounds() {
    local name=$1 ops=$(($2 / scale)) round workers language
    shift 2
    for ((round = 1; round <= few; round++)); do
        for workers in "$@"; do
            for language in $(shuffled gonet ${have_go:+go}); do
                cross_round "cross-$name-$workers" "$round" "$name" "$ops" "$language" "$workers"
            done
        done
    done
}

# With one worker nothing crosses; those rows are here that are not among the rows of "micro".
measure_cross() {
    local cross_ms=$((1600 / scale))
    : >"$work/cross.txt"
    cross_rounds chan 1000000 2
    cross_rounds fan 1000000 1 2
    cross_rounds fan64 2000000 1 2
    cross_rounds pipe 400000 2
    cross_rounds spawn 2000000 2
    cross_rounds spawn1000 2000000 2
    cross_rounds burst 2000000 2
    cross_rounds yield2 8000000 2
    cross_rounds yield1000 8000000 2
    cross_rounds mutex16 8000000 1 2
    cross_rounds thread 100000 1 2
}

# Always at least ten messages that compute.
measure_held() {
    local servers=(held-gonet)
    [ -n "$have_go" ] && servers+=(held-go)
    echo_rounds held "$few" 64 40000 "$cpu_list" "$cpu_list" "${servers[@]}"
}

measure_short() {
    local round server line servers=(epoll epoll+thread task thread serve readable)
    [ -n "$have_go" ] && servers+=(go)
    for ((round = 1; round <= few; round++)); do
        say "short: round $round of $few"
        for server in $(shuffled "${servers[@]}"); do
            start_server "$server_cpu" "short-$server"
            line=$(taskset -c "$load_cpu" "$build/bench_short_load" "$port" "$server_pid" 32 "$((16000 / scale))") ||
                die "the short connections to $server failed"
            stop_server
            record short "$round" "$server" "$(field cpu_ns "$line")"
        done
    done
}

# spread_rounds NAME TASKS MICROSECONDS: with two workers, and with one.
spread_rounds() {
    local round workers line names=(- one-worker gonet)
    for ((round = 1; round <= few; round++)); do
        for workers in $(shuffled 1 2); do
            line=$(GONET_MAXPROCS=$workers "$build/bench_spread_gonet" "$2" "$3") || die "spread failed"
            record "$1" "$round" "${names[workers]}" "$(field wall_ms "$line")"
            [ "$round$workers" != 12 ] || say "spread: $2 tasks of $3 us: elsewhere $(field elsewhere "$line")"
        done
    done
}

measure_spread() {
    spread_rounds spread-long 400 1000
    spread_rounds spread-short 20000 20
}

measure_parked() {
    local line
    if [ "$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)" -lt 7 ]; then
        say "parked: skipped, a million tasks need some 5 GiB of memory"
        return
    fi
    say "parked: a million tasks"
    line=$(env -u GONET_MAXPROCS "$build/bench_parked_gonet" 1000000) || die "parked failed"
    record parked 1 gonet "$(field gib "$line")"
}
