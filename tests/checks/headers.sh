#!/bin/sh
# headers.sh SOURCE_DIR: each header compiles alone, twice over; public ones as strict C11 and C++11, by
# GCC and by Clang, without any feature macro. What their macros leave in a program has no warnings,
# either, by the sterner flags that programs use.
set -u
cd "$1" || exit 2
status=0
count=0

# try HEADER COMPILER FLAG...: compiles a file that includes the header twice, and nothing else but what
# makes it a translation unit even if there are macros only.
try() {
    header=$1
    shift
    if ! printf '#include "%s"\n#include "%s"\ntypedef int some_type;\n' "$header" "$header" |
        "$@" -Wall -Wextra -Wundef -pedantic -Werror -fsyntax-only -; then
        echo "$header: does not compile alone: $*"
        status=1
    fi
    count=$((count + 1))
}

for header in $(cd include && find . -name '*.h' | sed 's,^\./,,' | LC_ALL=C sort); do
    try "$header" gcc -x c -std=c11 -Iinclude
    try "$header" clang -x c -std=c11 -Iinclude
    try "$header" g++ -x c++ -std=c++11 -Iinclude
    try "$header" clang++ -x c++ -std=c++11 -Iinclude
done
for header in $(cd src && find . -name '*.h' | sed 's,^\./,,' | LC_ALL=C sort); do
    try "$header" gcc -x c -std=gnu11 -D_GNU_SOURCE -Iinclude -Isrc
    try "$header" gcc -x c -std=gnu11 -D_GNU_SOURCE -DGONET_TEST_HOOKS -Iinclude -Isrc
done

# program COMPILER FLAG...: one that uses the macros.
program() {
    if ! "$@" -Wall -Wextra -Wundef -pedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual \
        -Werror -Iinclude -fsyntax-only - <<'END'; then
#include <gonet.h>

int main()
{
    gonet_duration_t t = GONET_HOUR + GONET_MICROSECOND;
    GONET_AUTO(gonet_conn_t) c = gonet_dial_timeout("tcp", "127.0.0.1:1", t, 0);
    GONET_AUTO_FREE char *name = gonet_lookup_cname("localhost", 0);

    return c == 0 || name == 0;
}
END
        echo "a program with the macros does not compile: $*"
        status=1
    fi
    count=$((count + 1))
}
program gcc -x c -std=c11
program clang -x c -std=c11
program g++ -x c++ -std=c++11 -Wold-style-cast
program clang++ -x c++ -std=c++11 -Wold-style-cast

[ "$count" -gt 0 ] || status=1
echo "$count compiled"
exit $status
