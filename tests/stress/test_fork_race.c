/*
 * Two threads of a forked child come to an inherited connection at the same moment, again and
 * again: one of them makes it usable, the other waits for that, and both are served.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet.h"
#include "runtime/switch/annotate.h"
#include "support/check.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/net.h"

#define PAIRS   200
#define THREADS 2
/* ThreadSanitizer sees that two are not in order, whether they meet or not; without it they have
 * to. */
#ifdef GONET__TSAN
#define ROUNDS 4
#else
#define ROUNDS 20
#endif

static gonet_conn_t *a[PAIRS], *b[PAIRS];
static atomic_int arrived;

/* All at once, as far as the machine can. */
static void meet(int round)
{
    atomic_fetch_add(&arrived, 1);
    for (unsigned spins = 0; atomic_load(&arrived) < THREADS * (round + 1); spins++) {
        if (spins > 20000) /* the other one has no processor */
            gonet_yield();
    }
}

static void *use_all(void *arg)
{
    (void)arg;
    for (int i = 0; i < PAIRS && !check_failed(); i++) {
        char c = 0;

        meet(2 * i);
        CHECK_INT(gonet_conn_write(a[i], "x", 1, NULL), 1);
        CHECK_INT(gonet_conn_read(b[i], &c, 1, NULL), 1);
        CHECK_INT(c, 'x');
        meet(2 * i + 1);
        (void)gonet_conn_close(a[i], NULL);
    }
    return NULL;
}

static void be_child(void)
{
    pthread_t thread[THREADS];

    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&thread[i], NULL, use_all, NULL) != 0)
            child_exit(2);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    child_exit(check_failed() ? 1 : 0);
}

static void threads_of_a_child_meet(void **state)
{
    (void)state;
    for (int i = 0; i < PAIRS; i++)
        assert_true(net_pair("tcp4", &a[i], &b[i]));
    for (int round = 0; round < ROUNDS; round++) {
        int status = -1;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0)
            be_child();
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        assert_int_equal(status, 0);
    }
    for (int i = 0; i < PAIRS; i++) {
        gonet_conn_free(a[i]);
        gonet_conn_free(b[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(threads_of_a_child_meet)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
