#!/bin/sh
# format.sh SOURCE_DIR: all C is as clang-format would leave it. Prints the first place of each file that
# is not. Each version leaves it a little differently.
set -eu
cd "$1"
version=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
if [ "$version" != 14 ]; then
    echo "SKIPPED: the code is formatted by clang-format 14, and this is $version"
    exit 77
fi
status=0
for file in $(find include src tests examples -name '*.[ch]' -type f | LC_ALL=C sort); do
    clang-format --dry-run -Werror --ferror-limit=1 "$file" || status=1
done
exit $status
