#!/bin/sh
# format.sh SOURCE_DIR: all C is as clang-format would leave it. Prints the first place of each file that
# is not.
set -eu
cd "$1"
status=0
for file in $(find include src tests examples -name '*.[ch]' -type f | LC_ALL=C sort); do
    clang-format --dry-run -Werror --ferror-limit=1 "$file" || status=1
done
exit $status
