/*
 * A side that is left to a task which does not exist yet: birth.h.
 */
#include "gonet/errno.h"
#include "runtime/netpoll/slot.h"
#include "runtime/poller/poller.h"
#include "runtime/sched/birth.h"

/* Like wait_task, but the caller does not park, and others may be done with pd by the time that it
 * looks at it here: the memory is held. */
static gonet__poll_status_t leave_unborn(gonet__pd_t *pd, int *errnum)
{
    gonet__poll_side_t *s = &pd->side[GONET__SIDE_READ];
    gonet__poll_status_t status;
    int64_t deadline;

    atomic_store(&s->slot, UNBORN);
    if (!atomic_load(&s->armed) &&
        !gonet__poller_arm(&gonet__here()->poller, pd, GONET__SIDE_READ) && retract(s, UNBORN)) {
        *errnum = ENOMEM;
        return GONET__POLL_NO_MEMORY;
    }
    if (gonet__pd_clear(pd, GONET__SIDE_READ))
        return GONET__POLL_OK;
    status = gonet__pd_check(pd, GONET__SIDE_READ);
    if (status != GONET__POLL_OK && retract(s, UNBORN))
        return status;
    deadline = atomic_load_explicit(&s->deadline, memory_order_relaxed);
    if (deadline != 0)
        arm_timer(pd, deadline);
    return GONET__POLL_OK;
}

gonet__poll_status_t gonet__pd_leave_unborn(gonet__pd_t *pd, int *errnum)
{
    gonet__poll_status_t status;

    pd->ops->hold(pd);
    gonet__birth_count(gonet__here());
    status = leave_unborn(pd, errnum);
    if (status != GONET__POLL_OK)
        gonet__birth_uncount(gonet__here());
    pd->ops->unhold(pd);
    return status;
}

void gonet__netpoll_born(gonet__pd_t *pd)
{
    bool taken = !retract(&pd->side[GONET__SIDE_READ], UNBORN | READY);
    bool failed = atomic_exchange(&pd->poll_errnum, 0) != 0;
    int ignored; /* if it can't be left again, it goes on, and finds out why */

    if (!taken && !failed && pd->side[GONET__SIDE_READ].rechecks &&
        gonet__pd_check(pd, GONET__SIDE_READ) == GONET__POLL_OK &&
        gonet__pd_leave_unborn(pd, &ignored) == GONET__POLL_OK)
        return;
    pd->ops->born(pd, taken);
}
