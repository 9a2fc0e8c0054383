/*
 * One table for all streams, which begin at different places of it. Its length is a prime, and so
 * no multiple of a buffer's: bytes from a wrong place don't look right.
 */
#include "support/pattern.h"

#include <stdint.h>
#include <string.h>

#define PERIOD 65521

static unsigned char table[PERIOD];

/* Before any thread is there. */
__attribute__((constructor)) static void make_table(void)
{
    uint32_t x = 2463534242;

    for (size_t i = 0; i < PERIOD; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        table[i] = (unsigned char)(x >> 8);
    }
}

/* The part of the table where that place is, and how many of the len bytes are there. */
static const unsigned char *find(unsigned stream, size_t at, size_t len, size_t *n)
{
    size_t i = (at + (size_t)stream * 4099) % PERIOD;

    *n = len < PERIOD - i ? len : PERIOD - i;
    return table + i;
}

void pattern_fill(void *p, unsigned stream, size_t at, size_t len)
{
    for (size_t done = 0, n; done < len; done += n) {
        const unsigned char *from = find(stream, at + done, len - done, &n);

        memcpy((unsigned char *)p + done, from, n);
    }
}

bool pattern_matches(const void *p, unsigned stream, size_t at, size_t len)
{
    for (size_t done = 0, n; done < len; done += n) {
        const unsigned char *want = find(stream, at + done, len - done, &n);

        if (memcmp((const unsigned char *)p + done, want, n) != 0)
            return false;
    }
    return true;
}
