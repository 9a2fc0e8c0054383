#!/bin/sh
# seams.sh SOURCE_DIR: what has one place in the library stands nowhere else: calls that make descriptors
# (whose numbers are never 0, 1 or 2), reading the environment (a privileged program doesn't), standard
# error (a process may have none), the wall clock (somebody may set it), and the C library's errno (which
# is a thread's, while tasks move).
set -eu
cd "$1"
bad=0

# only_in PLACES PATTERN TEXT: lines of src that match, outside of comments and of the places.
only_in() {
    found=$(grep -rnE "$2" src --include='*.[ch]' | grep -vE "^($1):" |
        grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)' || true)
    [ -n "$found" ] || return 0
    echo "$3:"
    echo "$found" | sed 's/^/    /'
    bad=1
}

makers='socket|socketpair|accept4|pipe|pipe2|eventfd|epoll_create1|timerfd_create|signalfd|inotify_init1'
makers="$makers|memfd_create|open|openat|creat|dup|opendir"
# What a lift stands around is moved if it has to be.
only_in 'src/base/fd\.c' "(^|[^_a-zA-Z>.(]|[^t]\()($makers)\(" "a descriptor that is made beside base/fd.h"
only_in 'src/base/fd\.c' 'F_DUPFD[A-Z_]*, *[0-9]' "F_DUPFD without GONET__FD_LEAST"
only_in 'src/base/setting\.c' '(^|[^_a-z])(secure_)?getenv\(' "the environment is read beside base/setting.h"
only_in 'src/base/say\.c' '(^|[^_a-z])stderr([^a-z(]|$)|STDERR_FILENO|perror\(' \
    "standard error is used beside base/say.h"
# A jump of the wall clock must not stretch a wait.
only_in 'src/runtime/time/clock\.c' 'CLOCK_REALTIME|_timedwait\(|timedlock\(|_clockwait\(|gettimeofday\(' \
    "a wait by the wall clock, or beside runtime/time/clock.h"
only_in 'none' '#[[:space:]]*include[[:space:]]*<(sys/|asm/|linux/)?errno\.h>' \
    "the C library's errno is included instead of gonet/errno.h"
# The runtime's words are in here.h; a function of the others that has one is opaque, and does not park.
only_in 'src/runtime/ground/here\.c|src/resolve/random\.c|src/socket/(fd_callback|scratch)\.c' \
    '(^|[^_a-z])(_Thread_local|thread_local|__thread)([^_a-z]|$)' "a thread-local variable beside runtime/ground/here.h"
# Some header of the system's may bring it along.
for file in $(grep -lrwE 'errno' src --include='*.[ch]' | LC_ALL=C sort); do
    if sed -E 's,/\*([^*]|\*+[^*/])*\*+/,,g; /\/\*/,/\*\//d; s,"([^"\\]|\\.)*",,g' "$file" | grep -qw errno &&
        ! grep -q '^#include "gonet/errno\.h"' "$file"; then
        echo "$file: uses errno without gonet/errno.h"
        bad=1
    fi
done
exit $bad
