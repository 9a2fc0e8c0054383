/*
 * Running scenarios under faults, and judging how they ended. The test's own thread arms the fault,
 * starts the run, waits (not for ever) and looks at what is left.
 */
#include "faults/scenario.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "faults/fault.h"
#include "gonet/task.h"
#include "runtime/switch/annotate.h"
#include "runtime/time/clock.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/scene.h"

#define MAX_N   2000
#define LACK_MS 5 /* how long a lack of something lasts, once it was met, that a task waits for */

/* What is tried at the moment. */
typedef struct {
    const scenario_t *scenario;
    actor_kind_t kind;
    const char *what; /* the call, or "an allocation" */
    const char *told; /* how errors name it; NULL: memory is out */
    const char *also; /* texts that may stand for it */
    bool unnoticed;   /* the call is to be made again, so there is no error */
    int errnum;
    long n;
    bool sticky; /* all calls from there on */
    bool reached;
} attempt_t;

static attempt_t now;
static long runs, survived, alloc_faults, forks;

/* ---- patience ---- */

static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t watch_turn = PTHREAD_COND_INITIALIZER;
static long watched; /* the number of the run */
static bool lasts;   /* its fault does, until it is over */

static const char *attempt_text(void)
{
    static char text[256];

    snprintf(text, sizeof(text), "%s [%s], %s number %ld%s fails with %s", now.scenario->name,
             now.kind == BY_TASK ? "task" : "thread", now.what, now.n, now.sticky ? " and on" : "",
             now.errnum != 0 ? fault_errnum_name(now.errnum) : "nothing");
    return text;
}

/* Under the lock. */
static void stop_fault(void)
{
    now.reached |= fault_disarm() > 0 || gonet__alloc_failed() > 0;
    alloc_faults += gonet__alloc_failed();
    gonet__alloc_fail_at(0, 0);
}

static void end_fault(void)
{
    pthread_mutex_lock(&watch_lock);
    stop_fault();
    lasts = false;
    pthread_mutex_unlock(&watch_lock);
}

static void say_what_hangs(void)
{
    fault_exempt(true);
    pthread_mutex_lock(&watch_lock);
    fprintf(stderr, "stuck: %s\n", attempt_text());
    stop_fault();
    gonet_dump_tasks(stderr);
    pthread_mutex_unlock(&watch_lock);
}

/* Under the lock. */
static bool is_met(void)
{
    return now.reached || fault_hits() > 0 || gonet__alloc_failed() > 0;
}

/* False: the run that was under way is over. Under the lock. */
static bool lasts_for_a_while(void)
{
    const int64_t at = gonet__now() + LACK_MS * GONET_MILLISECOND;
    long run = watched;

    while (run == watched) {
        if (!gonet__cond_until(&watch_turn, &watch_lock, at))
            return run == watched;
    }
    return false;
}

/* A task that has not begun waits for memory, if need be: it gets some after a while. */
static void *watch(void *arg)
{
    (void)arg;
    fault_exempt(true);
    pthread_mutex_lock(&watch_lock);
    for (;;) {
        if (!lasts)
            pthread_cond_wait(&watch_turn, &watch_lock);
        else if (lasts_for_a_while() && lasts && is_met()) {
            stop_fault();
            lasts = false;
        }
    }
    return NULL;
}

static void next_watched(void)
{
    pthread_mutex_lock(&watch_lock);
    watched++;
    pthread_cond_signal(&watch_turn);
    pthread_mutex_unlock(&watch_lock);
}

/* ---- the verdict ---- */

static bool contains_one(const char *text, const char *list)
{
    char copy[256];
    char *rest = copy;
    char *word;

    if (list == NULL)
        return false;
    snprintf(copy, sizeof(copy), "%s", list);
    while ((word = strsep(&rest, "|")) != NULL) {
        if (*word != '\0' && strstr(text, word) != NULL)
            return true;
    }
    return false;
}

/* The other side has given up: what this one sees then. */
static bool is_consequence(const gonet_error_t *err)
{
    return err == gonet_eof || gonet_error_is(err, gonet_err_unexpected_eof) ||
           gonet_error_is(err, gonet_err_closed) || gonet_error_is(err, gonet_err_closed_pipe) ||
           gonet_error_is(err, gonet_err_canceled) || gonet_error_is_errno(err, ECONNRESET) ||
           gonet_error_is_errno(err, EPIPE) || gonet_error_is_errno(err, ENOTCONN) ||
           gonet_error_is_errno(err, ECONNREFUSED);
}

static bool tells_fault(const part_t *p)
{
    const char *text = gonet_error_string(p->err);
    gonet_error_t *plain;
    bool same;

    if (contains_one(text, now.scenario->also))
        return true;
    if (now.unnoticed)
        return false;
    if (contains_one(text, now.also))
        return true;
    if (p->err == NULL) /* told by errno */
        return p->errnum == ENOMEM || (now.told != NULL && p->errnum == now.errnum);
    if (now.told == NULL || now.errnum == ENOMEM) {
        if (strstr(text, gonet_error_string(gonet_err_no_memory)) != NULL)
            return true;
        if (now.told == NULL)
            return false;
    }
    plain = gonet_errno_error(now.errnum);
    same = strstr(text, gonet_error_string(plain)) != NULL;
    gonet_error_free(plain);
    return same && contains_one(text, now.told);
}

static void complain(const char *what, const run_t *r)
{
    char text[2][300] = {"", ""};

    for (int i = 0; i < 2; i++) {
        const part_t *p = i == 0 ? &r->body : &r->helper;

        if (p->step != NULL)
            snprintf(text[i], sizeof(text[i]), ": line %d, %s: \"%s\", errno %d", p->line, p->step,
                     gonet_error_string(p->err), p->errnum);
    }
    check_fail(__FILE__, __LINE__, "%s: %s%s%s", attempt_text(), what, text[0], text[1]);
}

static void judge(const run_t *r)
{
    const part_t *parts[2] = {&r->body, &r->helper};
    bool told = false, failed = false;

    for (int i = 0; i < 2; i++) {
        failed |= parts[i]->step != NULL;
        told |= parts[i]->step != NULL && now.reached && tells_fault(parts[i]);
    }
    survived += !failed && now.reached;
    for (int i = 0; i < 2; i++) {
        if (parts[i]->step == NULL || (now.reached && tells_fault(parts[i])))
            continue;
        if (!now.reached)
            complain("fails without a fault", r);
        else if (!told || !is_consequence(parts[i]->err))
            complain("another error", r);
    }
}

/* ---- one run ---- */

typedef struct {
    run_t run;
    gonet_wait_group_t ended;
} body_t;

static void run_body(void *arg)
{
    body_t *b = arg;

    now.scenario->run(&b->run);
    scenario_join(&b->run);
    gonet_wait_group_done(&b->ended);
}

/* Runs the scenario once, by a task or here. */
static void run_once(run_t *r)
{
    static body_t b;

    memset(&b, 0, sizeof(b));
    next_watched();
    runs++;
    gonet_wait_group_add(&b.ended, 1);
    if (now.kind == BY_THREAD) {
        run_body(&b);
    } else if (gonet_go(run_body, &b) == 0) {
        gonet_wait_group_wait(&b.ended);
    } else {
        b.run.body.errnum = errno;
        b.run.body.step = "gonet_go";
    }
    *r = b.run;
}

static void drop(run_t *r)
{
    gonet_error_free(r->body.err);
    gonet_error_free(r->helper.err);
}

/* What is tried from now on. */
static void set_attempt(const attempt_t *attempt)
{
    pthread_mutex_lock(&watch_lock);
    now = *attempt;
    lasts = now.sticky;
    pthread_mutex_unlock(&watch_lock);
}

static long blocks_before;

static void begin_count(void)
{
    assert_int_equal(leak_setup(NULL), 0);
    blocks_before = fault_blocks();
}

/* What follows a run with a fault, or without: a run without, and the end of the runtime. */
static void settle(void)
{
    attempt_t tried = now;
    attempt_t clean = now;
    run_t again;

    clean.reached = clean.sticky = false;
    set_attempt(&clean);
    run_once(&again);
    judge(&again);
    drop(&again);
    next_watched();
    if (leak_teardown(NULL) != 0)
        check_fail(__FILE__, __LINE__, "%s: something is left", attempt_text());
    if (fault_blocks() != blocks_before)
        check_fail(__FILE__, __LINE__, "%s: %ld blocks of libuv or c-ares are left", attempt_text(),
                   fault_blocks() - blocks_before);
    tried.sticky = false; /* that is over */
    set_attempt(&tried);
}

/* Runs with the fault that the attempt says. True: there is a next n. */
static bool try(attempt_t attempt, int kind)
{
    run_t r;

    attempt.scenario = now.scenario;
    attempt.kind = now.kind;
    begin_count();
    set_attempt(&attempt);
    if (kind >= 0)
        fault_arm((fault_kind_t)kind, attempt.n, attempt.errnum, attempt.sticky);
    else
        gonet__alloc_fail_at(attempt.n, attempt.sticky);
    run_once(&r);
    end_fault();
    judge(&r);
    drop(&r);
    settle();
    if (check_failed())
        fprintf(stderr, "when %s\n", attempt_text());
    return now.reached && !check_failed();
}

static bool is_retried(const fault_call_t *call, int errnum)
{
    return (errnum == EINTR && call->storm_eintr) || (errnum == EAGAIN && call->storm_eagain) ||
           errnum == ECONNABORTED || errnum == FAULT_SHORT;
}

static bool try_call(fault_kind_t kind, int errnum, long n, bool sticky)
{
    const fault_call_t *call = &fault_calls[kind];

    return try((attempt_t){.what = call->name,
                           .told = call->told,
                           .also = call->also,
                           .unnoticed = is_retried(call, errnum),
                           .errnum = errnum,
                           .n = n,
                           .sticky = sticky},
               (int)kind);
}

static bool try_alloc(long n, bool sticky)
{
    return try((attempt_t){.what = "allocation",
                           .also = "no address", /* they are made when they are asked for */
                           .errnum = ENOMEM,
                           .n = n,
                           .sticky = sticky},
               -1);
}

/* ---- forks ---- */

static gonet_conn_t **lent[2];
static gonet_listener_t **lent_listener;

void scenario_lends(gonet_conn_t **a, gonet_conn_t **b, gonet_listener_t **l)
{
    lent[0] = a;
    lent[1] = b;
    lent_listener = l;
}

/* What task.h allows with what was inherited, and the library anew. */
static void be_child(void)
{
    char x;

    for (int i = 0; i < 2; i++) {
        gonet_conn_t *c = lent[i] != NULL ? *lent[i] : NULL;

        if (c == NULL)
            continue;
        (void)gonet_conn_set_deadline(c, gonet_now(), NULL);
        /* who forks in a raw connection's function has the side that a read would wait for */
        if ((now.scenario->flags & SCENARIO_OWN_CALLS) == 0)
            (void)gonet_conn_read(c, &x, 1, NULL);
        (void)gonet_conn_close(c, NULL);
        CHECK_INT(gonet_conn_read(c, &x, 1, NULL), -1);
    }
    if (lent_listener != NULL && *lent_listener != NULL)
        (void)gonet_listener_close(*lent_listener, NULL);
    scene_new();
    if (check_failed())
        fprintf(stderr, "in a child of %s: %s\n", attempt_text(), check_failure());
    child_exit(check_failed() ? 1 : 0);
}

/* Runs with a fork before the n-th call, of which this process notices nothing. True: there is a
 * next n. */
static bool try_fork(long n)
{
    int status;
    run_t r;

    begin_count();
    set_attempt(
        &(attempt_t){.scenario = now.scenario, .kind = now.kind, .what = "no call", .n = n});
    fault_fork(n, be_child);
    run_once(&r);
    status = fault_forked();
    scenario_lends(NULL, NULL, NULL);
    judge(&r);
    drop(&r);
    next_watched();
    forks += status >= 0;
    if (status > 0)
        check_fail(__FILE__, __LINE__, "%s [%s]: the child of a fork before call %ld ends with %#x",
                   now.scenario->name, now.kind == BY_TASK ? "task" : "thread", n, status);
    if (leak_teardown(NULL) != 0)
        check_fail(__FILE__, __LINE__, "%s: something is left", attempt_text());
    return status >= 0 && !check_failed();
}

#if defined(GONET__ASAN) || defined(GONET__TSAN)
#define FORKS false
#else
#define FORKS true
#endif

/* ---- all runs of a scenario ---- */

static bool is_spared(const scenario_t *s, int kind)
{
    for (const int *k = s->spared; k != NULL && *k >= 0; k++) {
        if (*k == kind)
            return true;
    }
    return false;
}

static void try_calls(const bool *made, bool sticky)
{
    for (int kind = 0; kind < FAULT_KINDS; kind++) {
        if (!made[kind] || is_spared(now.scenario, kind))
            continue;
        for (const int *e = fault_calls[kind].errnums; *e != 0; e++) {
            /* who never lets a call through can't have an interruption ignored */
            if (sticky && (*e == EINTR || *e == EAGAIN || *e == ECONNABORTED))
                continue;
            for (long n = 1; n < MAX_N && try_call((fault_kind_t)kind, *e, n, sticky); n++) {
            }
        }
    }
}

/* Which kinds of calls it makes: from the start of the runtime on. */
static void look(bool *made)
{
    run_t r;

    for (int i = 0; i < 2; i++) { /* what is found out once is known then */
        begin_count();
        fault_watch();
        run_once(&r);
        for (int kind = 0; kind < FAULT_KINDS; kind++)
            made[kind] |= fault_seen((fault_kind_t)kind) > 0;
        judge(&r);
        drop(&r);
        settle();
        check_report();
    }
}

typedef struct {
    const scenario_t *scenario;
    actor_kind_t kind;
    char name[96];
} entry_t;

static void run_scenario(void **state)
{
    const entry_t *entry = *state;
    bool made[FAULT_KINDS] = {false};
    long runs_before = runs, total_before = fault_total() + alloc_faults;

    set_attempt(&(attempt_t){.scenario = entry->scenario, .kind = entry->kind, .what = "no call"});
    look(made);
    for (long n = 1; FORKS && n < MAX_N && try_fork(n); n++) {
    }
    set_attempt(&(attempt_t){.scenario = entry->scenario, .kind = entry->kind, .what = "no call"});
    try_calls(made, false);
    if ((now.scenario->flags & SCENARIO_STICKY) != 0)
        try_calls(made, true);
    for (int sticky = 0; sticky < 2; sticky++) {
        if ((now.scenario->flags & SCENARIO_NO_MEMORY_FAULTS) != 0)
            break;
        for (long n = 1; n < MAX_N && try_alloc(n, sticky != 0); n++) {
        }
    }
    check_report();
    printf("%s: %ld faults in %ld runs\n", entry->name, fault_total() + alloc_faults - total_before,
           runs - runs_before);
}

int scenarios_run(const scenario_t *scenarios, size_t n, int argc, char **argv)
{
    struct CMUnitTest *tests = calloc(2 * n, sizeof(*tests));
    entry_t *entries = calloc(2 * n, sizeof(*entries));
    pthread_t thread;
    int failed;

    assert_true(tests != NULL && entries != NULL);
    for (size_t i = 0; i < 2 * n; i++) {
        entry_t *e = &entries[i];
        e->scenario = &scenarios[i / 2];
        e->kind = i % 2 == 0 ? BY_TASK : BY_THREAD;
        snprintf(e->name, sizeof(e->name), "%s [%s]", e->scenario->name,
                 e->kind == BY_TASK ? "task" : "thread");
        tests[i] = (struct CMUnitTest){.name = e->name, .test_func = run_scenario};
        tests[i].initial_state = e;
    }
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    if (pthread_create(&thread, NULL, watch, NULL) != 0)
        abort();
    patience_watch(say_what_hangs);
    failed = _cmocka_run_group_tests("faults", tests, 2 * n, NULL, NULL);
    printf("%ld faults injected (%ld in allocations, %ld inside libuv and c-ares) in %ld runs; "
           "%ld runs succeeded all the same\n",
           fault_total() + alloc_faults, alloc_faults, fault_total_inside(), runs, survived);
    printf("%ld forks, each before another call of a run\n", forks);
    if (!FORKS)
        printf("no forks: the sanitizers know no threads in a forked child, or keep locks of the "
               "parent's\n");
    free(tests);
    free(entries);
    return failed;
}

/* ---- helpers ---- */

bool scenario_is_hit(void)
{
    bool hit;

    pthread_mutex_lock(&watch_lock);
    hit = is_met();
    pthread_mutex_unlock(&watch_lock);
    return hit;
}

static void run_helper(void *arg)
{
    run_t *r = arg;

    r->help(r);
    gonet_wait_group_done(&r->helped);
}

bool scenario_help(run_t *r, void (*fn)(run_t *r))
{
    r->help = fn;
    gonet_wait_group_add(&r->helped, 1);
    if (gonet_go(run_helper, r) == 0)
        return true;
    gonet_wait_group_done(&r->helped);
    return false;
}

void scenario_join(run_t *r)
{
    gonet_wait_group_wait(&r->helped);
}
