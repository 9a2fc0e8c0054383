#!/bin/sh
# api.sh GO_API_TSV INCLUDE_DIR LIBGONET_SO [CC]: holds the library against the table of what Go's net
# and net/netip export. Each row's C name must be declared, as the compiler sees it, and be exported as
# a function or a variable; with an err at the end exactly where Go returns an error; and each
# declaration must stand below a comment.
set -eu
table=$1 include=$(cd "$2" && pwd) shared=$3 cc=${4:-cc}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tab=$(printf '\t')
: >"$tmp/bad" # the rows that failed: number, tab, why

find "$include/gonet" -name '*.h' | LC_ALL=C sort >"$tmp/headers"
sed 's/.*/#include "&"/' "$tmp/headers" >"$tmp/all.h"

# What the compiler says: a declaration of its own for each row, and the row as the error's place.
{
    echo '#include <stddef.h>'
    cat "$tmp/all.h"
    awk -F "$tab" '
        NR == 1 { next }
        { print "#line " NR " \"row\"" }
        $2 == "func" || $2 == "method" || $2 == "var" {
            print "extern __typeof__(" $5 ") *row_" NR ";"
        }
        $2 == "type" { print "extern " $5 " *row_" NR ";" }
        $2 == "const" { print "enum { row_" NR " = (int)(" $5 ") };" }
        $2 == "field" {
            split($5, part, ".")
            print "enum { row_" NR " = (int)offsetof(" part[1] ", " part[2] ") };"
        }
        $2 !~ /^(func|method|var|type|const|field)$/ { print "#error this kind of row is not known" }
    ' "$table"
} >"$tmp/use.c"
# compile FILE: only looks at it; reports every error. (GCC stops at none, Clang at 20.)
limit=
! "$cc" --version | grep -q clang || limit=-ferror-limit=0
compile() {
    # shellcheck disable=SC2086 # no flag, or one
    LC_ALL=C "$cc" -std=gnu11 -I"$include" -fsyntax-only -w $limit -x c "$1"
}
compile "$tmp/all.h" || { echo "the headers do not compile"; exit 1; }
compile "$tmp/use.c" 2>"$tmp/errors" || true
sed -n "s/^row:\([0-9]*\):[0-9: ]*error: \(.*\)/\1$tab\2/p" "$tmp/errors" >>"$tmp/bad"
if grep 'error:' "$tmp/errors" | grep -v '^row:'; then
    exit 1
fi

# What the library exports, and whether it is code or data.
nm -D --defined-only "$shared" | awk '{ sub(/@.*/, "", $3); print $3 "\t" $2 }' >"$tmp/exported"
[ -s "$tmp/exported" ] || { echo "$shared exports nothing"; exit 1; }
awk -F "$tab" -v OFS="$tab" '
    NR == FNR { letter[$1] = $2; next }
    FNR == 1 || $2 !~ /^(func|method|var)$/ { next }
    !($5 in letter) { print FNR, "not exported"; next }
    letter[$5] !~ ($2 == "var" ? "^[BDRV]$" : "^[TWi]$") { print FNR, "exported as " letter[$5] }
' "$tmp/exported" "$table" >>"$tmp/bad"

# Where Go returns an error, the last parameter is err (before a format), and nowhere else.
"$cc" -E -P -I"$include" -x c "$tmp/all.h" | tr '\n' ' ' | tr ';' '\n' |
    sed -nE '/visibility\("default"\)/ {
        s/__attribute__ *\(\(([^()]|\(([^()]|\([^()]*\))*\))*\)\)//g
        s/.*[^A-Za-z0-9_](gonet_[a-z0-9_]+) *(\(.*\)) *$/\1\t\2/p
    }' >"$tmp/declared"
awk -F "$tab" -v OFS="$tab" '
    NR == FNR { parameters[$1] = $2; next }
    FNR == 1 || $2 !~ /^(func|method)$/ || !($5 in parameters) { next }
    $3 ~ /\.Unwrap$/ { next } # the error is the result
    {
        fails = $4 ~ /[ (]error\)?$/
        has_err = parameters[$5] ~ /gonet_error_t \*\*err\)$/
        if (fails != has_err)
            print FNR, has_err ? "has an err, but Go returns no error" : "Go returns an error"
    }
' "$tmp/declared" "$table" >>"$tmp/bad"

# A paragraph of declarations begins with a comment.
# shellcheck disable=SC2016 # $0 is for awk
xargs awk '
    FNR == 1 || /^$/ { comment = 0 }
    /\*\/|\/\// { comment = 1 }
    /^GONET_API/ && !comment { print FILENAME ":" FNR ": no comment: " $0 }
' <"$tmp/headers" >"$tmp/bare"

status=0
LC_ALL=C sort -t "$tab" -k 1,1n -u "$tmp/bad" >"$tmp/rows" # a reason for each row is enough
if [ -s "$tmp/rows" ]; then
    awk -F "$tab" '
        NR == FNR { why[$1] = $2; next }
        FNR in why { print $1 " " $3 " (" $2 "): " $5 ": " why[FNR] }
    ' "$tmp/rows" "$table"
    status=1
fi
if [ -s "$tmp/bare" ]; then
    cat "$tmp/bare"
    status=1
fi
total=$(awk 'NR > 1' "$table" | wc -l)
echo "$total rows, $(wc -l <"$tmp/rows") of them not met; $(wc -l <"$tmp/declared") functions declared"
[ "$total" -gt 0 ] || status=1
exit $status
