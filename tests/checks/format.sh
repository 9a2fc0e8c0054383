#!/bin/sh
# format.sh SOURCE_DIR: all C is as clang-format would leave it.
set -eu
cd "$1"
find include src tests examples -name '*.[ch]' -type f -print0 | xargs -0 clang-format --dry-run -Werror
