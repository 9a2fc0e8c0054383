/*
 * The line format of the differential run. Input: the hexadecimal digits of one text without NUL
 * bytes. Output: one line of answers, separated by TABs, in the order of answers.c and go/main.go;
 * bytes outside 0x21..0x7e, and "%", are written %XX.
 */
#ifndef GONET_TESTS_FUZZ_ANSWERS_H
#define GONET_TESTS_FUZZ_ANSWERS_H

enum { ANSWERS_MAX = 256 }; /* bytes of a text */

#endif
