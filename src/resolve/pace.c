/*
 * What is sent all at once overflows the server's receive buffer (212,992 bytes by default, some
 * 270 questions), and then costs the 5 seconds of an exchange. So beyond WINDOW unanswered
 * questions they leave one by one, PACE apart; a server that is down delays those of others by no
 * more.
 */
#include "resolve/pace.h"

#include <stdatomic.h>

#include "error/error.h"
#include "resolve/limit.h"
#include "runtime/time/clock.h"
#include "runtime/sched/wait.h"

#define WINDOW 128
#define PACE   (20 * GONET_MICROSECOND)

/* Takes the next turn; its time. */
static int64_t take_turn(void)
{
    static _Atomic int64_t last;
    int64_t now = gonet__now(), before = atomic_load(&last), turn;

    do
        turn = (before > now ? before : now) + PACE;
    while (!atomic_compare_exchange_weak(&last, &before, turn));
    return turn;
}

gonet_error_t *gonet__pace(unsigned unanswered, gonet_context_t *ctx, int64_t deadline)
{
    gonet__limit_t limit = {.ctx = ctx};
    gonet__wait_state_t state;
    gonet__wait_t wait;
    gonet_error_t *e;

    if (unanswered < WINDOW)
        return NULL;
    gonet__wait_init(&wait);
    state = gonet__wait_within(&wait, ctx, gonet__earlier(take_turn(), deadline), "a turn to ask");
    e = gonet__limit_ended(&limit);
    return e == NULL && state == GONET__WAIT_INTERRUPTED ? gonet_err_closed : e;
}
