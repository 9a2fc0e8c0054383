/*
 * Restartable sequences: workers hand their registration back, threads and GONET_RSEQ=1 keep it.
 */
#include "runtime/ground/rseq.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gonet/task.h"
#include "support/child.h"
#include "support/check.h"

#ifdef GONET__HAVE_RSEQ

#include <sys/rseq.h>

/* Whether the caller's thread is registered: the kernel then refuses another area. */
static bool registered(void)
{
    static _Alignas(32) struct rseq area;

    if (syscall(SYS_rseq, &area, sizeof(area), 0, RSEQ_SIG) != 0) {
        CHILD_CHECK(errno == EINVAL);
        return true;
    }
    CHILD_CHECK(syscall(SYS_rseq, &area, sizeof(area), RSEQ_FLAG_UNREGISTER, RSEQ_SIG) == 0);
    return false;
}

static void look(void *arg)
{
    *(int *)arg = registered() ? 1 : 0;
    CHILD_CHECK(sched_getcpu() >= 0);
}

static int in_task(void)
{
    static int answer = -1;

    CHILD_CHECK(gonet_go(look, &answer) == 0);
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    return answer;
}

static int left(void)
{
    CHILD_CHECK(in_task() == 0);
    CHILD_CHECK(registered());
    return 0;
}

static int kept(void)
{
    CHILD_CHECK(in_task() == 1);
    return 0;
}

static bool is_there(void)
{
    return __rseq_size != 0;
}

#else

static int left(void)
{
    return 0;
}

static int kept(void)
{
    return 0;
}

static bool is_there(void)
{
    return false;
}

#endif

static void passes(const char *part, const char *environment)
{
    if (!is_there()) {
        puts("nothing is registered here");
        skip();
    }
    child_passes(part, environment);
}

static void workers_leave(void **state)
{
    (void)state;
    passes("left", NULL);
}

static void workers_may_stay(void **state)
{
    (void)state;
    passes("kept", "GONET_RSEQ=1");
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {{"left", left}, {"kept", kept}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_leave),
        cmocka_unit_test(workers_may_stay),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
