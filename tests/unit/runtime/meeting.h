/*
 * Tasks that hold their workers until all of them have begun: as many as there are workers, each of
 * which gets one.
 */
#ifndef TESTS_UNIT_RUNTIME_MEETING_H
#define TESTS_UNIT_RUNTIME_MEETING_H

#include <stdatomic.h>

#include "gonet/sync.h"
#include "support/check.h"

typedef struct {
    gonet_wait_group_t ended; /* those that others started */
    atomic_int begun;
    int wanted;
} meeting_t;

__attribute__((unused)) static void meet(void *arg)
{
    meeting_t *m = arg;

    atomic_fetch_add(&m->begun, 1);
    while (atomic_load(&m->begun) < m->wanted && check_patience())
        continue;
    CHECK(atomic_load(&m->begun) >= m->wanted);
}

/* One starts the others, and holds its worker, too. */
__attribute__((unused)) static void start_meeting(void *arg)
{
    meeting_t *m = arg;

    for (int i = 1; i < m->wanted; i++)
        CHECK_INT(gonet_wait_group_go(&m->ended, meet, m), 0);
    meet(m);
}

#endif
