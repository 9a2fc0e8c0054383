#!/usr/bin/env python3
"""Writes src/base/printable.c from a UnicodeData.txt.

Printable is what Go's strconv.IsPrint says: the categories L, M, N, P and S, and U+0020. Go 1.25 has
the tables of Unicode 15.0.0, so the file must be that version's:

    make_printable.py UnicodeData.txt > src/base/printable.c
"""
import sys


def printable_ranges(path):
    points = set([0x20])
    first = None
    for line in open(path, encoding="ascii"):
        fields = line.split(";")
        point, name, category = int(fields[0], 16), fields[1], fields[2]
        if name.endswith("First>"):
            first = point
            continue
        start = first if name.endswith("Last>") else point
        first = None
        if category[0] in "LMNPS":
            points.update(range(start, point + 1))
    ranges = []
    for point in sorted(points):
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return ranges


def table(kind, name, ranges):
    out = ["static const %s %s[][2] = {" % (kind, name)]
    line = "   "
    for low, high in ranges:
        piece = " {0x%04x, 0x%04x}," % (low, high)
        if len(line) + len(piece) > 100:
            out.append(line)
            line = "   "
        line += piece
    return "\n".join(out + [line, "};"])


HEAD = """\
/*
 * Which characters are printable: the letters, marks, numbers, punctuation and symbols of Unicode 15.0.0,
 * and the space. Made by tests/unit/base/make_printable.py from UnicodeData.txt; ranges in ascending order.
 */
#include "base/printable.h"

#include <stddef.h>
"""

TAIL = """\
/* Finds the last range that starts at or below c; the tables are short, and error texts are rare. */
#define LOOK_UP(ranges, c)                                                                         \\
    do {                                                                                           \\
        size_t low = 0;                                                                            \\
        size_t high = sizeof(ranges) / sizeof((ranges)[0]);                                        \\
        while (high - low > 1) {                                                                   \\
            size_t middle = (low + high) / 2;                                                      \\
            if ((ranges)[middle][0] <= (c))                                                        \\
                low = middle;                                                                      \\
            else                                                                                   \\
                high = middle;                                                                     \\
        }                                                                                          \\
        return (c) >= (ranges)[low][0] && (c) <= (ranges)[low][1];                                 \\
    } while (0)

bool gonet__is_print(uint32_t c)
{
    if (c < 0x10000)
        LOOK_UP(basic, c);
    LOOK_UP(beyond, c);
}
"""


def main():
    ranges = printable_ranges(sys.argv[1])
    print(HEAD)
    print("/* clang-format off */")
    print(table("uint16_t", "basic", [r for r in ranges if r[0] < 0x10000]))
    print()
    print(table("uint32_t", "beyond", [r for r in ranges if r[0] >= 0x10000]))
    print("/* clang-format on */\n")
    print(TAIL, end="")


main()
