/*
 * Nothing of another thread is taken for one's own after a move: errno, and the runtime's words.
 * -DMOVED_LIST: the functions to run, one per way of compiling moved.c.
 */
#include <stdio.h>

#include "move.h"

#ifdef MOVED_LIST
#define MOVED(name, way) int name(void);
#include "moved.list"
#undef MOVED
#else
int moved(void);
#endif

static const struct {
    const char *name;
    int (*fn)(void);
} ways[] = {
#ifdef MOVED_LIST
#define MOVED(name, way) {way, name},
#include "moved.list"
#else
    {"as the tests are built", moved},
#endif
};

static int failed;

static void all(void)
{
    for (unsigned i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        int wrong = ways[i].fn();

        if (wrong != 0) {
            printf("%s: %d times the other thread's\n", ways[i].name, wrong);
            failed = 1;
        }
    }
}

int main(void)
{
    move_run(all);
    return failed;
}
