#!/bin/sh
# probes.sh COMPILE_COMMANDS SOURCE_DIR CC: each C file of the library is built with -fstack-clash-protection,
# where the compiler has it.
set -eu
commands=$1 source=$2 cc=$3

if ! echo 'int f;' | "$cc" -Werror -fstack-clash-protection -x c -c -o /dev/null - 2>/dev/null; then
    echo "SKIPPED: $cc has no -fstack-clash-protection"
    exit 77
fi
grep '"command":' "$commands" | grep -F -e " $source/src/" | grep '\.c"*,*$' >/dev/null ||
    { echo "no command found in $commands"; exit 1; }
if grep '"command":' "$commands" | grep -F -e " $source/src/" | grep '\.c"*,*$' | grep -v -e '-fstack-clash-protection'; then
    echo "the commands above lack -fstack-clash-protection"
    exit 1
fi
