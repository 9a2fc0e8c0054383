/*
 * States, waiters and children.
 */
#include "support/scene.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/switch/annotate.h"

#define VARIABLE "GONET_TEST_STATE"
#define CROWD    6
#define FILES    24

static const char *const state_name[STATES] = {"never started", "running", "busy"};
static const char *const setting[STATES] = {VARIABLE "=0", VARIABLE "=1", VARIABLE "=2"};

static state_t state;
static actor_t crowd[CROWD];
static atomic_bool over;
static atomic_long rounds;

static void *nothing(void *arg)
{
    return arg;
}

static void no_task(void *arg)
{
    (void)arg;
}

/* Uses whatever the library keeps for the whole process, and objects of all kinds. */
static void stir(void *arg)
{
    gonet_chan_t *ch = arg;

    while (!atomic_load(&over)) {
        gonet_context_t *ctx = gonet_context_with_cancel(NULL);
        gonet_context_t *derived = gonet_context_with_timeout(ctx, GONET_SECOND);
        gonet_conn_t *a, *b;
        char x = 'x';
        size_t n;

        if (net_pair("tcp", &a, &b)) {
            gonet_conn_write(a, &x, 1, NULL);
            gonet_conn_read(b, &x, 1, NULL);
            gonet_conn_free(a);
            gonet_conn_free(b);
        }
        gonet_free(gonet_lookup_host("localhost", &n, NULL));
        (void)gonet_lookup_port("tcp", "http", NULL);
        gonet_blocking(nothing, NULL);
        gonet_chan_try_send(ch, &x);
        gonet_chan_try_recv(ch, &x);
        gonet_context_cancel(ctx);
        gonet_context_free(ctx);
        gonet_context_free(derived);
        atomic_fetch_add(&rounds, 1);
        gonet_yield();
    }
}

state_t scene_begin(void)
{
    const char *value = getenv(VARIABLE);
    static gonet_chan_t *ch;

    state = value != NULL ? (state_t)atoi(value) : RUNNING;
    if (state != NEVER)
        CHECK_INT(gonet_go(no_task, NULL), 0);
    if (state != BUSY)
        return state;
    ch = gonet_chan_new(1, 2);
    for (int i = 0; i < CROWD; i++)
        actor_start(&crowd[i], i % 3 == 0 ? BY_THREAD : BY_TASK, stir, ch);
    AWAIT(atomic_load(&rounds) > 2 * CROWD);
    return state;
}

int scene_end(void)
{
    atomic_store(&over, true);
    for (int i = 0; state == BUSY && i < CROWD; i++)
        actor_join(&crowd[i]);
    if (check_failed())
        fprintf(stderr, "%s\n", check_failure());
    return check_failed() ? 1 : 0;
}

/* ---- waiters ---- */

static void run_waiter(void *arg)
{
    waiter_t *w = arg;

    atomic_store(&w->begins, true);
    w->wait(w->object);
}

static int waiters(void)
{
    return state == BUSY ? 2 : 1;
}

int scene_wait(waiter_t w[WAITERS], void (*wait)(void *object), void *object)
{
    for (int i = 0; i < waiters(); i++) {
        bool by_thread = state == NEVER || i == 1;

        w[i].wait = wait;
        w[i].object = object;
        atomic_init(&w[i].begins, false);
        actor_start(&w[i].actor, by_thread ? BY_THREAD : BY_TASK, run_waiter, &w[i]);
        AWAIT(atomic_load(&w[i].begins));
    }
    for (int i = 0; i < 20; i++) /* that they wait can't be seen; mostly they do by now */
        check_pause();
    return waiters();
}

void scene_join(waiter_t w[WAITERS])
{
    for (int i = 0; i < waiters(); i++)
        actor_join(&w[i].actor);
}

/* ---- children ---- */

int scene_end_of(pid_t child)
{
    int status = -1;

    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static void be_child(void (*use)(void *object), void *object)
{
    int file[FILES];
    struct stat st;

    for (int i = 0; i < FILES; i++)
        file[i] = memfd_create("own", MFD_CLOEXEC);
    use(object);
    for (int i = 0; i < FILES; i++) {
        CHECK_INT(fstat(file[i], &st), 0);
        CHECK_INT(st.st_size, 0);
        close(file[i]);
    }
    scene_new();
    if (check_failed())
        fprintf(stderr, "in the child: %s\n", check_failure());
    child_exit(check_failed() ? 1 : 0);
}

void scene_before_fork(void)
{
#ifdef GONET__ASAN
    const struct timespec a_while = {.tv_nsec = 1000000};

    while (!check_others_sleep() && check_patience()) /* without a call of the library */
        nanosleep(&a_while, NULL);
#endif
}

pid_t scene_fork_now(void)
{
    scene_before_fork();
    return fork();
}

void scene_fork(void (*use)(void *object), void *object)
{
    pid_t child = scene_fork_now();

    if (child == 0)
        be_child(use, object);
    CHECK(child > 0);
    CHECK_INT(scene_end_of(child), 0);
}

/* ---- a bit of everything ---- */

typedef struct {
    gonet_conn_t *conn;
    gonet_chan_t *chan;
} both_t;

static void answer(void *arg)
{
    both_t *both = arg;
    char x = 0;

    CHECK_INT(gonet_conn_read(both->conn, &x, 1, NULL), 1);
    CHECK(gonet_chan_send(both->chan, &x));
}

void scene_new(void)
{
    gonet_conn_t *a, *b;
    both_t both = {.chan = gonet_chan_new(1, 0)};
    char x = 0;

    if (CHECK(net_pair("tcp", &a, &b))) {
        both.conn = b;
        CHECK_INT(gonet_go(answer, &both), 0);
        CHECK_INT(gonet_conn_write(a, "n", 1, NULL), 1);
        CHECK(gonet_chan_recv(both.chan, &x));
        CHECK_INT(x, 'n');
        gonet_conn_free(a);
        gonet_conn_free(b);
    }
    gonet_chan_free(both.chan);
    CHECK_INT(gonet_shutdown(60 * GONET_SECOND), 0);
}

/* ---- the tests ---- */

typedef struct {
    const char *part;
    state_t state;
} row_t;

static void run_row(void **arg)
{
    row_t *row = *arg;

    child_passes(row->part, setting[row->state]);
}

#ifdef GONET__ASAN
#define LAST_STATE RUNNING
#else
#define LAST_STATE BUSY
#endif

int scene_main(int argc, char **argv, const char *group, const child_part_t *parts)
{
    static char name[128][96];
    static row_t row[128];
    static struct CMUnitTest test[128];
    size_t n = 0;

    child_main(argc, argv, parts);
    if (LAST_STATE != BUSY)
        printf("not while it is busy: a lock of AddressSanitizer's allocator that a thread held "
               "stays locked in a forked child\n");
    for (; parts->name != NULL; parts++) {
        for (state_t s = NEVER; s <= LAST_STATE && n < 128; s++, n++) {
            snprintf(name[n], sizeof(name[n]), "%s, %s", parts->name, state_name[s]);
            row[n] = (row_t){parts->name, s};
            test[n] = (struct CMUnitTest){
                .name = name[n], .test_func = run_row, .initial_state = &row[n]};
        }
    }
    return _cmocka_run_group_tests(group, test, n, NULL, NULL);
}
