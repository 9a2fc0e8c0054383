/*
 * Unix sockets: names, the rules of each type, and every error text of behaviour 15. From the
 * test's own thread, on paths in a directory of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/buffers.h"
#include "gonet/dial.h"
#include "gonet/io.h"
#include "gonet/tcp.h"
#include "gonet/unixsock.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/net.h"

#define ROOM 128

static char dir[] = "/tmp/gonet-unix-XXXXXX";

/* An abstract name that is this process's own, as the directory is; several at a time. */
static const char *abstract(const char *name)
{
    static char room[8][ROOM];
    static unsigned next;
    char *p = room[next++ % 8];

    snprintf(p, ROOM, "@%s/%s", dir, name);
    return p;
}

/* A path in the directory; several at a time. */
static const char *path(const char *name)
{
    return abstract(name) + 1;
}

static bool exists(const char *name)
{
    struct stat st;

    return lstat(path(name), &st) == 0;
}

static gonet_unix_addr_t named(const char *net, const char *name)
{
    gonet_unix_addr_t addr;

    assert_int_equal(gonet_resolve_unix_addr(net, name, &addr, NULL), 0);
    return addr;
}

/* Compares the error with a text in which % is the directory, and releases it. */
static void error_is(gonet_error_t **err, const char *want)
{
    char text[512] = "", *out = text;

    for (; *want != '\0'; want++)
        out = *want == '%' ? stpcpy(out, dir) : (*out = *want, out + 1);
    *out = '\0';
    assert_string_equal(gonet_error_string(*err), text);
    gonet_error_set(err, NULL);
}

static void name_is(const gonet_addr_t *addr, const char *net, const char *name)
{
    char text[GONET_ADDR_STRLEN];

    assert_non_null(addr);
    assert_int_equal(addr->kind, GONET_ADDR_UNIX);
    assert_string_equal(gonet_addr_network(addr), net);
    assert_string_equal(gonet_addr_string(addr, text, sizeof(text)), name);
}

/* A listener, a connection dialed to it and its other end. */
typedef struct {
    gonet_unix_listener_t *l;
    gonet_unix_conn_t *a;
    gonet_unix_conn_t *b;
} pair_t;

static void pair_open(pair_t *p, const char *net, const char *name)
{
    gonet_unix_addr_t addr = named(net, name);
    gonet_error_t *err = NULL;

    p->l = gonet_listen_unix(net, &addr, &err);
    assert_string_equal(gonet_error_string(err), "<nil>");
    p->a = gonet_dial_unix(net, NULL, &addr, &err);
    assert_string_equal(gonet_error_string(err), "<nil>");
    p->b = gonet_unix_listener_accept_unix(p->l, &err);
    assert_non_null(p->b);
}

static void pair_close(pair_t *p)
{
    gonet_unix_conn_free(p->a);
    gonet_unix_conn_free(p->b);
    gonet_unix_listener_free(p->l);
}

static gonet_unix_conn_t *bound(const char *name)
{
    gonet_unix_addr_t addr = named("unixgram", name);
    gonet_unix_conn_t *c = gonet_listen_unixgram("unixgram", &addr, NULL);

    assert_non_null(c);
    return c;
}

static void test_names(void **state)
{
    static const char *const nets[] = {"unix", "unixpacket"};
    pair_t p;

    (void)state;
    for (int i = 0; i < 2; i++) {
        pair_open(&p, nets[i], path("s"));
        name_is(gonet_unix_listener_addr(p.l), nets[i], path("s"));
        name_is(gonet_unix_conn_local_addr(p.a), nets[i], "@");
        name_is(gonet_unix_conn_remote_addr(p.a), nets[i], path("s"));
        name_is(gonet_unix_conn_local_addr(p.b), nets[i], path("s"));
        name_is(gonet_unix_conn_remote_addr(p.b), nets[i], "@");
        pair_close(&p);
    }
    pair_open(&p, "unix", abstract("a name"));
    name_is(gonet_unix_conn_remote_addr(p.a), "unix", abstract("a name"));
    pair_close(&p);
}

static void test_autobind(void **state)
{
    gonet_error_t *err = NULL;
    gonet_listener_t *l = gonet_listen("unix", "", &err);
    gonet_packet_conn_t *c = gonet_listen_packet("unixgram", "", &err);
    const char *name;

    (void)state;
    assert_non_null(l);
    assert_non_null(c);
    name = gonet_addr_as_unix(gonet_listener_addr(l))->name;
    assert_true(name[0] == '@' && strlen(name) == 6);
    name = gonet_addr_as_unix(gonet_packet_conn_local_addr(c))->name;
    assert_true(name[0] == '@' && strlen(name) == 6);
    gonet_packet_conn_free(c);
    gonet_listener_free(l);
    l = gonet_listen("unix", "@", &err);
    assert_non_null(l);
    name_is(gonet_listener_addr(l), "unix", "@");
    gonet_listener_free(l);
}

static void test_stream(void **state)
{
    gonet_error_t *err = NULL;
    gonet_addr_t from;
    char buf[16];
    pair_t p;

    (void)state;
    pair_open(&p, "unix", path("s"));
    assert_int_equal(gonet_unix_conn_write(p.a, "hello", 5, &err), 5);
    assert_int_equal(gonet_unix_conn_read(p.b, buf, sizeof(buf), &err), 5);
    assert_int_equal(gonet_unix_conn_write(p.b, "hi", 2, &err), 2);
    assert_int_equal(gonet_unix_conn_read_from(p.a, buf, sizeof(buf), &from, &err), 2);
    name_is(&from, "unix", path("s"));
    assert_int_equal(gonet_unix_conn_write(p.a, "x", 1, &err), 1);
    assert_int_equal(gonet_unix_conn_read_from(p.b, buf, sizeof(buf), &from, &err), 1);
    assert_int_equal(from.kind, GONET_ADDR_NONE);
    assert_int_equal(gonet_unix_conn_close_write(p.b, &err), 0);
    assert_int_equal(gonet_unix_conn_read(p.a, buf, sizeof(buf), &err), 0);
    assert_ptr_equal(err, gonet_eof);
    assert_int_equal(gonet_unix_conn_read_from(p.a, buf, sizeof(buf), &from, &err), 0);
    assert_ptr_not_equal(err, gonet_eof);
    assert_true(gonet_error_is(err, gonet_eof));
    error_is(&err, "read unix @->%/s: EOF");
    assert_int_equal(gonet_unix_conn_read_from_unix(p.a, buf, sizeof(buf), NULL, &err), 0);
    error_is(&err, "read unix @->%/s: EOF");
    assert_int_equal(
        gonet_unix_conn_read_msg_unix(p.a, buf, sizeof(buf), NULL, 0, NULL, NULL, NULL, &err), 0);
    error_is(&err, "read unix @->%/s: EOF");
    assert_int_equal(gonet_unix_conn_close_read(p.a, &err), 0);
    assert_int_equal(gonet_unix_conn_close(p.a, &err), 0);
    assert_int_equal(gonet_unix_conn_close(p.a, &err), -1);
    error_is(&err, "close unix @->%/s: use of closed network connection");
    assert_int_equal(gonet_unix_conn_set_write_buffer(p.a, 4096, &err), -1);
    error_is(&err, "set unix @: use of closed network connection");
    assert_int_equal(gonet_unix_conn_set_read_buffer(p.b, 4096, &err), 0);
    assert_int_equal(gonet_unix_conn_write(p.b, "x", 1, &err), -1);
    error_is(&err, "write unix %/s->@: write: broken pipe");
    pair_close(&p);
}

static void test_records(void **state)
{
    gonet_error_t *err = NULL;
    int flags = 0;
    char buf[16];
    pair_t p;

    (void)state;
    pair_open(&p, "unixpacket", path("s"));
    assert_int_equal(gonet_unix_conn_write(p.a, "record", 6, &err), 6);
    assert_int_equal(gonet_unix_conn_write(p.a, "second", 6, &err), 6);
    assert_int_equal(gonet_unix_conn_read(p.b, buf, 3, &err), 3); /* the rest is lost */
    assert_int_equal(gonet_unix_conn_read_msg_unix(p.b, buf, 4, NULL, 0, NULL, &flags, NULL, &err),
                     4);
    assert_memory_equal(buf, "seco", 4);
    assert_true((flags & MSG_TRUNC) != 0);
    assert_int_equal(gonet_unix_conn_write(p.a, "", 0, &err), 0);
    assert_int_equal(gonet_unix_conn_read(p.b, buf, 4, &err), 0); /* behaviour 9.13 */
    assert_ptr_equal(err, gonet_eof);
    assert_int_equal(gonet_unix_conn_write(p.a, "z", 1, &err), 1);
    assert_int_equal(gonet_unix_conn_read(p.b, buf, 4, &err), 1);
    assert_null(err);
    pair_close(&p);
}

static void test_datagrams(void **state)
{
    gonet_unix_conn_t *a = bound(path("a")), *b = bound(path("b")), *c, *d;
    gonet_unix_addr_t to = named("unixgram", path("b")), from;
    gonet_error_t *err = NULL;
    char buf[16];

    (void)state;
    assert_int_equal(gonet_unix_conn_write_to_unix(a, "abc", 3, &to, &err), 3);
    assert_int_equal(gonet_unix_conn_read_from_unix(b, buf, 2, &from, &err), 2);
    assert_string_equal(from.name, path("a"));
    assert_string_equal(from.net, "unixgram");
    assert_int_equal(gonet_unix_conn_write(a, "x", 1, &err), -1);
    error_is(&err, "write unixgram %/a: write: transport endpoint is not connected");
    c = gonet_dial_unix("unixgram", NULL, &to, &err);
    assert_non_null(c);
    assert_int_equal(gonet_unix_conn_write(c, "", 0, &err), 0);
    assert_int_equal(gonet_unix_conn_read_from_unix(b, buf, sizeof(buf), &from, &err), 0);
    assert_null(err);
    assert_string_equal(from.name, "");
    assert_string_equal(from.net, "");
    assert_int_equal(gonet_unix_conn_write(c, "", 0, &err), 0);
    assert_int_equal(gonet_unix_conn_read(b, buf, sizeof(buf), &err), 0);
    assert_null(err);
    from = named("unixgram", path("d"));
    d = gonet_dial_unix("unixgram", &from, NULL, &err); /* bound, not connected */
    assert_non_null(d);
    assert_int_equal(gonet_unix_conn_write_to_unix(d, "xyz", 3, &to, &err), 3);
    assert_int_equal(gonet_unix_conn_read(b, buf, sizeof(buf), &err), 3);
    gonet_unix_conn_free(b);
    assert_int_equal(gonet_unix_conn_write_to_unix(a, "x", 1, &to, &err), -1);
    error_is(&err, "write unixgram %/a->%/b: sendto: connection refused");
    gonet_unix_conn_free(a);
    gonet_unix_conn_free(c);
    gonet_unix_conn_free(d);
    assert_true(exists("a") && exists("b") && exists("d")); /* nothing is removed */
    assert_int_equal(unlink(path("a")) + unlink(path("b")) + unlink(path("d")), 0);
}

/* Who may say where a message goes (behaviour 15.12). */
static void test_write_to(void **state)
{
    gonet_unix_addr_t stream, gram;
    gonet_addr_t other = {.kind = GONET_ADDR_TCP};
    gonet_error_t *err = NULL;
    gonet_unix_conn_t *c;
    pair_t p;

    (void)state;
    pair_open(&p, "unix", path("s"));
    stream = named("unix", path("s"));
    gram = named("unixgram", path("s"));
    assert_int_equal(gonet_unix_conn_write_to_unix(p.a, "x", 1, &stream, &err), -1);
    assert_true(gonet_error_is(err, gonet_err_write_to_connected));
    error_is(&err, "write unix @->%/s: use of WriteTo with pre-connected connection");
    assert_int_equal(gonet_unix_conn_write_to_unix(p.a, "x", 1, NULL, &err), -1);
    error_is(&err, "write unix @: use of WriteTo with pre-connected connection");
    assert_int_equal(gonet_unix_conn_write_to_unix(p.b, "x", 1, NULL, &err), -1);
    error_is(&err, "write unix %/s: missing address");
    assert_int_equal(gonet_unix_conn_write_to_unix(p.b, "x", 1, &gram, &err), -1);
    error_is(&err, "write unix %/s->%/s: address family not supported by protocol");
    assert_int_equal(gonet_unix_conn_write_to_unix(p.b, "x", 1, &stream, &err), -1);
    error_is(&err, "write unix %/s->%/s: sendto: transport endpoint is already connected");
    assert_int_equal(gonet_unix_conn_write_to(p.b, "x", 1, NULL, &err), -1);
    error_is(&err, "write unix %/s: invalid argument");
    assert_int_equal(gonet_unix_conn_write_to(p.b, "x", 1, &other, &err), -1);
    error_is(&err, "write unix %/s->:0: invalid argument");
    pair_close(&p);
    c = bound(abstract("gram"));
    gram = named("unixgram", "");
    assert_int_equal(gonet_unix_conn_write_to_unix(c, "x", 1, &gram, &err), -1);
    error_is(&err, "write unixgram @%/gram->: sendto: invalid argument");
    memset(gram.name, 'n', 110);
    assert_int_equal(gonet_unix_conn_write_to_unix(c, "x", 1, &gram, &err), -1);
    assert_non_null(strstr(gonet_error_string(err), "nnn: sendto: invalid argument"));
    assert_int_equal(gonet_unix_conn_write_msg_unix(c, "x", 1, NULL, 0, &gram, NULL, &err), -1);
    assert_non_null(strstr(gonet_error_string(err), "nnn: sendmsg: invalid argument"));
    gonet_error_free(err);
    gonet_unix_conn_free(c);
}

static void test_write_msg(void **state)
{
    gonet_unix_conn_t *c = bound(abstract("c")), *d;
    gonet_unix_addr_t to = named("unixgram", abstract("c")), stream = named("unix", abstract("s"));
    gonet_error_t *err = NULL;
    size_t oobn = 9;
    char buf[4];
    pair_t p;

    (void)state;
    d = gonet_dial_unix("unixgram", NULL, &to, &err);
    assert_int_equal(gonet_unix_conn_write_msg_unix(d, "x", 1, NULL, 0, NULL, &oobn, &err), -1);
    error_is(&err, "write unixgram @: use of WriteTo with pre-connected connection");
    assert_int_equal(oobn, 0);
    assert_int_equal(gonet_unix_conn_write_msg_unix(d, "x", 1, NULL, 0, &to, NULL, &err), -1);
    error_is(&err, "write unixgram @->@%/c: use of WriteTo with pre-connected connection");
    assert_int_equal(gonet_unix_conn_write_msg_unix(c, "x", 1, NULL, 0, NULL, NULL, &err), -1);
    error_is(&err, "write unixgram @%/c: sendmsg: transport endpoint is not connected");
    assert_int_equal(gonet_unix_conn_write_msg_unix(c, "x", 1, NULL, 0, &stream, NULL, &err), -1);
    error_is(&err, "write unixgram @%/c->@%/s: address family not supported by protocol");
    assert_int_equal(gonet_unix_conn_write_msg_unix(c, "xy", 2, NULL, 0, &to, NULL, &err), 2);
    assert_int_equal(gonet_unix_conn_read(c, buf, sizeof(buf), &err), 2);
    gonet_unix_conn_free(c);
    gonet_unix_conn_free(d);
    pair_open(&p, "unix", abstract("s"));
    assert_int_equal(gonet_unix_conn_write_msg_unix(p.a, "xy", 2, NULL, 0, NULL, NULL, &err), 2);
    assert_int_equal(gonet_unix_conn_read(p.b, buf, sizeof(buf), &err), 2);
    assert_int_equal(gonet_unix_conn_write_msg_unix(p.a, "xy", 2, NULL, 0, &to, NULL, &err), -1);
    error_is(&err, "write unix @->@%/c: address family not supported by protocol");
    pair_close(&p);
}

/* Sends a descriptor of a pipe, which the other end writes to. */
static void pass_descriptor(gonet_unix_conn_t *from, gonet_unix_conn_t *to,
                            const gonet_unix_addr_t *addr, size_t len)
{
    union {
        struct cmsghdr h;
        char room[CMSG_SPACE(sizeof(int))];
    } out = {.h = {.cmsg_len = CMSG_LEN(sizeof(int)),
                   .cmsg_level = SOL_SOCKET,
                   .cmsg_type = SCM_RIGHTS}},
      in;
    bool datagram = addr != NULL;
    gonet_error_t *err = NULL;
    int fds[2], copy, flags = 0;
    size_t oobn = 0;
    char buf[4];

    assert_int_equal(pipe(fds), 0);
    memcpy(CMSG_DATA(&out.h), &fds[1], sizeof(int));
    assert_int_equal(
        gonet_unix_conn_write_msg_unix(from, "abc", len, &out, sizeof(out), addr, &oobn, &err),
        len);
    assert_int_equal(oobn, sizeof(out));
    close(fds[1]);
    assert_int_equal(
        gonet_unix_conn_read_msg_unix(to, buf, len, &in, sizeof(in), &oobn, &flags, NULL, &err),
        len > 0 || datagram ? len : 1);
    assert_null(err);
    assert_int_equal(oobn, sizeof(in));
    assert_int_equal(flags & MSG_CMSG_CLOEXEC, MSG_CMSG_CLOEXEC);
    assert_int_equal(in.h.cmsg_type, SCM_RIGHTS);
    memcpy(&copy, CMSG_DATA(&in.h), sizeof(int));
    assert_int_equal(fcntl(copy, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(write(copy, "!", 1), 1);
    assert_int_equal(read(fds[0], buf, 1), 1);
    close(copy);
    close(fds[0]);
}

static void test_descriptors(void **state)
{
    gonet_unix_addr_t to = named("unixgram", abstract("to"));
    gonet_unix_conn_t *a = bound(abstract("from")), *b = bound(abstract("to"));
    pair_t p;

    (void)state;
    pass_descriptor(a, b, &to, 3);
    pass_descriptor(a, b, &to, 0);
    gonet_unix_conn_free(a);
    gonet_unix_conn_free(b);
    pair_open(&p, "unix", abstract("s"));
    pass_descriptor(p.a, p.b, NULL, 3);
    pass_descriptor(p.b, p.a, NULL, 0);
    pair_close(&p);
    pair_open(&p, "unixpacket", abstract("s"));
    pass_descriptor(p.a, p.b, NULL, 3);
    pass_descriptor(p.b, p.a, NULL, 0);
    pair_close(&p);
}

static void set_passcred(void *arg, int fd)
{
    int on = 1;

    *(int *)arg = setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

static void test_credentials(void **state)
{
    char room[CMSG_SPACE(sizeof(struct ucred))], buf[4];
    struct cmsghdr h;
    struct ucred who;
    gonet_raw_conn_t *raw;
    int result = -1;
    size_t oobn;
    pair_t p;

    (void)state;
    pair_open(&p, "unix", abstract("s"));
    raw = gonet_unix_conn_syscall_conn(p.b, NULL);
    assert_int_equal(gonet_raw_conn_control(raw, set_passcred, &result, NULL), 0);
    assert_int_equal(result, 0);
    gonet_raw_conn_free(raw);
    assert_int_equal(gonet_unix_conn_write(p.a, "x", 1, NULL), 1);
    assert_int_equal(gonet_unix_conn_read_msg_unix(p.b, buf, sizeof(buf), room, sizeof(room), &oobn,
                                                   NULL, NULL, NULL),
                     1);
    assert_int_equal(oobn, sizeof(room));
    memcpy(&h, room, sizeof(h));
    memcpy(&who, room + CMSG_LEN(0), sizeof(who));
    assert_int_equal(h.cmsg_type, SCM_CREDENTIALS);
    assert_int_equal(who.pid, getpid());
    pair_close(&p);
}

/* What becomes of a listener's path (behaviour 15.7-15.9). */
static void test_paths(void **state)
{
    gonet_unix_addr_t addr = named("unix", path("s"));
    gonet_error_t *err = NULL;
    gonet_unix_listener_t *l = gonet_listen_unix("unix", &addr, &err), *m;

    (void)state;
    assert_true(exists("s"));
    m = gonet_listen_unix("unix", &addr, &err);
    assert_null(m);
    error_is(&err, "listen unix %/s: bind: address already in use");
    assert_true(exists("s"));
    assert_int_equal(gonet_unix_listener_close(l, &err), 0);
    assert_false(exists("s"));
    assert_null(gonet_dial_unix("unix", NULL, &addr, &err));
    error_is(&err, "dial unix %/s: connect: no such file or directory");
    m = gonet_listen_unix("unix", &addr, &err);
    assert_int_equal(gonet_unix_listener_close(l, &err), -1); /* not the first close */
    error_is(&err, "close unix %/s: use of closed network connection");
    gonet_unix_listener_free(l);
    assert_true(exists("s"));
    gonet_unix_listener_set_unlink_on_close(m, false);
    gonet_unix_listener_free(m);
    assert_true(exists("s"));
    assert_null(gonet_dial_unix("unix", NULL, &addr, &err));
    error_is(&err, "dial unix %/s: connect: connection refused");
    assert_int_equal(unlink(path("s")), 0);
    l = gonet_listen_unix("unix", &addr, &err);
    gonet_unix_listener_free(l); /* closes, too */
    assert_false(exists("s"));
}

/* Forks; the child says whether it removes the path, if it does, and closes its copy of l. */
static void close_in_child(gonet_unix_listener_t *l, bool claim)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        if (claim)
            gonet_unix_listener_set_unlink_on_close(l, true);
        CHILD_CHECK(gonet_unix_listener_close(l, NULL) == 0);
        child_exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* The path is the parent's, which still listens on it, unless the child takes it over. */
static void test_path_and_fork(void **state)
{
    gonet_unix_addr_t addr = named("unix", path("s"));
    gonet_unix_listener_t *l = gonet_listen_unix("unix", &addr, NULL);
    gonet_unix_conn_t *c;

    (void)state;
    assert_non_null(l);
    close_in_child(l, false);
    assert_true(exists("s"));
    c = gonet_dial_unix("unix", NULL, &addr, NULL);
    assert_non_null(c);
    gonet_unix_conn_free(c);
    close_in_child(l, true);
    assert_false(exists("s"));
    gonet_unix_listener_free(l);
}

static void test_dial_bound(void **state)
{
    gonet_unix_addr_t from = named("unix", path("c")), to = named("unix", path("s"));
    gonet_unix_listener_t *l = gonet_listen_unix("unix", &to, NULL);
    gonet_error_t *err = NULL;
    gonet_unix_conn_t *c = gonet_dial_unix("unix", &from, &to, &err), *s;

    (void)state;
    assert_non_null(c);
    s = gonet_unix_listener_accept_unix(l, NULL);
    name_is(gonet_unix_conn_local_addr(c), "unix", path("c"));
    name_is(gonet_unix_conn_remote_addr(s), "unix", path("c"));
    gonet_unix_conn_free(c);
    gonet_unix_conn_free(s);
    assert_true(exists("c"));
    c = gonet_dial_unix("unix", &from, &to, &err);
    assert_null(c);
    error_is(&err, "dial unix %/c->%/s: bind: address already in use");
    unlink(path("c"));
    gonet_unix_listener_free(l);
}

static void test_local_addr(void **state)
{
    gonet_unix_addr_t addr = named("unixgram", abstract("x"));
    gonet_addr_t local = gonet_unix_addr_as_addr(&addr);
    gonet_dialer_t d = {.local_addr = &local};
    gonet_error_t *err = NULL;
    gonet_conn_t *c = gonet_dialer_dial(&d, "unix", abstract("s"), &err);

    (void)state;
    assert_null(c);
    error_is(&err, "dial unix: address @%/x: mismatched local address type");
    c = gonet_dialer_dial(&d, "unixgram", abstract("s"), &err);
    assert_null(c);
    error_is(&err, "dial unixgram @%/x->@%/s: connect: connection refused");
}

/* The type of the socket follows from the network alone (behaviour 8.1). */
static void test_wrong_calls(void **state)
{
    gonet_error_t *err = NULL;
    gonet_listener_t *l = gonet_listen("unixgram", abstract("zz"), &err);
    gonet_packet_conn_t *c = gonet_listen_packet("unix", abstract("yy"), &err);
    char buf[4];

    (void)state;
    assert_non_null(l);
    assert_non_null(c);
    assert_null(gonet_listener_accept(l, &err));
    error_is(&err, "accept unixgram @%/zz: accept4: operation not supported");
    assert_int_equal(gonet_packet_conn_read_from(c, buf, sizeof(buf), NULL, &err), -1);
    error_is(&err, "read unix @%/yy: recvfrom: invalid argument");
    gonet_listener_free(l);
    gonet_packet_conn_free(c);
}

static void test_listener(void **state)
{
    gonet_unix_addr_t addr = named("unix", path("s"));
    gonet_error_t *err = NULL;
    gonet_unix_listener_t *l = gonet_listen_unix("unix", &addr, &err);

    (void)state;
    assert_int_equal(gonet_unix_listener_set_deadline(l, (gonet_time_t){1}, &err), 0);
    assert_null(gonet_unix_listener_accept(l, &err));
    assert_true(gonet_error_timeout(err));
    error_is(&err, "accept unix %/s: i/o timeout");
    assert_int_equal(gonet_unix_listener_close(l, &err), 0);
    assert_null(gonet_unix_listener_accept(l, &err));
    error_is(&err, "accept unix %/s: use of closed network connection");
    assert_int_equal(gonet_unix_listener_set_deadline(l, gonet_no_deadline, &err), -1);
    assert_ptr_equal(err, gonet_err_closed);
    assert_int_equal(gonet_unix_listener_file(l, &err), -1);
    error_is(&err, "file unix %/s: use of closed network connection");
    name_is(gonet_unix_listener_addr(l), "unix", path("s"));
    gonet_unix_listener_free(l);
}

/* A full backlog is told at once, as a timeout (behaviour 7.10). */
static void test_full_backlog(void **state)
{
    const char *name = abstract("full");
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gonet_conn_t *c[4] = {NULL};
    gonet_error_t *err = NULL;
    int n = 0;

    (void)state;
    memcpy(sa.sun_path + 1, name + 1, strlen(name) - 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
    assert_int_equal(listen(fd, 0), 0);
    while (n < 4 && (c[n] = gonet_dial("unix", name, &err)) != NULL)
        n++;
    assert_true(n > 0 && n < 4);
    assert_true(gonet_error_timeout(err) && gonet_error_temporary(err));
    error_is(&err, "dial unix @%/full: connect: resource temporarily unavailable");
    while (n > 0)
        gonet_conn_free(c[--n]);
    close(fd);
}

/* A full queue of the receiver holds the sender up (behaviour 15.16). */
static void test_full_queue(void **state)
{
    gonet_unix_conn_t *b = bound(abstract("full")), *a;
    gonet_unix_addr_t to = named("unixgram", abstract("full"));
    gonet_error_t *err = NULL;
    char buf[4];
    int sent = 0;

    (void)state;
    a = gonet_dial_unix("unixgram", NULL, &to, &err);
    while (send(net_descriptor(gonet_unix_conn_as_conn(a)), "x", 1, MSG_DONTWAIT) == 1)
        sent++;
    gonet_unix_conn_set_write_deadline(a, gonet_after(20 * GONET_MILLISECOND), NULL);
    assert_int_equal(gonet_unix_conn_write(a, "x", 1, &err), -1);
    error_is(&err, "write unixgram @->@%/full: i/o timeout");
    assert_true(sent > 0);
    gonet_unix_conn_set_write_deadline(a, gonet_no_deadline, NULL);
    for (; sent > 0; sent--)
        assert_int_equal(gonet_unix_conn_read(b, buf, sizeof(buf), &err), 1);
    assert_int_equal(gonet_unix_conn_write(a, "x", 1, &err), 1);
    gonet_unix_conn_free(a);
    gonet_unix_conn_free(b);
}

static void test_files(void **state)
{
    gonet_error_t *err = NULL;
    gonet_unix_conn_t *gram = bound(abstract("g"));
    gonet_listener_t *l;
    gonet_packet_conn_t *pc;
    gonet_conn_t *c;
    int fd;
    pair_t p;

    (void)state;
    pair_open(&p, "unix", path("s"));
    fd = gonet_unix_conn_file(p.a, &err);
    assert_true(fd >= 0);
    c = gonet_file_conn(fd, &err);
    assert_non_null(gonet_conn_as_unix(c));
    name_is(gonet_conn_remote_addr(c), "unix", path("s"));
    assert_int_equal(gonet_conn_write(c, "x", 1, &err), 1);
    gonet_conn_free(c);
    assert_null(gonet_file_listener(-1, &err));
    error_is(&err, "file file+net /dev/fd/-1: fcntl: bad file descriptor");
    close(fd);
    fd = gonet_unix_listener_file(p.l, &err);
    l = gonet_file_listener(fd, &err);
    assert_non_null(gonet_listener_as_unix(l));
    name_is(gonet_listener_addr(l), "unix", path("s"));
    gonet_listener_free(l); /* leaves the path (behaviour 16.8) */
    assert_true(exists("s"));
    close(fd);
    pair_close(&p);
    fd = gonet_unix_conn_file(gram, &err);
    pc = gonet_file_packet_conn(fd, &err);
    assert_non_null(gonet_packet_conn_as_unix(pc));
    name_is(gonet_packet_conn_local_addr(pc), "unixgram", abstract("g"));
    gonet_packet_conn_free(pc);
    close(fd);
    gonet_unix_conn_free(gram);
}

/* All pieces are one datagram (behaviour 18.7). */
static void test_pieces(void **state)
{
    char text[] = "abcde";
    struct iovec v[3] = {{text, 2}, {NULL, 0}, {text + 2, 3}};
    gonet_buffers_t buffers = {v, 3};
    gonet_unix_conn_t *b = bound(abstract("b")), *a;
    gonet_unix_addr_t to = named("unixgram", abstract("b"));
    gonet_error_t *err = NULL;
    char buf[16];

    (void)state;
    a = gonet_dial_unix("unixgram", NULL, &to, &err);
    assert_int_equal(gonet_buffers_write_to(&buffers, gonet_unix_conn_as_writer(a), &err), 5);
    assert_int_equal(gonet_unix_conn_read(b, buf, sizeof(buf), &err), 5);
    assert_memory_equal(buf, "abcde", 5);
    gonet_unix_conn_free(b);
    v[0] = (struct iovec){text, 1};
    buffers = (gonet_buffers_t){v, 1};
    assert_int_equal(gonet_buffers_write_to(&buffers, gonet_unix_conn_as_writer(a), &err), -1);
    error_is(&err, "writev unixgram @->@%/b: writev: connection refused");
    gonet_unix_conn_free(a);
}

/* A copy into TCP takes everything from a stream, and single records from others. */
static void copy_to_tcp(const char *net)
{
    gonet_error_t *err = NULL;
    gonet_tcp_addr_t any = {.ip = gonet_ipv4(127, 0, 0, 1)};
    gonet_tcp_listener_t *l = gonet_listen_tcp("tcp", &any, &err);
    gonet_tcp_conn_t *c, *s;
    char buf[16];
    pair_t p;

    pair_open(&p, net, abstract("s"));
    c = gonet_dial_tcp("tcp", NULL, gonet_addr_as_tcp(gonet_tcp_listener_addr(l)), &err);
    s = gonet_tcp_listener_accept_tcp(l, &err);
    assert_int_equal(gonet_unix_conn_write(p.a, "hello", 5, &err), 5);
    assert_int_equal(gonet_unix_conn_write(p.a, ", you", 5, &err), 5);
    assert_int_equal(gonet_unix_conn_close_write(p.a, &err), 0);
    assert_int_equal(gonet_tcp_conn_read_from(c, gonet_unix_conn_as_reader(p.b), &err), 10);
    assert_int_equal(gonet_read_full(gonet_tcp_conn_as_reader(s), buf, 10, NULL, &err), 0);
    assert_memory_equal(buf, "hello, you", 10);
    gonet_tcp_conn_free(c);
    gonet_tcp_conn_free(s);
    gonet_tcp_listener_free(l);
    pair_close(&p);
}

static void test_copy(void **state)
{
    (void)state;
    copy_to_tcp("unix");
    copy_to_tcp("unixpacket");
}

static void test_casts(void **state)
{
    pair_t p;
    gonet_conn_t *c;

    (void)state;
    pair_open(&p, "unix", abstract("s"));
    c = gonet_unix_conn_as_conn(p.a);
    assert_ptr_equal(gonet_conn_as_unix(c), p.a);
    assert_ptr_equal(gonet_packet_conn_as_unix(gonet_conn_as_packet_conn(c)), p.a);
    assert_ptr_equal(gonet_packet_conn_as_conn(gonet_unix_conn_as_packet_conn(p.a)), c);
    assert_ptr_equal(gonet_listener_as_unix(gonet_unix_listener_as_listener(p.l)), p.l);
    assert_null(gonet_conn_as_unix(NULL));
    assert_null(gonet_packet_conn_as_unix(NULL));
    assert_null(gonet_listener_as_unix(NULL));
    assert_int_equal(gonet_unix_conn_write_to_unix(NULL, "x", 1, NULL, NULL), -1);
    assert_int_equal(gonet_unix_conn_read(NULL, NULL, 0, NULL), -1);
    assert_null(gonet_unix_conn_local_addr(NULL));
    gonet_unix_conn_free(gonet_unix_conn_ref(p.a));
    gonet_unix_listener_free(gonet_unix_listener_ref(p.l));
    pair_close(&p);
}

/* Names of any length are refused alike, and shown whole. */
static void test_long_names(void **state)
{
    gonet_error_t *err = NULL;
    char name[300], want[400];

    (void)state;
    for (size_t len = 108; len < sizeof(name); len += 19) {
        memset(name, 'n', len);
        name[len] = '\0';
        assert_null(gonet_dial("unix", name, &err));
        snprintf(want, sizeof(want), "dial unix %s: connect: invalid argument", name);
        error_is(&err, want);
        assert_null(gonet_listen("unixpacket", name, &err));
        snprintf(want, sizeof(want), "listen unixpacket %s: bind: invalid argument", name);
        error_is(&err, want);
        assert_null(gonet_listen_packet("unixgram", name, &err));
        snprintf(want, sizeof(want), "listen unixgram %s: bind: invalid argument", name);
        assert_true(gonet_error_is_errno(err, EINVAL));
        error_is(&err, want);
    }
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_names),         LEAK_TEST(test_autobind),    LEAK_TEST(test_stream),
        LEAK_TEST(test_records),       LEAK_TEST(test_datagrams),   LEAK_TEST(test_write_to),
        LEAK_TEST(test_write_msg),     LEAK_TEST(test_descriptors), LEAK_TEST(test_credentials),
        LEAK_TEST(test_paths),         LEAK_TEST(test_dial_bound),  LEAK_TEST(test_local_addr),
        LEAK_TEST(test_wrong_calls),   LEAK_TEST(test_listener),    LEAK_TEST(test_full_backlog),
        LEAK_TEST(test_full_queue),    LEAK_TEST(test_files),       LEAK_TEST(test_casts),
        LEAK_TEST(test_long_names),    LEAK_TEST(test_pieces),      LEAK_TEST(test_copy),
        LEAK_TEST(test_path_and_fork),
    };

    return cmocka_run_group_tests_name("unix", tests, make_dir, remove_dir);
}
