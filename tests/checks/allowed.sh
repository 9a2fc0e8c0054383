# The layers of src/, and the rooms of src/runtime: for layers.sh and calls.sh.

# allowed LAYER: the layers and rooms that it may use; empty for one that does not exist. Who may use a
# layer that has rooms may use them all.
allowed() {
    case $1 in
    base) echo "base" ;;
    error) echo "base error" ;;
    addr) echo "base error addr" ;;
    runtime/ground) echo "base $1" ;;
    runtime/time | runtime/switch) echo "base runtime/ground $1" ;;
    runtime/poller) echo "base runtime/ground runtime/time $1" ;;
    runtime/sched) echo "base runtime/ground runtime/time runtime/switch runtime/poller $1" ;;
    runtime/netpoll) echo "$(allowed runtime/sched) $1" ;;
    runtime/debug) echo "$(allowed runtime/netpoll) $1" ;;
    runtime/life) echo "$(allowed runtime/debug) $1" ;;
    runtime/sync) echo "error $(allowed runtime/sched) runtime/life $1" ;;
    socket | iface) echo "base error addr runtime $1" ;;
    resolve) echo "base error addr runtime socket resolve" ;;
    conn) echo "base error addr runtime socket iface resolve conn" ;;
    dial) echo "base error addr runtime socket iface resolve conn dial" ;;
    io) echo "base error addr runtime socket iface resolve conn dial io" ;;
    serve) echo "base error addr runtime socket iface resolve conn dial io serve" ;;
    esac
}

# layer_of PATH: the layer or room of a file, from its path in src.
layer_of() {
    case $1 in
    runtime/*/*) echo "${1%/*}" ;;
    *) echo "${1%%/*}" ;;
    esac
}

# may_use LAYER OTHER
may_use() {
    case " $(allowed "$1") " in
    *" $2 "* | *" ${2%%/*} "*) return 0 ;;
    esac
    return 1
}
