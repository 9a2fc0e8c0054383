/*
 * Odd places to fork from: a function that has a raw connection's descriptor, a control function, a
 * task, a thread of the pool, a child; and what a child may not do.
 */
#include "support/scene.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void leave(void)
{
    if (check_failed())
        fprintf(stderr, "in the child: %s\n", check_failure());
    child_exit(check_failed() ? 1 : 0);
}

/* ---- inside of a raw connection's function ---- */

typedef struct {
    gonet_conn_t *a, *b;
    gonet_raw_conn_t *raw;
    pid_t child;
    bool closes; /* in the function */
} raw_t;

static void speak(raw_t *t)
{
    char x = 0;

    CHECK_INT(gonet_conn_write(t->a, "r", 1, NULL), 1);
    CHECK_INT(gonet_conn_read(t->b, &x, 1, NULL), 1);
    CHECK_INT(x, 'r');
}

static bool fork_inside(void *arg, int fd)
{
    raw_t *t = arg;

    t->child = scene_fork_now();
    if (t->child != 0)
        return true;
    if (t->closes) {
        CHECK_INT(gonet_conn_close(t->a, NULL), 0); /* not before the function has returned */
        CHECK(write(fd, "r", 1) == 1);
    } else {
        CHECK(gonet_conn_set_deadline(t->a, gonet_after(GONET_HOUR), NULL) == 0);
    }
    return true;
}

static void control_inside(void *arg, int fd)
{
    (void)fork_inside(arg, fd);
}

static void end_raw(raw_t *t)
{
    char x = 0;

    if (t->child == 0 && t->closes)
        CHECK_INT(gonet_conn_read(t->b, &x, 1, NULL), 1);
    else
        speak(t);
    gonet_raw_conn_free(t->raw);
    gonet_conn_free(t->a);
    gonet_conn_free(t->b);
    if (t->child == 0) {
        scene_new();
        leave();
    }
    CHECK_INT(scene_end_of(t->child), 0);
}

static void fork_in_raw(void *arg)
{
    (void)arg;
    for (int i = 0; i < 6; i++) {
        raw_t t = {.closes = i % 2 == 1};

        if (!CHECK(net_pair("tcp", &t.a, &t.b)))
            return;
        t.raw = gonet_conn_syscall_conn(t.a, NULL);
        if (i / 2 == 0)
            CHECK_INT(gonet_raw_conn_read(t.raw, fork_inside, &t, NULL), 0);
        else if (i / 2 == 1)
            CHECK_INT(gonet_raw_conn_write(t.raw, fork_inside, &t, NULL), 0);
        else
            CHECK_INT(gonet_raw_conn_control(t.raw, control_inside, &t, NULL), 0);
        end_raw(&t);
    }
}

/* By a thread: the child goes on in the function, and after it. */
static int raw_function(void)
{
    scene_begin();
    fork_in_raw(NULL);
    return scene_end();
}

/* By a task, which the child may not leave. */
static int raw_function_of_a_task(void)
{
    actor_t a;

    scene_begin();
    actor_start(&a, BY_TASK, fork_in_raw, NULL);
    actor_join(&a);
    return scene_end();
}

/* ---- inside of a control function ---- */

static pid_t controlled;
static int line[2];

/* Both processes would connect one socket: the parent comes first. */
static int fork_in_control(void *arg, const char *network, const char *address, gonet_raw_conn_t *c,
                           gonet_error_t **err)
{
    char x;

    (void)arg;
    (void)network;
    (void)address;
    (void)c;
    (void)err;
    controlled = scene_fork_now();
    if (controlled == 0)
        CHECK(read(line[0], &x, 1) == 1);
    return 0;
}

static int control_function(void)
{
    gonet_dialer_t dialer = {.control = fork_in_control};
    gonet_context_t *ctx;
    gonet_listener_t *l;
    gonet_conn_t *c, *s;
    char text[GONET_ADDR_STRLEN], x = 0;

    scene_begin();
    CHILD_CHECK(pipe(line) == 0);
    ctx = gonet_context_with_timeout(NULL, GONET_HOUR);
    l = net_listen("tcp");
    gonet_addr_string(gonet_listener_addr(l), text, sizeof(text));
    c = gonet_dialer_dial_context(&dialer, ctx, "tcp", text, NULL);
    if (controlled == 0) {
        gonet_conn_free(c);
        gonet_context_cancel(ctx);
        gonet_context_free(ctx);
        scene_new();
        leave();
    }
    CHECK(c != NULL);
    CHECK(write(line[1], "c", 1) == 1);
    CHECK_INT(scene_end_of(controlled), 0);
    s = gonet_listener_accept(l, NULL);
    CHECK_INT(gonet_conn_write(c, "c", 1, NULL), 1);
    CHECK_INT(gonet_conn_read(s, &x, 1, NULL), 1);
    CHECK(gonet_context_err(ctx) == NULL);
    gonet_conn_free(c);
    gonet_conn_free(s);
    gonet_listener_free(l);
    gonet_context_free(ctx);
    return scene_end();
}

/* ---- tasks, the pool, grandchildren ---- */

static void fork_and_leave(void *arg)
{
    sigset_t mask;
    pid_t child = scene_fork_now();

    (void)arg;
    if (child == 0) {
        sigemptyset(&mask);
        pthread_sigmask(SIG_SETMASK, NULL, &mask);
        CHECK_INT(sigismember(&mask, SIGTERM), 0);
        scene_new();
        leave();
    }
    CHECK_INT(scene_end_of(child), 0);
}

static void *fork_on_the_pool(void *arg)
{
    fork_and_leave(arg);
    return NULL;
}

static void use_the_pool(void *arg)
{
    gonet_blocking(fork_on_the_pool, arg);
}

static int task_and_pool(void)
{
    actor_t a;

    scene_begin();
    actor_start(&a, BY_TASK, fork_and_leave, NULL);
    actor_join(&a);
    actor_start(&a, BY_TASK, use_the_pool, NULL);
    actor_join(&a);
    return scene_end();
}

static void descend(void *object)
{
    int *depth = object;
    raw_t t;

    if (!CHECK(net_pair("tcp", &t.a, &t.b)))
        return;
    if (*depth % 2 == 0)
        scene_new();
    if (--*depth > 0)
        scene_fork(descend, depth);
    speak(&t);
    gonet_conn_free(t.a);
    gonet_conn_free(t.b);
}

static int generations(void)
{
    int depth = 5;

    scene_begin();
    descend(&depth);
    return scene_end();
}

/* ---- what a child may not do ---- */

static void no_core(void)
{
    struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
}

static pid_t returning;

static void fork_and_return(void *arg)
{
    (void)arg;
    returning = scene_fork_now();
    if (returning == 0)
        no_core();
}

static void *fork_and_return_there(void *arg)
{
    fork_and_return(arg);
    return NULL;
}

static void return_to_the_pool(void *arg)
{
    gonet_blocking(fork_and_return_there, arg);
}

/* The functions of a task and of gonet_blocking end there with a word, not with the parent's
 * scheduler. */
static int returns(void)
{
    actor_t a;

    scene_begin();
    actor_start(&a, BY_TASK, fork_and_return, NULL);
    actor_join(&a);
    CHECK_INT(scene_end_of(returning), 1000 + SIGABRT);
    actor_start(&a, BY_TASK, return_to_the_pool, NULL);
    actor_join(&a);
    CHECK_INT(scene_end_of(returning), 1000 + SIGABRT);
    return scene_end();
}

/* ---- what runs no handlers ---- */

extern char **environ;

static void spawn(void *arg)
{
    char *argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, (char[]){"exit 7"}, NULL};
    pid_t child = -1;

    (void)arg;
    CHECK_INT(posix_spawn(&child, argv[0], NULL, NULL, argv, environ), 0);
    CHECK_INT(scene_end_of(child), 7);
    child = vfork();
    if (child == 0) {
        execv(argv[0], argv);
        _exit(99);
    }
    CHECK_INT(scene_end_of(child), 7);
}

static int vfork_and_spawn(void)
{
    actor_t a;

    scene_begin();
    spawn(NULL);
    actor_start(&a, BY_TASK, spawn, NULL);
    actor_join(&a);
    return scene_end();
}

#define PART(name)  \
    {               \
#name, name \
    }

static const child_part_t parts[] = {PART(raw_function),     PART(raw_function_of_a_task),
                                     PART(control_function), PART(task_and_pool),
                                     PART(generations),      PART(returns),
                                     PART(vfork_and_spawn),  {NULL, NULL}};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, "places", parts);
}
