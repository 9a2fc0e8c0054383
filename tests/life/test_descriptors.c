/*
 * Processes that are started without standard input, output and error, or close them later: none of
 * the library's descriptors gets such a number, so nothing that the program prints goes into a
 * connection, and nothing that the library says goes into a file of the program's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/chan.h"
#include "gonet/interface.h"
#include "gonet/io.h"
#include "gonet/lookup.h"
#include "gonet/pipe.h"
#include "gonet/rawconn.h"
#include "gonet/resolver.h"
#include "gonet/task.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/net.h"

enum { REPORT = 100 }; /* a child's only descriptor */

/* ---- in the child ---- */

/* Like CHILD_CHECK, for a child that has no standard error. */
#define NEED(condition)                                                                       \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            dprintf(REPORT, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno); \
            _exit(1);                                                                         \
        }                                                                                     \
    } while (0)

/* Nothing that can be read, written or waited for may have one of the three numbers. */
static void look_at_low_numbers(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        char name[64], what[128] = "";

        snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
        if (readlink(name, what, sizeof(what) - 1) > 0 && strcmp(what, "/dev/null") != 0) {
            dprintf(REPORT, "%d is %s\n", fd, what);
            _exit(1);
        }
        /* Past ThreadSanitizer: another thread may just be giving the number away. */
        NEED(syscall(SYS_write, fd, "stray", (size_t)5) < 0);
        NEED(syscall(SYS_read, fd, what, (size_t)1) < 0);
    }
}

static void look_at_number(void *arg, int fd)
{
    (void)arg;
    NEED(fd > 2);
}

static void look_at_conn(gonet_conn_t *c)
{
    gonet_raw_conn_t *raw = gonet_conn_syscall_conn(c, NULL);
    int copy = gonet_conn_file(c, NULL);

    NEED(copy > 2);
    NEED(raw != NULL && gonet_raw_conn_control(raw, look_at_number, NULL, NULL) == 0);
    gonet_raw_conn_free(raw);
    gonet_conn_t *again = gonet_file_conn(copy, NULL);
    NEED(again != NULL);
    raw = gonet_conn_syscall_conn(again, NULL);
    NEED(raw != NULL && gonet_raw_conn_control(raw, look_at_number, NULL, NULL) == 0);
    gonet_raw_conn_free(raw);
    gonet_conn_free(again);
    close(copy);
}

/* Bytes go there and back, past a proxy, whose pipe of the kernel's has numbers, too. */
static void talk(void *arg)
{
    gonet_conn_t *a, *b, *c, *d;
    char x[4] = "";
    size_t n;

    (void)arg;
    NEED(net_pair("tcp", &a, &b) && net_pair("tcp", &c, &d));
    NEED(gonet_conn_write(a, "ping", 4, NULL) == 4);
    NEED(gonet_conn_close_write(a, NULL) == 0);
    NEED(gonet_copy(gonet_conn_as_writer(c), gonet_conn_as_reader(b), NULL) == 4);
    NEED(gonet_conn_set_read_deadline(d, gonet_after(GONET_MINUTE), NULL) == 0);
    NEED(gonet_conn_read(d, x, 4, NULL) == 4 && memcmp(x, "ping", 4) == 0);
    NEED(gonet_conn_set_read_deadline(d, gonet_after(GONET_MILLISECOND), NULL) == 0);
    NEED(gonet_conn_read(d, x, 4, NULL) < 0); /* waits: a loop's or a thread's descriptors */
    look_at_conn(a);
    look_at_conn(b);
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_conn_free(c);
    gonet_conn_free(d);
    gonet_free(gonet_interfaces(&n, NULL));
    gonet_free(gonet_lookup_host("localhost", &n, NULL));
    look_at_low_numbers();
}

static void talk_by_both(void)
{
    static const actor_kind_t kinds[] = {BY_THREAD, BY_TASK, BY_TASK, BY_THREAD};
    actor_t actor[4];

    for (int i = 0; i < 4; i++)
        actor_start(&actor[i], kinds[i], talk, NULL);
    for (int i = 0; i < 4; i++)
        actor_join(&actor[i]);
}

static int closed_at_start(void)
{
    talk_by_both();
    NEED(gonet_shutdown(-1) == 0); /* here libuv would end the process */
    talk_by_both();
    return 0;
}

static int ends_without_shutdown(void)
{
    talk_by_both();
    return 0;
}

/* A daemon closes the three when everything runs already, and again and again. */
static int closed_later(void)
{
    talk_by_both();
    for (int i = 0; i < 10; i++) {
        close(0);
        close(1);
        close(2);
        gonet_set_max_procs(1 + i % 3);
        talk_by_both();
    }
    NEED(gonet_shutdown(-1) == 0);
    return 0;
}

/* There is no /dev, no /proc and no /etc. */
static int in_an_empty_root(void)
{
    char empty[] = "/tmp/gonet-root.XXXXXX";

    NEED(mkdtemp(empty) != NULL && chdir(empty) == 0);
    NEED(rmdir(empty) == 0 && chroot(".") == 0); /* it lasts as long as we do */
    talk_by_both();
    NEED(gonet_shutdown(-1) == 0);
    child_exit(0); /* a leak checker finds no /proc here */
}

/* ---- what is said ---- */

static int empty_file(void)
{
    int fd = open("/tmp", O_RDWR | O_TMPFILE, 0600);
    int copy;

    NEED(fd == 2);
    copy = fcntl(fd, F_DUPFD, 200);
    NEED(copy >= 0);
    return copy;
}

static void sleeps(void *arg)
{
    gonet_mutex_lock(arg); /* which no shutdown ends */
    gonet_mutex_unlock(arg);
}

static int says_nothing_to_a_file(void)
{
    gonet_mutex_t m = {0};
    struct stat st;
    int copy = empty_file();

    gonet_mutex_lock(&m);
    NEED(gonet_go(sleeps, &m) == 0); /* the first setting is read, and an unknown one is there */
    NEED(gonet_shutdown(GONET_MILLISECOND) != 0 && errno == EBUSY);
    gonet_mutex_unlock(&m);
    NEED(gonet_shutdown(-1) == 0);
    NEED(fstat(copy, &st) == 0);
    NEED(st.st_size == 0);
    return 0;
}

static const child_part_t parts[] = {{"closed_at_start", closed_at_start},
                                     {"ends_without_shutdown", ends_without_shutdown},
                                     {"closed_later", closed_later},
                                     {"in_an_empty_root", in_an_empty_root},
                                     {"says_nothing_to_a_file", says_nothing_to_a_file},
                                     {NULL, NULL}};

/* ---- in the parent ---- */

/* Starts a part without those of the three descriptors whose bits are set. */
static pid_t start(const char *part, unsigned closed, const int fds[2])
{
    char self[] = "/proc/self/exe", flag[] = "--child", name[64];
    char *const argv[] = {self, flag, name, NULL};
    pid_t child;

    snprintf(name, sizeof(name), "%s", part);
    child = fork();
    if (child != 0)
        return child;
    dup2(fds[1], REPORT);
    close(fds[0]);
    close(fds[1]);
    for (int fd = 0; fd <= 2; fd++) {
        if ((closed & (1u << fd)) != 0)
            close(fd);
        else
            dup2(open("/dev/null", O_PATH), fd);
    }
    setenv("GONETDEBUG", "unknown=1", 1);
    execv(self, argv);
    _exit(99);
}

static void passes(const char *part, unsigned closed)
{
    char said[1024];
    int fds[2], status = -1;
    ssize_t n, len = 0;
    pid_t child;

    assert_int_equal(pipe(fds), 0);
    child = start(part, closed, fds);
    close(fds[1]);
    while ((n = read(fds[0], said + len, sizeof(said) - 1 - (size_t)len)) > 0)
        len += n;
    said[len] = '\0';
    close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0)
        fail_msg("%s without %#x ended with status %#x: %s", part, closed, (unsigned)status, said);
}

static void all_or_some_are_closed(void **state)
{
    (void)state;
    for (unsigned closed = 1; closed < 8; closed++)
        passes("closed_at_start", closed);
}

static void it_ends_as_usual(void **state)
{
    (void)state;
    passes("ends_without_shutdown", 7);
}

static void they_are_closed_later(void **state)
{
    (void)state;
    passes("closed_later", 7);
}

static void they_are_closed_in_an_empty_root(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: chroot needs root\n");
        skip();
    }
    passes("in_an_empty_root", 0);
    passes("in_an_empty_root", 7);
}

static void a_file_in_their_place_gets_no_reports(void **state)
{
    (void)state;
    passes("says_nothing_to_a_file", 1u << 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_or_some_are_closed),
        cmocka_unit_test(it_ends_as_usual),
        cmocka_unit_test(they_are_closed_later),
        cmocka_unit_test(they_are_closed_in_an_empty_root),
        cmocka_unit_test(a_file_in_their_place_gets_no_reports),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
