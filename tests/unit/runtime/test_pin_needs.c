/*
 * What gonet/task.h says that a program must pin for: each case goes right with a pin, however
 * others move, and wrong without one, when the call brings the task to another thread.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "pin.h"
#include "pin_library.h"
#include "runtime/sched/runtime.h"
#include "support/leak.h"

typedef void (*call_t)(void);

/* ---- calls that park ---- */

static gonet__worker_t *home; /* where the case began */

/* On the given worker; a task that is pinned stays, whatever it tries. */
static void go_to(gonet__worker_t *w)
{
    gonet__task_t *self = gonet__task_current();

    if (self->pin != NULL) {
        CHECK_INT(moves(20), 0);
        return;
    }
    gonet__task_pin_to(self, w);
    gonet_yield();
    gonet__task_unpin(self);
}

static void go_home(void)
{
    go_to(home);
}

/* To another worker and back, call by call. */
static void go_away(void)
{
    gonet__worker_t *first = gonet__runtime_worker(0);
    gonet__worker_t *other = home == first ? gonet__runtime_worker(1) : first;

    go_to(gonet__here() == home ? other : home);
}

/* ---- the cases: each returns whether it went as its author meant ---- */

typedef enum { WRONG, RIGHT, NOT_HERE } result_t;

static result_t result(bool right)
{
    return right ? RIGHT : WRONG;
}

static result_t thread_local_of_a_library(call_t call)
{
    return result(library_word(call));
}

static __thread int word;

static int *word_of_thread(void)
{
    return &word;
}

static int *(*volatile word_now)(void) = word_of_thread;

static result_t pointer_to_a_thread_local(call_t call)
{
    int *kept = word_now();

    call();
    return result(kept == word_now());
}

static pthread_t (*volatile self_now)(void) = pthread_self;

static result_t pthread_self_kept(call_t call)
{
    pthread_t kept = self_now();

    call();
    return result(pthread_equal(kept, self_now()));
}

/* What isalpha and the like look at. */
static result_t tables_of_ctype(call_t call)
{
#ifdef __GLIBC__
    static const unsigned short **(*volatile table_now)(void) = __ctype_b_loc;
    const unsigned short **kept = table_now();

    call();
    return result(kept == table_now());
#else
    (void)call;
    return NOT_HERE;
#endif
}

static result_t locale_of_uselocale(call_t call)
{
    locale_t mine = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = uselocale(mine);
    bool right;

    call();
    right = uselocale((locale_t)0) == mine;
    go_home();
    uselocale(before);
    freelocale(mine);
    return result(right);
}

static result_t errno_of_a_library(call_t call)
{
    return result(library_errno(call));
}

static result_t what_is_current_in_a_library(call_t call)
{
    return result(library_current(call));
}

/* One that can't be unlocked stays locked. */
static result_t unlocks(pthread_mutex_t *mutex, int type, int protocol, call_t call)
{
    pthread_mutexattr_t attr;
    int r;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, type);
    pthread_mutexattr_setprotocol(&attr, protocol);
    if (pthread_mutex_init(mutex, &attr) != 0)
        return NOT_HERE;
    pthread_mutexattr_destroy(&attr);
    pthread_mutex_lock(mutex);
    call();
    r = pthread_mutex_unlock(mutex);
    if (r == 0)
        pthread_mutex_destroy(mutex);
    else
        CHECK_INT(r, EPERM);
    return result(r == 0);
}

static result_t recursive_mutex(call_t call)
{
    static pthread_mutex_t mutex;

    return unlocks(&mutex, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, call);
}

static result_t error_checking_mutex(call_t call)
{
    static pthread_mutex_t mutex;

    return unlocks(&mutex, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, call);
}

static result_t priority_inheriting_mutex(call_t call)
{
    static pthread_mutex_t mutex;

    return unlocks(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, call);
}

/* Whether the task may print: else it would wait for itself. */
static bool may_print(FILE *f)
{
    if (ftrylockfile(f) != 0)
        return false;
    funlockfile(f);
    return true;
}

static result_t lock_of_stdio(call_t call)
{
    FILE *f = fopen("/dev/null", "w");
    bool right;

    if (f == NULL)
        return NOT_HERE;
    flockfile(f);
    call();
    right = may_print(f);
    go_home();
    funlockfile(f);
    fclose(f);
    return result(right);
}

typedef struct {
    FILE *file;
    call_t call;
    bool right;
} cookie_t;

/* stdio has the lock of the file meanwhile. */
static ssize_t write_cookie(void *arg, const char *buf, size_t size)
{
    cookie_t *c = arg;

    (void)buf;
    c->call();
    c->right = may_print(c->file);
    go_home();
    return (ssize_t)size;
}

static result_t write_function_of_stdio(call_t call)
{
    cookie_t c = {.call = call};

    c.file = fopencookie(&c, "w", (cookie_io_functions_t){.write = write_cookie});
    if (c.file == NULL)
        return NOT_HERE;
    setvbuf(c.file, NULL, _IONBF, 0);
    fputs("one line\n", c.file);
    fclose(c.file);
    return result(c.right);
}

static result_t affinity(call_t call)
{
    cpu_set_t before, one, now;

    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof(before), &before) != 0 || CPU_COUNT(&before) < 2)
        return NOT_HERE;
    for (int i = 0; CPU_COUNT(&one) == 0; i++) {
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    }
    if (sched_setaffinity(0, sizeof(one), &one) != 0)
        return NOT_HERE;
    call();
    CHECK_INT(sched_getaffinity(0, sizeof(now), &now), 0);
    go_home();
    CHECK_INT(sched_setaffinity(0, sizeof(before), &before), 0);
    return result(CPU_EQUAL(&now, &one));
}

/* One that can't be asks for the value of the day. */
static uid_t fsuid_now(void)
{
    return (uid_t)setfsuid((uid_t)-1);
}

static result_t credentials_of_a_thread(call_t call)
{
    enum { NOBODY = 65534 };
    uid_t before = fsuid_now(), now;

    setfsuid(NOBODY);
    if (before == NOBODY || fsuid_now() != NOBODY)
        return NOT_HERE;
    call();
    now = fsuid_now();
    go_home();
    setfsuid(before);
    return result(now == NOBODY);
}

static void namespace_now(char text[64])
{
    ssize_t n = readlink("/proc/thread-self/ns/uts", text, 63);

    text[n > 0 ? n : 0] = '\0';
}

static result_t namespace_of_a_thread(call_t call)
{
    int before = open("/proc/thread-self/ns/uts", O_RDONLY | O_CLOEXEC);
    char mine[64], now[64];

    if (before < 0 || unshare(CLONE_NEWUTS) != 0) {
        if (before >= 0)
            close(before);
        return NOT_HERE;
    }
    namespace_now(mine);
    call();
    namespace_now(now);
    go_home();
    CHECK_INT(setns(before, CLONE_NEWUTS), 0);
    close(before);
    return result(strcmp(mine, now) == 0);
}

typedef struct {
    const char *name;
    result_t (*run)(call_t call);
} case_t;

static const case_t cases[] = {
    {"a thread-local variable of a shared library", thread_local_of_a_library},
    {"a pointer to a thread-local variable", pointer_to_a_thread_local},
    {"pthread_self", pthread_self_kept},
    {"the tables of <ctype.h>", tables_of_ctype},
    {"uselocale", locale_of_uselocale},
    {"errno without gonet's headers", errno_of_a_library},
    {"what is current in a library", what_is_current_in_a_library},
    {"a recursive mutex", recursive_mutex},
    {"an error-checking mutex", error_checking_mutex},
    {"a priority-inheriting mutex", priority_inheriting_mutex},
    {"flockfile", lock_of_stdio},
    {"a write function of fopencookie", write_function_of_stdio},
    {"sched_setaffinity", affinity},
    {"setfsuid", credentials_of_a_thread},
    {"unshare and setns", namespace_of_a_thread},
};

enum { CASES = sizeof(cases) / sizeof(*cases) };

/* ---- with a pin and without ---- */

typedef struct {
    const case_t *c;
    bool pins;
    result_t result;
} try_t;

static void try_it(void *arg)
{
    try_t *t = arg;

    if (t->pins)
        gonet_pin();
    home = gonet__here();
    t->result = t->c->run(go_away);
    go_home();
    if (t->pins)
        gonet_unpin();
}

static void with_a_pin_and_without(void **state)
{
    const case_t *c = *state;
    try_t pinned = {.c = c, .pins = true}, loose = {.c = c};

    run_in_task(true, try_it, &pinned);
    run_in_task(true, try_it, &loose);
    check_report();
    if (pinned.result == NOT_HERE) {
        print_message("skipped: not to be had here: %s\n", c->name);
        skip();
    }
    assert_int_equal(pinned.result, RIGHT);
    assert_int_equal(loose.result, WRONG);
}

int main(void)
{
    struct CMUnitTest tests[CASES];

    for (int i = 0; i < CASES; i++)
        tests[i] = (struct CMUnitTest){cases[i].name, with_a_pin_and_without, leak_setup,
                                       leak_teardown, (void *)(uintptr_t)&cases[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
