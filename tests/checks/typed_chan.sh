#!/bin/sh
# typed_chan.sh INCLUDE_DIR: what may be passed to a channel with a type of its own, in C and C++, by GCC
# and by Clang, without warnings by the sterner flags that programs use; and what must not compile.
set -u
include=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
status=0
count=0

cat >"$tmp/types.h" <<'END'
#include <gonet.h>

struct job {
    int64_t number;
};
struct other {
    int64_t number;
};
GONET_DEFINE_CHAN(num_chan, int64_t);
GONET_DEFINE_CHAN(job_chan, struct job);
GONET_DEFINE_CHAN(text_chan, const char *);
GONET_DEFINE_OWNING_CHAN(conn_chan, gonet_conn_t *, gonet_conn_free);
GONET_DEFINE_SIGNAL_CHAN(stop_chan);
struct all {
    num_chan_t *nums;
    job_chan_t *jobs;
    text_chan_t *texts;
    conn_chan_t *conns;
    stop_chan_t *stop;
    int64_t n;
    const int64_t *read_only;
    uint64_t u;
    int i;
    double d;
    struct job j;
    struct other o;
    const char *text;
    gonet_conn_t *conn;
    gonet_listener_t *listener;
};
END

# compile COMPILER FLAG...: the function f, whose body is on standard input.
compile() {
    { cat "$tmp/types.h"; echo 'void f(struct all *a); void f(struct all *a) {'; cat; echo ';(void)a; }'; } |
        "$@" -I"$include" -fsyntax-only - 2>"$tmp/said"
}

# each FUNCTION ARGUMENT...: by each compiler and language.
each() {
    "$@" gcc -x c -std=c11
    "$@" clang -x c -std=c11
    "$@" gcc -x c -std=gnu2x
    "$@" g++ -x c++ -std=c++11
    "$@" clang++ -x c++ -std=c++11
    "$@" g++ -x c++ -std=gnu++20
}

takes() { # CODE COMPILER FLAG...
    code=$1
    shift
    count=$((count + 1))
    if ! echo "$code" | compile "$@" -Wall -Wextra -Wundef -pedantic -Wconversion -Wsign-conversion \
        -Wshadow -Wcast-qual -Werror; then
        echo "does not compile: $code: $*"
        cat "$tmp/said"
        status=1
    fi
}

refuses() { # CODE COMPILER FLAG...: without any flag for warnings
    code=$1
    shift
    count=$((count + 1))
    if echo "$code" | compile "$@"; then
        echo "compiles: $code: $*"
        status=1
    fi
}

while read -r line; do
    [ -z "$line" ] || each takes "$line"
done <<'END'
(void)num_chan_send(a->nums, &a->n);
(void)num_chan_send(a->nums, a->read_only);
(void)num_chan_try_send(a->nums, &a->n);
(void)num_chan_recv(a->nums, &a->n); (void)num_chan_recv(a->nums, 0);
(void)num_chan_try_recv(a->nums, &a->n);
GONET_AUTO(num_chan_t) c = num_chan_new(1); num_chan_free(num_chan_ref(c)); (void)num_chan_close(c);
(void)job_chan_send(a->jobs, &a->j); (void)job_chan_recv(a->jobs, &a->j);
(void)text_chan_send(a->texts, &a->text); (void)text_chan_recv(a->texts, &a->text);
(void)conn_chan_send(a->conns, &a->conn); (void)conn_chan_recv(a->conns, &a->conn); (void)conn_chan_recv(a->conns, 0);
(void)stop_chan_send(a->stop); (void)stop_chan_recv(a->stop); (void)stop_chan_try_recv(a->stop);
gonet_select_case_t c[] = {num_chan_send_case(a->nums, a->read_only), job_chan_recv_case(a->jobs, &a->j), stop_chan_recv_case(a->stop)}; (void)gonet_select(c, 3, gonet_no_deadline);
(void)gonet_chan_len(num_chan_as_chan(a->nums));
END

while read -r line; do
    [ -z "$line" ] || each refuses "$line"
done <<'END'
(void)num_chan_send(a->nums, &a->i);
(void)num_chan_send(a->nums, &a->u);
(void)num_chan_send(a->nums, &a->d);
(void)num_chan_send(a->nums, a->i);
(void)num_chan_send(a->nums, a->n);
(void)num_chan_send(a->nums, &a->j);
(void)num_chan_send(a->jobs, &a->n);
(void)num_chan_try_send(a->nums, &a->i);
(void)num_chan_recv(a->nums, &a->i);
(void)num_chan_try_recv(a->nums, &a->i);
(void)num_chan_send_case(a->nums, &a->i);
(void)num_chan_recv_case(a->nums, &a->i);
(void)num_chan_recv(a->nums, a->n);
(void)job_chan_send(a->jobs, &a->o);
(void)job_chan_recv(a->jobs, &a->o);
(void)job_chan_send(a->jobs, a->j);
(void)text_chan_send(a->texts, a->text);
(void)text_chan_recv(a->texts, &a->conn);
(void)conn_chan_send(a->conns, a->conn);
(void)conn_chan_send(a->conns, &a->listener);
(void)conn_chan_recv(a->conns, &a->listener);
(void)stop_chan_send(a->stop, &a->n);
(void)stop_chan_recv(a->stop, &a->n);
END

[ "$count" -gt 0 ] || status=1
echo "$count compiled"
exit $status
