/*
 * Happy Eyeballs: racers beside the caller, each of which dials its addresses serially. As Go has
 * it, there are two, one for each family; as RFC 8305 has it (interleave), one for each address.
 * The referee, whoever called, sleeps until one of them reports or the next one is due. It leaves
 * only when every racer it started has ended, since these use the caller's arguments and its stack.
 */
#include "dial/serial.h"

#include <string.h>

#include "base/alloc.h"
#include "error/error.h"
#include "runtime/sync/beside.h"
#include "runtime/time/clock.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/wait.h"

#define DEFAULT_DELAY (300 * GONET_MILLISECOND)

struct race;

typedef struct {
    struct race *race;
    const gonet_addr_t *addrs;
    size_t n;
    gonet_conn_t *conn;
    gonet_error_t *e;
    bool started;
    bool beside;
    gonet__beside_t work; /* if it is */
    bool done;            /* under the race's lock */
    bool seen;
} racer_t;

typedef struct race {
    gonet__dial_t dial;
    _Atomic uint32_t lock;
    gonet__wait_t *referee; /* under the lock */
    gonet_duration_t delay; /* from one start to the next, unless a racer fails before */
    gonet_addr_t *addrs;    /* of the racers, one after the other */
    racer_t *racer;         /* in the order of their starts */
    size_t n;
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

/* Starts a racer; if it can not run beside the referee, that runs itself, unless it is to end, too.
 */
static void start(racer_t *r)
{
    r->started = true;
    r->beside = gonet__beside_start(&r->work, run_racer, r);
    if (r->beside)
        return;
    if (!gonet__wait_ending()) {
        run_racer(r);
        return;
    }
    r->e = gonet_op_error_new("dial", r->race->dial.network, NULL, NULL, gonet_err_closed);
    r->done = true;
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
        for (size_t i = 0; i < race->n && found == NULL; i++) {
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
    for (size_t i = 0; i < race->n; i++) {
        while (race->racer[i].started && !race->racer[i].seen)
            (void)next_done(race, 0);
        if (race->racer[i].beside)
            gonet__beside_join(&race->racer[i].work);
        gonet_conn_free(race->racer[i].conn);
        gonet_error_free(race->racer[i].e);
    }
}

static gonet_conn_t *referee(race_t *race, gonet_error_t **e)
{
    size_t started = 0, failed = 0;
    int64_t next_at = 0;

    while (failed < race->n) {
        racer_t *r = NULL;

        if (started < race->n) {
            start(&race->racer[started++]);
            next_at = gonet__add_ns(gonet__now(), race->delay);
        }
        r = next_done(race, started < race->n ? next_at : 0);
        if (r != NULL && r->conn != NULL) {
            gonet_conn_t *c = r->conn;

            r->conn = NULL;
            return c;
        }
        /* One that has failed, or whose time alone is over: the next one's turn. */
        failed += r != NULL;
    }
    *e = race->racer[0].e; /* whoever failed last (behaviour 6.12) */
    race->racer[0].e = NULL;
    return NULL;
}

/* Two racers: the family of the list's first address, then the rest, both in order. False: there is
 * no rest. */
static bool by_family(race_t *race, const gonet__addr_list_t *list)
{
    bool first = gonet__addr_is_ipv4(&list->v[0]);
    size_t n = 0, rest = 0;

    for (size_t i = 0; i < list->n; i++)
        n += gonet__addr_is_ipv4(&list->v[i]) == first;
    for (size_t i = 0, primaries = 0; i < list->n; i++) {
        bool primary = gonet__addr_is_ipv4(&list->v[i]) == first;

        race->addrs[primary ? primaries++ : n + rest++] = list->v[i];
    }
    race->n = 2;
    race->racer[0] = (racer_t){.race = race, .addrs = race->addrs, .n = n};
    race->racer[1] = (racer_t){.race = race, .addrs = race->addrs + n, .n = rest};
    return rest > 0;
}

/* The index of the next address of a family at or after i; list->n if there is none. */
static size_t next_of(const gonet__addr_list_t *list, size_t i, bool ipv4)
{
    while (i < list->n && gonet__addr_is_ipv4(&list->v[i]) != ipv4)
        i++;
    return i;
}

/* A racer for each address: the families take turns, each in order (RFC 8305, section 4). */
static void one_by_one(race_t *race, const gonet__addr_list_t *list)
{
    bool turn = gonet__addr_is_ipv4(&list->v[0]);
    size_t next[2] = {next_of(list, 0, false), next_of(list, 0, true)};

    race->n = list->n;
    for (size_t i = 0; i < list->n; i++) {
        bool family = next[turn] < list->n ? turn : !turn;

        race->addrs[i] = list->v[next[family]];
        race->racer[i] = (racer_t){.race = race, .addrs = &race->addrs[i], .n = 1};
        next[family] = next_of(list, next[family] + 1, family);
        turn = !family;
    }
}

/* With the racers in place. */
static gonet_conn_t *run(race_t *race, const gonet__dial_t *d, gonet_error_t **e)
{
    gonet_conn_t *c;

    race->dial = *d;
    race->dial.ctx = gonet_context_with_cancel(d->ctx);
    race->delay = d->dialer->fallback_delay == 0 ? DEFAULT_DELAY : d->dialer->fallback_delay;
    c = referee(race, e);
    finish(race);
    gonet_context_free(race->dial.ctx);
    return c;
}

gonet_conn_t *gonet__dial_race(const gonet__dial_t *d, const gonet__addr_list_t *list,
                               gonet_error_t **e)
{
    bool interleave = d->dialer->interleave, several = true;
    gonet_conn_t *c = NULL;
    race_t race;

    memset(&race, 0, sizeof(race));
    race.addrs = gonet__calloc(list->n, sizeof(*race.addrs));
    race.racer = gonet__calloc(interleave ? list->n : 2, sizeof(*race.racer));
    if (race.addrs == NULL || race.racer == NULL) {
        *e = gonet_op_error_new("dial", d->network, NULL, NULL, gonet_err_no_memory);
    } else {
        if (interleave)
            one_by_one(&race, list);
        else
            several = by_family(&race, list);
        c = several ? run(&race, d, e) : gonet__dial_serial(d, list->v, list->n, e);
    }
    gonet__free(race.addrs);
    gonet__free(race.racer);
    return c;
}
