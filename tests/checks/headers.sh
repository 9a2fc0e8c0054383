#!/bin/sh
# headers.sh SOURCE_DIR: each header compiles alone, twice over; public ones as strict C11 and C++11, by
# GCC and by Clang, without any feature macro. What their macros leave in a program has no warnings,
# either, by the sterner flags that programs use. errno is the library's after each of them, wherever
# <errno.h> stands.
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

# own_errno WHAT: the program on standard input, the preprocessor's, has the library's errno in its last line.
own_errno() {
    if ! gcc -E -P -Iinclude -x c - | tail -n 1 | grep -q gonet_errno_location; then
        echo "errno is the C library's: $1"
        status=1
    fi
    count=$((count + 1))
}
for header in $(cd include && find . -name '*.h' ! -name export.h | sed 's,^\./,,' | LC_ALL=C sort); do
    printf '#include "%s"\nerrno\n' "$header" | own_errno "$header"
done
printf '#include <errno.h>\n#include "gonet.h"\nerrno\n' | own_errno "gonet.h after errno.h"
printf '#include "gonet.h"\n#include <errno.h>\nerrno\n' | own_errno "gonet.h before errno.h"

# uses_errno COMPILER FLAG...: a program that has errno on both sides of the header. Older C has no warnings
# either, but for what the headers use of C11.
uses_errno() {
    if ! "$@" -Wall -Wextra -Werror -Iinclude -fsyntax-only - <<'END'; then
#include <errno.h>
#include <stdlib.h>
#ifndef errno
#error "no macro"
#endif
int before(void);
int after(void);
int before(void)
{
    errno = 0;
    return errno;
}
#include <gonet.h>
#include <errno.h>
#include <string.h>
#ifndef errno
#error "no macro any more"
#endif
#ifdef __cplusplus
#include <cerrno>
#include <string>
int parse(const std::string &s);
int parse(const std::string &s)
{
    return std::stoi(s) + errno;
}
#else
extern int errno; /* as old programs have it */
#endif
int after(void)
{
    int *where = &errno;

    errno = EINTR;
    errno++;
    return errno == EAGAIN || *where == EINTR;
}
END
        echo "a program with errno does not compile: $*"
        status=1
    fi
    count=$((count + 1))
}
for std in c11 gnu11 c17 gnu17 c2x gnu2x; do
    uses_errno gcc -x c -std=$std -Wpedantic
    uses_errno clang -x c -std=$std -Wpedantic
done
for std in gnu89 gnu99; do
    uses_errno gcc -x c -std=$std
    uses_errno clang -x c -std=$std -Wno-typedef-redefinition
done
for std in c++11 gnu++11 c++14 c++17 gnu++20; do
    uses_errno g++ -x c++ -std=$std -Wpedantic
    uses_errno clang++ -x c++ -std=$std -Wpedantic
done
# With the other C library's headers, where they are.
musl=$(find /usr/include /usr/local/musl/include -path '*musl*/errno.h' ! -path '*/bits/*' ! -path '*/sys/*' 2>/dev/null | head -n 1)
if [ -n "$musl" ]; then
    gcc_own=$(gcc -print-file-name=include)
    uses_errno gcc -x c -std=c11 -Wpedantic -nostdinc -isystem "${musl%/errno.h}" -isystem "$gcc_own"
else
    echo "not tried: the headers of musl, which are not here (Debian: musl-dev)"
fi

[ "$count" -gt 0 ] || status=1
echo "$count compiled"
exit $status
