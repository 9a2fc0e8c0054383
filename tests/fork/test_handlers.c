/*
 * The program's own fork handlers use the library: before the fork, in the parent and in the child;
 * those that were registered before the library's, and those after; by a thread and by a task.
 */
#include "support/scene.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static atomic_bool wanted;     /* the handlers do something */
static atomic_int early, late; /* how often they did */
static gonet_conn_t *inherited[2];
static gonet_chan_t *chan;

static void no_task(void *arg)
{
    (void)arg;
}

/* Globals, objects of before, and new ones. */
static void use(void)
{
    gonet_conn_t *a, *b;
    size_t n = 0;
    char x = 'h';

    CHECK(gonet_num_task() >= 0);
    CHECK_INT(gonet_go(no_task, NULL), 0);
    CHECK(gonet_lookup_port("tcp", "http", NULL) == 80);
    gonet_free(gonet_lookup_host("localhost", &n, NULL));
    CHECK(n > 0);
    if (inherited[0] != NULL) {
        CHECK_INT(gonet_conn_write(inherited[0], &x, 1, NULL), 1);
        CHECK_INT(gonet_conn_read(inherited[1], &x, 1, NULL), 1);
        CHECK_INT(gonet_chan_try_send(chan, &x), GONET_CHAN_OK);
        CHECK_INT(gonet_chan_try_recv(chan, &x), GONET_CHAN_OK);
    }
    if (net_pair("tcp", &a, &b)) {
        gonet_conn_free(a);
        gonet_conn_free(b);
    }
}

/* Before the fork it comes after all others. */
static void use_early(void)
{
    if (!atomic_load(&wanted))
        return;
    use();
    if (atomic_fetch_add(&early, 1) == 0)
        scene_before_fork();
}

static void use_late(void)
{
    if (!atomic_load(&wanted))
        return;
    atomic_fetch_add(&late, 1);
    use();
}

/* Before the library's own, wherever that is: of the functions that run before main the first. */
static void register_early(void)
{
    pthread_atfork(use_early, use_early, use_early);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = register_early;

static void fork_and_use(void *arg)
{
    pid_t child = scene_fork_now();

    (void)arg;
    if (child == 0) {
        CHECK_INT(atomic_load(&early), 2); /* before the fork, and here */
        CHECK_INT(atomic_load(&late), 2);
        use();
        scene_new();
        if (check_failed())
            fprintf(stderr, "in the child: %s\n", check_failure());
        child_exit(check_failed() ? 1 : 0);
    }
    CHECK(child > 0);
    CHECK_INT(scene_end_of(child), 0);
    CHECK_INT(atomic_load(&early), 2);
    CHECK_INT(atomic_load(&late), 2);
}

static int forks(actor_kind_t kind)
{
    actor_t a;

    scene_begin();
    CHECK_INT(pthread_atfork(use_late, use_late, use_late), 0);
    CHILD_CHECK(net_pair("tcp", &inherited[0], &inherited[1]));
    chan = gonet_chan_new(1, 1);
    atomic_store(&wanted, true);
    actor_start(&a, kind, fork_and_use, NULL);
    actor_join(&a);
    atomic_store(&wanted, false);
    return scene_end();
}

static int by_thread(void)
{
    return forks(BY_THREAD);
}

static int by_task(void)
{
    return forks(BY_TASK);
}

/* A program that has not used the library at all. */
static int first_use(void)
{
    scene_begin();
    CHECK_INT(pthread_atfork(use_late, use_late, use_late), 0);
    atomic_store(&wanted, true);
    fork_and_use(NULL);
    atomic_store(&wanted, false);
    return scene_end();
}

#define PART(name)  \
    {               \
#name, name \
    }

static const child_part_t parts[] = {PART(by_thread), PART(by_task), PART(first_use), {NULL, NULL}};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, "handlers", parts);
}
