/*
 * What a program with a loop of its own may rely on: what the library leaves behind after
 * gonet_shutdown. Threads, handlers of signals and memory: nothing; descriptors: the two of the
 * pipe that all of libuv's loops share, from the first loop of the process on, and no more of them
 * however often the runtime begins and ends.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/net.h"

static int threads(void)
{
    DIR *d = opendir("/proc/self/task");
    int n = 0;

    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

typedef struct {
    struct sigaction action[NSIG];
    sigset_t mask;
} signals_t;

static void look_at_signals(signals_t *s)
{
    memset(s, 0, sizeof(*s));
    for (int i = 1; i < NSIG; i++)
        (void)sigaction(i, NULL, &s->action[i]);
    sigprocmask(SIG_SETMASK, NULL, &s->mask);
}

static void *nothing(void *arg)
{
    return arg;
}

static void echo(gonet_conn_t *c, void *arg)
{
    (void)arg;
    gonet_copy(gonet_conn_as_writer(c), gonet_conn_as_reader(c), NULL);
}

static void serve(void *l)
{
    gonet_serve(l, echo, NULL, NULL, NULL);
}

/* A bit of everything, by a task and the main thread. */
static void use(void)
{
    gonet_listener_t *l = net_listen("tcp");
    gonet_conn_t *c;
    char byte = 'x';
    size_t n;

    CHILD_CHECK(l != NULL && gonet_go(serve, l) == 0);
    c = net_dial("tcp", l);
    CHILD_CHECK(c != NULL && gonet_conn_write(c, &byte, 1, NULL) == 1);
    CHILD_CHECK(gonet_conn_read(c, &byte, 1, NULL) == 1);
    (void)gonet_blocking(nothing, NULL);
    gonet_free(gonet_lookup_host("localhost", &n, NULL));
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    gonet_conn_free(c);
    gonet_listener_free(l);
}

static int nothing_stays(void)
{
    static signals_t before, after;
    int descriptors = leak_open_descriptors();
    long allocations = gonet__alloc_live();

    CHILD_CHECK(threads() == 1);
    look_at_signals(&before);
    for (int i = 0; i < 3; i++) {
        use();
        CHILD_CHECK(threads() == 1);
        CHILD_CHECK(leak_open_descriptors() == descriptors + 2);
        CHILD_CHECK(gonet__alloc_live() == allocations);
        look_at_signals(&after);
        for (int k = 1; k < NSIG; k++) {
            if (after.action[k].sa_handler != before.action[k].sa_handler)
                fprintf(stderr, "signal %d has another handler\n", k);
            CHILD_CHECK(after.action[k].sa_handler == before.action[k].sa_handler);
        }
        CHILD_CHECK(memcmp(&before.mask, &after.mask, sizeof(before.mask)) == 0);
    }
    return 0;
}

static void test_nothing_stays(void **state)
{
    (void)state;
#if defined(__SANITIZE_THREAD__)
    print_message("ThreadSanitizer has a thread of its own\n");
    skip();
#endif
    child_passes("nothing_stays", NULL);
}

int main(int argc, char **argv)
{
    static const child_part_t parts[] = {{"nothing_stays", nothing_stays}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_stays)};

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
