/*
 * Happy Eyeballs (RFC 8305, as Go has it): two racers, each a task that dials its addresses
 * serially. The referee, whoever called, sleeps until one of them reports or the fallback is due.
 * It leaves only when every racer it started has ended, since these use the caller's arguments and
 * its stack.
 */
#include "dial/serial.h"

#include <string.h>

#include "base/alloc.h"
#include "error/error.h"
#include "gonet/task.h"
#include "runtime/clock.h"
#include "runtime/spin.h"
#include "runtime/wait.h"

#define FALLBACK_DELAY (300 * GONET_MILLISECOND)

struct race;

typedef struct {
    struct race *race;
    const gonet_addr_t *addrs;
    size_t n;
    gonet_conn_t *conn;
    gonet_error_t *e;
    bool started;
    bool done; /* under the race's lock */
    bool seen;
} racer_t;

typedef struct race {
    gonet__dial_t dial;
    _Atomic uint32_t lock;
    gonet__wait_t *referee; /* under the lock */
    racer_t racer[2];       /* primary, fallback */
} race_t;

static void run_racer(void *arg)
{
    racer_t *r = arg;
    race_t *race = r->race;
    gonet_error_t *e = NULL;
    gonet_conn_t *c = gonet__dial_serial(&race->dial, r->addrs, r->n, &e);
    gonet__wait_t *referee;

    gonet__spin_lock(&race->lock);
    r->conn = c;
    r->e = e;
    r->done = true;
    referee = race->referee;
    if (referee != NULL && !gonet__wait_claim(referee))
        referee = NULL;
    if (referee != NULL)
        race->referee = NULL;
    gonet__spin_unlock(&race->lock);
    /* The race may be over from here on, but not without this wake-up. */
    if (referee != NULL)
        gonet__wait_wake(referee);
}

/* Starts a racer; without a task for it, the referee runs itself. */
static void start(racer_t *r)
{
    r->started = true;
    if (gonet_go(run_racer, r) != 0)
        run_racer(r);
}

/* The racer that has ended and was not yet looked at, or NULL when deadline (0: none) passes first.
 */
static racer_t *next_done(race_t *race, int64_t deadline)
{
    gonet__wait_t wait;

    for (;;) {
        racer_t *found = NULL;
        bool expired;

        gonet__wait_init(&wait);
        gonet__spin_lock(&race->lock);
        for (int i = 1; i >= 0; i--) {
            if (race->racer[i].done && !race->racer[i].seen)
                found = &race->racer[i];
        }
        if (found == NULL)
            race->referee = &wait;
        gonet__spin_unlock(&race->lock);
        if (found != NULL) {
            found->seen = true;
            return found;
        }
        expired = gonet__wait_for(&wait, deadline, GONET__WAIT_UNINTERRUPTIBLE, "dial") !=
                  GONET__WAIT_CLAIMED;
        if (expired) {
            gonet__spin_lock(&race->lock);
            race->referee = NULL;
            gonet__spin_unlock(&race->lock);
            return NULL;
        }
    }
}

/* Ends the racers that still run, and lets go of what they bring. */
static void finish(race_t *race)
{
    gonet_context_cancel(race->dial.ctx);
    for (int i = 0; i < 2; i++) {
        while (race->racer[i].started && !race->racer[i].seen)
            (void)next_done(race, 0);
        gonet_conn_free(race->racer[i].conn);
        gonet_error_free(race->racer[i].e);
    }
}

static gonet_conn_t *referee(race_t *race, int64_t fallback_at, gonet_error_t **e)
{
    racer_t *primary = &race->racer[0], *fallback = &race->racer[1];

    start(primary);
    for (;;) {
        racer_t *r = next_done(race, fallback->started ? 0 : fallback_at);

        if (r != NULL && r->conn != NULL) {
            gonet_conn_t *c = r->conn;

            r->conn = NULL;
            return c;
        }
        if (primary->seen && fallback->seen) {
            *e = primary->e;
            primary->e = NULL;
            return NULL;
        }
        /* It is time, or the primary addresses have all failed. */
        if (!fallback->started)
            start(fallback);
    }
}

/* Splits the list: the family of its first address, then the rest, both in order. The number of the
 * former. */
static size_t partition(const gonet__addr_list_t *list, gonet_addr_t *sorted)
{
    bool first = gonet__addr_is_ipv4(&list->v[0]);
    size_t n = 0, rest = 0;

    for (size_t i = 0; i < list->n; i++)
        n += gonet__addr_is_ipv4(&list->v[i]) == first;
    for (size_t i = 0, primaries = 0; i < list->n; i++) {
        bool primary = gonet__addr_is_ipv4(&list->v[i]) == first;

        sorted[primary ? primaries++ : n + rest++] = list->v[i];
    }
    return n;
}

gonet_conn_t *gonet__dial_race(const gonet__dial_t *d, const gonet__addr_list_t *list,
                               gonet_error_t **e)
{
    gonet_duration_t delay = d->dialer->fallback_delay;
    gonet_addr_t *sorted = gonet__calloc(list->n, sizeof(*sorted));
    gonet_conn_t *c;
    race_t race;
    size_t n;

    if (sorted == NULL) {
        *e = gonet_op_error_new("dial", d->network, NULL, NULL, gonet_err_no_memory);
        return NULL;
    }
    n = partition(list, sorted);
    if (n == list->n) {
        gonet__free(sorted);
        return gonet__dial_serial(d, list->v, list->n, e);
    }
    memset(&race, 0, sizeof(race));
    race.dial = *d;
    race.dial.ctx = gonet_context_with_cancel(d->ctx);
    race.racer[0] = (racer_t){.race = &race, .addrs = sorted, .n = n};
    race.racer[1] = (racer_t){.race = &race, .addrs = sorted + n, .n = list->n - n};
    c = referee(&race, gonet__add_ns(gonet__now(), delay == 0 ? FALLBACK_DELAY : delay), e);
    finish(&race);
    gonet_context_free(race.dial.ctx);
    gonet__free(sorted);
    return c;
}
