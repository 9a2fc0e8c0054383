/*
 * Any descriptor: connections of pipes, eventfd, timerfd, inotify, signalfd, pidfd and terminals;
 * readers and writers of what can be watched; waiting for one descriptor. By tasks and threads.
 */
#include "gonet/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/io.h"
#include "gonet/serve.h"
#include "gonet/task.h"
#include "socket/sys.h"
#include "support/actor.h"
#include "support/leak.h"

#define MS GONET_MILLISECOND

typedef struct {
    gonet_conn_t *c;
    char buf[64];
    ssize_t n;
    gonet_error_t *err;
    atomic_bool begun, over;
    actor_t actor;
} reader_t;

static void read_once(void *arg)
{
    reader_t *r = arg;

    atomic_store(&r->begun, true);
    r->n = gonet_conn_read(r->c, r->buf, sizeof(r->buf), &r->err);
    atomic_store(&r->over, true);
}

static void start(reader_t *r, actor_kind_t kind, gonet_conn_t *c)
{
    memset(r, 0, sizeof(*r));
    r->c = c;
    actor_start(&r->actor, kind, read_once, r);
}

static void join(reader_t *r)
{
    actor_join(&r->actor);
}

static gonet_conn_t *conn_of(int fd)
{
    gonet_error_t *err = NULL;
    gonet_conn_t *c = gonet_fd_conn(fd, &err);

    CHECK_ERROR(err, NULL);
    return c;
}

static bool blocks(int fd)
{
    return (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

/* ---- pipes ---- */

static void pipes(actor_kind_t kind)
{
    gonet_conn_t *in, *out;
    reader_t r;
    int p[2];

    REQUIRE(pipe(p) == 0);
    in = conn_of(p[0]);
    out = conn_of(p[1]);
    for (int i = 0; i < 20; i++) {
        start(&r, kind, in);
        if (i % 2 == 0) {
            AWAIT(atomic_load(&r.begun));
            gonet_sleep(MS);
            CHECK(!atomic_load(&r.over));
        }
        CHECK(gonet_conn_write(out, "hello", 5, NULL) == 5);
        join(&r);
        CHECK_INT(r.n, 5);
        CHECK(memcmp(r.buf, "hello", 5) == 0);
    }
    CHECK(blocks(p[0]) && blocks(p[1])); /* the flags are others', too */

    CHECK(gonet_conn_set_read_deadline(in, gonet_after(5 * MS), NULL) == 0);
    start(&r, kind, in);
    join(&r);
    CHECK_INT(r.n, -1);
    CHECK_ERROR(r.err, "read fd: i/o timeout");
    CHECK(gonet_error_timeout(r.err));
    gonet_error_free(r.err);
    CHECK(gonet_conn_set_read_deadline(in, gonet_no_deadline, NULL) == 0);

    start(&r, kind, in);
    AWAIT(atomic_load(&r.begun));
    gonet_conn_free(out);
    CHECK(!atomic_load(&r.over)); /* p[1] holds the pipe open */
    close(p[1]);
    join(&r);
    CHECK_INT(r.n, 0);
    CHECK(r.err == gonet_eof);
    gonet_conn_free(in);
    close(p[0]);
}

/* gonet_file_conn wants a socket, and leaves alone what is none. */
static void not_adopted(actor_kind_t kind)
{
    gonet_error_t *err = NULL;
    int p[2];

    (void)kind;
    REQUIRE(pipe(p) == 0);
    CHECK(gonet_file_conn(p[0], &err) == NULL);
    CHECK(gonet_error_is_errno(err, ENOTSOCK));
    CHECK(blocks(p[0]));
    gonet_error_free(err);
    close(p[0]);
    close(p[1]);
}

static void close_ends_reads(actor_kind_t kind)
{
    reader_t r[3];
    gonet_conn_t *in;
    int p[2];

    REQUIRE(pipe(p) == 0);
    in = conn_of(p[0]);
    for (int i = 0; i < 3; i++)
        start(&r[i], kind, in);
    for (int i = 0; i < 3; i++)
        AWAIT(atomic_load(&r[i].begun));
    CHECK(gonet_conn_close(in, NULL) == 0);
    for (int i = 0; i < 3; i++) {
        join(&r[i]);
        CHECK_INT(r[i].n, -1);
        CHECK(gonet_error_is(r[i].err, gonet_err_closed));
        CHECK(gonet_error_as_op(r[i].err) != NULL);
        gonet_error_free(r[i].err);
    }
    gonet_conn_free(in);
    close(p[0]);
    close(p[1]);
}

typedef struct {
    gonet_conn_t *c;
    size_t len, n;
    gonet_error_t *err;
    int result;
    actor_t actor;
} writer_t;

static void write_all(void *arg)
{
    writer_t *w = arg;
    char *p = calloc(1, w->len);

    w->result = gonet_conn_write_count(w->c, p, w->len, &w->n, &w->err);
    free(p);
}

/* More than a pipe holds; and one that nobody reads any more. */
static void full_pipes(actor_kind_t kind)
{
    const size_t len = 300000;
    writer_t w = {.len = len};
    char buf[4096];
    size_t got = 0;
    int p[2];

    REQUIRE(pipe(p) == 0);
    w.c = conn_of(p[1]);
    actor_start(&w.actor, kind, write_all, &w);
    while (got < len) {
        ssize_t n = read(p[0], buf, sizeof(buf));
        if (!CHECK(n > 0))
            break;
        got += (size_t)n;
    }
    actor_join(&w.actor);
    CHECK_INT(w.result, 0);
    CHECK_INT(w.n, len);
    actor_start(&w.actor, kind, write_all, &w);
    CHECK(read(p[0], buf, sizeof(buf)) > 0);
    close(p[0]);
    actor_join(&w.actor);
    CHECK_INT(w.result, -1);
    CHECK(w.n > 0 && w.n < len);
    CHECK_ERROR(w.err, "write fd: write: broken pipe");
    gonet_error_free(w.err);
    gonet_conn_free(w.c);
    close(p[1]);
}

/* Where the kernel has no RWF_NOWAIT: in the pool, or plainly where the flag is set. */
static void without_nowait(actor_kind_t kind)
{
    for (int i = 0; i < 2; i++) {
        gonet_conn_t *in, *out;
        reader_t r;
        int p[2];

        REQUIRE(pipe2(p, i == 0 ? 0 : O_NONBLOCK) == 0);
        in = conn_of(p[0]);
        out = conn_of(p[1]);
        gonet__sys_fail_at(GONET__SYS_READ, 1, EOPNOTSUPP);
        start(&r, kind, in);
        AWAIT(gonet__sys_failed() == 1);
        gonet__sys_fail_at(GONET__SYS_READ, 0, 0);
        gonet_sleep(MS);
        CHECK(!atomic_load(&r.over));
        gonet__sys_fail_at(GONET__SYS_WRITE, 1, EOPNOTSUPP);
        CHECK(gonet_conn_write(out, "hello", 5, NULL) == 5);
        gonet__sys_fail_at(GONET__SYS_WRITE, 0, 0);
        join(&r);
        CHECK_INT(r.n, 5);
        gonet_conn_free(out);
        close(p[1]);
        start(&r, kind, in);
        join(&r);
        CHECK_INT(r.n, 0);
        gonet_conn_free(in);
        close(p[0]);
    }
}

/* ---- the others ---- */

static void eventfds(actor_kind_t kind)
{
    int fd = eventfd(0, EFD_CLOEXEC);
    gonet_conn_t *c = conn_of(fd);
    uint64_t n = 7;
    reader_t r;

    start(&r, kind, c);
    AWAIT(atomic_load(&r.begun));
    CHECK(gonet_conn_write(c, &n, sizeof(n), NULL) == sizeof(n));
    join(&r);
    CHECK_INT(r.n, 8);
    CHECK(memcmp(r.buf, &n, sizeof(n)) == 0);
    gonet_conn_free(c);
    close(fd);
}

static void timerfds(actor_kind_t kind)
{
    const struct itimerspec soon = {.it_value = {.tv_nsec = 5000000}};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    gonet_conn_t *c = conn_of(fd);
    reader_t r;

    start(&r, kind, c);
    AWAIT(atomic_load(&r.begun));
    CHECK(timerfd_settime(fd, 0, &soon, NULL) == 0);
    join(&r);
    CHECK_INT(r.n, 8);
    gonet_conn_free(c);
    close(fd);
}

static void watched_folders(actor_kind_t kind)
{
    char folder[] = "/tmp/gonet-fd-XXXXXX", name[64];
    int fd = inotify_init1(IN_CLOEXEC), file;
    gonet_conn_t *c = conn_of(fd);
    reader_t r;

    REQUIRE(mkdtemp(folder) != NULL);
    CHECK(inotify_add_watch(fd, folder, IN_CREATE) >= 0);
    start(&r, kind, c);
    AWAIT(atomic_load(&r.begun));
    snprintf(name, sizeof(name), "%s/new", folder);
    file = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    join(&r);
    CHECK(r.n >= (ssize_t)sizeof(struct inotify_event));
    CHECK_TEXT(((struct inotify_event *)(void *)r.buf)->name, "new");
    close(file);
    unlink(name);
    rmdir(folder);
    gonet_conn_free(c);
    close(fd);
}

static void children(actor_kind_t kind)
{
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    pid_t child = fork();
    int status, fd;

    (void)kind;
    if (child == 0) {
        pause();
        _exit(0);
    }
    fd = (int)syscall(SYS_pidfd_open, child, 0);
    c = conn_of(fd);
    CHECK(gonet_conn_set_read_deadline(c, gonet_after(5 * MS), NULL) == 0);
    CHECK(gonet_conn_wait_readable(c, &err) == -1);
    CHECK(gonet_error_timeout(err));
    gonet_error_free(err);
    CHECK(gonet_conn_set_read_deadline(c, gonet_no_deadline, NULL) == 0);
    kill(child, SIGKILL);
    CHECK(gonet_conn_wait_readable(c, NULL) == 0);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    gonet_conn_free(c);
    close(fd);
}

static void terminals(actor_kind_t kind)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
    gonet_conn_t *c;
    reader_t r;

    REQUIRE(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    c = conn_of(slave);
    start(&r, kind, c);
    AWAIT(atomic_load(&r.begun));
    CHECK(write(master, "half", 4) == 4);
    gonet_sleep(MS);
    CHECK(!atomic_load(&r.over)); /* a terminal gives whole lines */
    CHECK(write(master, "line\n", 5) == 5);
    join(&r);
    CHECK_INT(r.n, 9);
    CHECK(gonet_conn_set_read_deadline(c, gonet_after(5 * MS), NULL) == 0);
    start(&r, kind, c);
    join(&r);
    CHECK(gonet_error_timeout(r.err));
    gonet_error_free(r.err);
    CHECK(blocks(slave));
    gonet_conn_free(c);
    close(slave);
    close(master);
}

static void born(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
}

static void unborn(actor_kind_t kind)
{
    atomic_bool is_born = false;
    int fd = eventfd(0, EFD_CLOEXEC);
    gonet_conn_t *c = conn_of(fd);
    uint64_t one = 1;

    (void)kind;
    CHECK(gonet_conn_go_readable(c, born, &is_born, NULL) == 0);
    gonet_sleep(MS);
    CHECK(!atomic_load(&is_born));
    CHECK(write(fd, &one, sizeof(one)) == sizeof(one));
    AWAIT(atomic_load(&is_born));
    gonet_conn_free(c);
    close(fd);
}

static void refused(actor_kind_t kind)
{
    gonet_error_t *err = NULL;
    int fds[] = {open("/dev/null", O_RDWR | O_CLOEXEC), open("/", O_RDONLY | O_CLOEXEC),
                 open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};

    (void)kind;
    for (int i = 0; i < 3; i++) {
        CHECK(gonet_fd_conn(fds[i], &err) == NULL);
        CHECK(gonet_error_is_errno(err, EPERM));
        close(fds[i]);
    }
    CHECK(gonet_fd_conn(-1, &err) == NULL);
    CHECK_ERROR(err, "file fd: fcntl: bad file descriptor");
    gonet_error_free(err);
}

/* ---- readers and writers of files ---- */

static void read_file(void *arg)
{
    reader_t *r = arg;
    gonet_file_reader_t *f = gonet_file_reader_new(*(int *)(void *)r->buf, NULL);
    char byte;

    atomic_store(&r->begun, true);
    r->n = gonet_reader_read(gonet_file_reader_as_reader(f), &byte, 1, &r->err);
    gonet_file_reader_free(f);
    atomic_store(&r->over, true);
}

static void write_file(void *arg)
{
    reader_t *r = arg;
    gonet_file_writer_t *f = gonet_file_writer_new(*(int *)(void *)r->buf, NULL);
    char block[4096] = "";

    do
        r->n = gonet_writer_write(gonet_file_writer_as_writer(f), block, sizeof(block), &r->err);
    while (r->n > 0 && check_patience());
    gonet_file_writer_free(f);
    atomic_store(&r->over, true);
}

/* Who reads a pipe, or fills one, does not keep the runtime from ending. */
static void test_shutdown(void **state)
{
    reader_t r[4];
    int p[2], full[2];

    (void)state;
    assert_int_equal(pipe(p), 0);
    assert_int_equal(pipe(full), 0);
    memset(r, 0, sizeof(r));
    for (int i = 0; i < 4; i++) {
        memcpy(r[i].buf, i < 3 ? &p[0] : &full[1], sizeof(int));
        actor_start(&r[i].actor, BY_TASK, i < 3 ? read_file : write_file, &r[i]);
    }
    for (int i = 0; i < 3; i++)
        AWAIT(atomic_load(&r[i].begun));
    gonet_sleep(5 * MS);
    assert_int_equal(gonet_shutdown(-1), 0);
    for (int i = 0; i < 4; i++) {
        assert_true(atomic_load(&r[i].over));
        actor_join(&r[i].actor);
        assert_int_equal(r[i].n, -1);
        assert_true(gonet_error_is(r[i].err, gonet_err_closed));
        gonet_error_free(r[i].err);
        close(i < 2 ? p[i] : full[i - 2]);
    }
    check_report();
}

/* ---- one wait ---- */

typedef struct {
    int fd;
    short events;
    int result, errnum;
    atomic_bool begun;
    actor_t actor;
} wait_t;

static void wait_one(void *arg)
{
    wait_t *w = arg;

    atomic_store(&w->begun, true);
    w->result = gonet_wait_fd(w->fd, w->events, gonet_no_deadline);
    w->errnum = errno;
}

static void waits(actor_kind_t kind)
{
    wait_t w[3] = {{.events = POLLIN}, {.events = POLLIN | POLLOUT}, {.events = POLLPRI}};
    int sv[2];
    char c;

    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == 0);
    for (int i = 0; i < 3; i++) {
        w[i].fd = sv[0];
        actor_start(&w[i].actor, kind, wait_one, &w[i]);
    }
    for (int i = 0; i < 3; i++)
        AWAIT(atomic_load(&w[i].begun));
    CHECK(write(sv[1], "x", 1) == 1);
    actor_join(&w[0].actor);
    actor_join(&w[1].actor);
    CHECK_INT(w[0].result, POLLIN);
    CHECK((w[1].result & POLLOUT) != 0);
    CHECK_INT(gonet_wait_fd(sv[0], POLLIN, gonet_no_deadline), POLLIN);
    CHECK(read(sv[0], &c, 1) == 1);
    CHECK_INT(gonet_wait_fd(sv[0], POLLIN, gonet_now()), 0);
    CHECK_INT(gonet_wait_fd(sv[0], POLLIN, gonet_after(5 * MS)), 0);
    close(sv[1]);
    actor_join(&w[2].actor);
    CHECK((w[2].result & POLLHUP) != 0);
    close(sv[0]);
    CHECK_INT(gonet_wait_fd(sv[0], POLLIN, gonet_no_deadline), -1);
    CHECK_INT(errno, EBADF);
}

static void wait_here(void *arg)
{
    wait_t *w = arg;
    gonet_time_t before = gonet_now();

    w->result = gonet_wait_fd(w->fd, POLLIN, gonet_after(5 * MS));
    CHECK(gonet_since(before) >= 5 * MS);
    CHECK_INT(w->result, 0);
    w->result = gonet_wait_fd(STDIN_FILENO + 1000000, POLLIN, gonet_no_deadline);
    CHECK_INT(w->result, -1);
}

static void waits_end(actor_kind_t kind)
{
    wait_t w;
    int p[2];

    REQUIRE(pipe(p) == 0);
    w.fd = p[0];
    actor_start(&w.actor, kind, wait_here, &w);
    actor_join(&w.actor);
    close(p[0]);
    close(p[1]);
}

static void test_wait_and_shutdown(void **state)
{
    wait_t w = {.events = POLLIN};
    int p[2];

    (void)state;
    assert_int_equal(pipe(p), 0);
    w.fd = p[0];
    actor_start(&w.actor, BY_TASK, wait_one, &w);
    AWAIT(atomic_load(&w.begun));
    assert_int_equal(gonet_shutdown(-1), 0);
    actor_join(&w.actor);
    assert_int_equal(w.result, -1);
    assert_int_equal(w.errnum, ECANCELED);
    close(p[0]);
    close(p[1]);
    check_report();
}

#define BOTH(name)                             \
    static void name##_by_task(void **state)   \
    {                                          \
        (void)state;                           \
        name(BY_TASK);                         \
        check_report();                        \
    }                                          \
    static void name##_by_thread(void **state) \
    {                                          \
        (void)state;                           \
        name(BY_THREAD);                       \
        check_report();                        \
    }

BOTH(pipes)
BOTH(not_adopted)
BOTH(close_ends_reads)
BOTH(full_pipes)
BOTH(without_nowait)
BOTH(eventfds)
BOTH(timerfds)
BOTH(watched_folders)
BOTH(children)
BOTH(terminals)
BOTH(unborn)
BOTH(refused)
BOTH(waits)
BOTH(waits_end)

#define TESTS(name) LEAK_TEST(name##_by_task), LEAK_TEST(name##_by_thread)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TESTS(not_adopted),
        TESTS(pipes),
        TESTS(close_ends_reads),
        TESTS(full_pipes),
        TESTS(without_nowait),
        TESTS(eventfds),
        TESTS(timerfds),
        TESTS(watched_folders),
        TESTS(children),
        TESTS(terminals),
        TESTS(unborn),
        TESTS(refused),
        TESTS(waits),
        TESTS(waits_end),
        LEAK_TEST(test_shutdown),
        LEAK_TEST(test_wait_and_shutdown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
