/*
 * Connections that carry streams or records, and what is done with them: TCP, the unix types,
 * pipes, files, raw connections, buffers, copies.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faults/fault.h"
#include "faults/scenario.h"
#include "gonet.h"

#define LEN  4096
#define BULK ((size_t)512 << 10) /* more than a pipe, and than what a socket takes at once */

/* A connection's two ends, and what they were made with. */
typedef struct {
    const char *network;
    const char *address;
    gonet_listener_t *l;
    gonet_conn_t *a, *b;
} ends_t;

static bool ends_listen(ends_t *e, part_t *p)
{
    scenario_lends(&e->a, &e->b, &e->l);
    STEP(p, (e->l = gonet_listen(e->network, e->address, &p->err)) != NULL);
    STEP(p, gonet_listener_set_deadline(e->l, LATER, &p->err) == 0);
    return true;
done:
    return false;
}

static bool ends_dial(ends_t *e, part_t *p)
{
    char text[GONET_ADDR_STRLEN];
    const gonet_addr_t *addr = gonet_listener_addr(e->l);

    /* A listener whose name the kernel did not tell has none, as in Go. */
    p->errnum = 0;
    if (addr == NULL || gonet_addr_string(addr, text, sizeof(text)) == NULL) {
        p->err = gonet_error_new("no address");
        p->step = "gonet_listener_addr";
        return false;
    }
    STEP(p, (e->a = gonet_dial(e->network, text, &p->err)) != NULL);
    STEP(p, gonet_conn_set_deadline(e->a, LATER, &p->err) == 0);
    return true;
done:
    return false;
}

static bool ends_accept(ends_t *e, part_t *p)
{
    STEP(p, (e->b = gonet_listener_accept(e->l, &p->err)) != NULL);
    STEP(p, gonet_conn_set_deadline(e->b, LATER, &p->err) == 0);
    return true;
done:
    return false;
}

static bool ends_open(ends_t *e, part_t *p)
{
    return ends_listen(e, p) && ends_dial(e, p) && ends_accept(e, p);
}

static void ends_free(ends_t *e)
{
    scenario_lends(NULL, NULL, NULL);
    gonet_conn_free(e->a);
    gonet_conn_free(e->b);
    gonet_listener_free(e->l);
}

/* What is sent, made once: the runs are many. */
static unsigned char content[BULK];
static int content_file;

static void make_content(void)
{
    for (size_t i = 0; i < BULK; i++)
        content[i] = (unsigned char)(i * 7 + i / 251);
    content_file = memfd_create("content", MFD_CLOEXEC);
    if (content_file < 0 || write(content_file, content, BULK) != (ssize_t)BULK)
        abort();
}

static bool is_content(const unsigned char *p, size_t len)
{
    return memcmp(p, content, len) == 0;
}

/* ---- a life, alone ---- */

static void life(ends_t *e, part_t *p)
{
    unsigned char in[LEN] = {0};

    if (!ends_open(e, p))
        return;
    STEP(p, gonet_conn_write(e->a, content, LEN, &p->err) == LEN);
    STEP(p, gonet_read_full(gonet_conn_as_reader(e->b), in, LEN, NULL, &p->err) == 0);
    CHECK(is_content(in, LEN));
    STEP(p, gonet_conn_close_write(e->b, &p->err) == 0);
    STEP(p, gonet_conn_read(e->a, in, 1, &p->err) == 0);
    CHECK(p->err == gonet_eof);
    STEP(p, gonet_conn_close(e->a, &p->err) == 0);
    STEP(p, gonet_conn_read(e->b, in, 1, &p->err) == 0);
    CHECK(p->err == gonet_eof);
    STEP(p, gonet_conn_close(e->b, &p->err) == 0);
    STEP(p, gonet_listener_close(e->l, &p->err) == 0);
done:;
}

#define LIFE(fn, net, where)                           \
    static void fn(run_t *r)                           \
    {                                                  \
        ends_t e = {.network = net, .address = where}; \
                                                       \
        life(&e, &r->body);                            \
        ends_free(&e);                                 \
    }

LIFE(tcp, "tcp", "127.0.0.1:0")
LIFE(tcp_wildcard, "tcp", ":0")
LIFE(unix_stream, "unix", OWN_NAME("stream"))
LIFE(unix_packet, "unixpacket", OWN_NAME("packet"))

static void unix_path(run_t *r)
{
    char dir[] = "/tmp/gonet-faults-XXXXXX";
    char path[64];
    ends_t e = {.network = "unix", .address = path};

    if (mkdtemp(dir) == NULL)
        abort();
    snprintf(path, sizeof(path), "%s/s", dir);
    life(&e, &r->body);
    ends_free(&e);
    (void)unlink(path); /* a listen that failed after bind leaves it, as Go's does */
    if (rmdir(dir) != 0)
        (void)CHECK(!"something is left in the directory");
}

/* ---- somebody waits for somebody ---- */

static void echo(run_t *r)
{
    ends_t *e = r->shared;
    part_t *p = &r->helper;
    unsigned char buf[LEN];

    if (ends_accept(e, p)) {
        STEP(p, gonet_read_full(gonet_conn_as_reader(e->b), buf, LEN, NULL, &p->err) == 0);
        STEP(p, gonet_conn_write(e->b, buf, LEN, &p->err) == LEN);
    }
done:
    if (e->b != NULL)
        (void)gonet_conn_close(e->b, NULL);
    if (p->step != NULL)
        (void)gonet_listener_close(e->l, NULL);
}

static void echoed(run_t *r, const char *network, const char *address)
{
    ends_t e = {.network = network, .address = address};
    part_t *p = &r->body;
    unsigned char in[LEN] = {0};

    r->shared = &e;
    if (!ends_listen(&e, p))
        goto done;
    STEP(p, scenario_help(r, echo));
    gonet_sleep(GONET_MILLISECOND / 10); /* it may wait by now, or not */
    if (!ends_dial(&e, p))
        goto done;
    gonet_sleep(GONET_MILLISECOND / 10);
    STEP(p, gonet_conn_write(e.a, content, LEN, &p->err) == LEN);
    STEP(p, gonet_read_full(gonet_conn_as_reader(e.a), in, LEN, NULL, &p->err) == 0);
    CHECK(is_content(in, LEN));
    STEP(p, gonet_conn_read(e.a, in, 1, &p->err) == 0);
    CHECK(p->err == gonet_eof);
done:
    if (e.a != NULL)
        (void)gonet_conn_close(e.a, NULL);
    if (p->step != NULL)
        (void)gonet_listener_close(e.l, NULL);
    scenario_join(r);
    ends_free(&e);
}

static void tcp_echo(run_t *r)
{
    echoed(r, "tcp", "127.0.0.1:0");
}

static void unix_echo(run_t *r)
{
    echoed(r, "unix", OWN_NAME("echo"));
}

static void pipe_helper(run_t *r)
{
    ends_t *e = r->shared;
    part_t *p = &r->helper;
    unsigned char buf[LEN];

    STEP(p, gonet_read_full(gonet_conn_as_reader(e->b), buf, LEN, NULL, &p->err) == 0);
    STEP(p, gonet_conn_write(e->b, buf, LEN, &p->err) == LEN);
done:
    (void)gonet_conn_close(e->b, NULL);
}

static void pipe_echo(run_t *r)
{
    ends_t e = {0};
    part_t *p = &r->body;
    unsigned char in[LEN] = {0};

    r->shared = &e;
    STEP(p, gonet_pipe(&e.a, &e.b) == 0);
    STEP(p, gonet_conn_set_deadline(e.a, LATER, &p->err) == 0);
    STEP(p, scenario_help(r, pipe_helper));
    STEP(p, gonet_conn_write(e.a, content, LEN, &p->err) == LEN);
    STEP(p, gonet_read_full(gonet_conn_as_reader(e.a), in, LEN, NULL, &p->err) == 0);
    CHECK(is_content(in, LEN));
done:
    if (e.a != NULL)
        (void)gonet_conn_close(e.a, NULL);
    scenario_join(r);
    ends_free(&e);
}

/* ---- files and raw connections ---- */

static void exact_close(int fd)
{
    fault_exempt(true);
    if (fd >= 0)
        close(fd);
    fault_exempt(false);
}

static void files(run_t *r)
{
    ends_t e = {.network = "tcp", .address = "127.0.0.1:0"};
    ends_t copy = {0};
    part_t *p = &r->body;
    unsigned char in[LEN] = {0};
    int fd = -1, listening = -1;

    if (!ends_listen(&e, p))
        goto done;
    STEP(p, (listening = gonet_listener_file(e.l, &p->err)) >= 0);
    STEP(p, (copy.l = gonet_file_listener(listening, &p->err)) != NULL);
    STEP(p, gonet_listener_set_deadline(copy.l, LATER, &p->err) == 0);
    if (!ends_dial(&e, p))
        goto done;
    STEP(p, (e.b = gonet_listener_accept(copy.l, &p->err)) != NULL);
    STEP(p, (fd = gonet_conn_file(e.a, &p->err)) >= 0);
    STEP(p, (copy.a = gonet_file_conn(fd, &p->err)) != NULL);
    STEP(p, gonet_conn_close(e.a, &p->err) == 0);
    STEP(p, gonet_conn_write(copy.a, content, LEN, &p->err) == LEN);
    STEP(p, gonet_read_full(gonet_conn_as_reader(e.b), in, LEN, NULL, &p->err) == 0);
    CHECK(is_content(in, LEN));
done:
    exact_close(fd);
    exact_close(listening);
    ends_free(&copy);
    ends_free(&e);
}

static void take_number(void *arg, int fd)
{
    *(int *)arg = fd;
}

static bool receive(void *arg, int fd)
{
    ssize_t n = recv(fd, arg, 4, MSG_DONTWAIT);

    return n >= 0 || (errno != EAGAIN && errno != EINTR);
}

static void raw(run_t *r)
{
    ends_t e = {.network = "tcp", .address = "127.0.0.1:0"};
    part_t *p = &r->body;
    gonet_raw_conn_t *rc = NULL;
    char in[4] = "";
    int fd = -1;

    if (!ends_open(&e, p))
        goto done;
    STEP(p, (rc = gonet_conn_syscall_conn(e.a, &p->err)) != NULL);
    STEP(p, gonet_raw_conn_control(rc, take_number, &fd, &p->err) == 0);
    CHECK(fd >= 0);
    STEP(p, gonet_conn_write(e.b, "raw!", 4, &p->err) == 4);
    STEP(p, gonet_raw_conn_read(rc, receive, in, &p->err) == 0);
done:
    gonet_raw_conn_free(rc);
    ends_free(&e);
}

/* ---- bulk ---- */

static void buffers(run_t *r)
{
    ends_t e = {.network = "tcp", .address = "127.0.0.1:0"};
    part_t *p = &r->body;
    unsigned char *out = content;
    unsigned char in[LEN] = {0};
    struct iovec v[4] = {{out, 100}, {out + 100, 0}, {out + 100, 900}, {out + 1000, LEN - 1000}};
    gonet_buffers_t b = {v, 4};

    if (!ends_open(&e, p))
        goto done;
    STEP(p, gonet_buffers_write_to(&b, gonet_conn_as_writer(e.a), &p->err) == LEN);
    CHECK_INT(b.n, 0);
    STEP(p, gonet_read_full(gonet_conn_as_reader(e.b), in, LEN, NULL, &p->err) == 0);
    CHECK(is_content(in, LEN));
done:
    ends_free(&e);
}

/* Reads everything, and looks at it. */
static void drain(run_t *r)
{
    ends_t *e = r->shared;
    part_t *p = &r->helper;
    unsigned char *all = malloc(BULK);

    if (all == NULL)
        abort();
    STEP(p, gonet_read_full(gonet_conn_as_reader(e->b), all, BULK, NULL, &p->err) == 0);
    CHECK(is_content(all, BULK));
    STEP(p, gonet_conn_read(e->b, all, 1, &p->err) == 0);
    CHECK(p->err == gonet_eof);
done:
    (void)gonet_conn_close(e->b, NULL);
    free(all);
}

/* The file from its beginning, with an offset of its own. */
static int open_content(void)
{
    char path[32];
    int fd;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", content_file);
    fault_exempt(true);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    fault_exempt(false);
    if (fd < 0)
        abort();
    return fd;
}

static void send_file(run_t *r)
{
    ends_t e = {.network = "tcp", .address = "127.0.0.1:0"};
    part_t *p = &r->body;
    gonet_file_reader_t *f = NULL;
    int fd = open_content();

    r->shared = &e;
    if (!ends_open(&e, p))
        goto done;
    STEP(p, (f = gonet_file_reader_new(fd, &p->err)) != NULL);
    STEP(p, scenario_help(r, drain));
    STEP(p, gonet_copy(gonet_conn_as_writer(e.a), gonet_file_reader_as_reader(f), &p->err) ==
                (int64_t)BULK);
    STEP(p, gonet_conn_close(e.a, &p->err) == 0);
done:
    if (e.a != NULL)
        (void)gonet_conn_close(e.a, NULL);
    scenario_join(r);
    gonet_file_reader_free(f);
    exact_close(fd);
    ends_free(&e);
}

/* The helper copies from one connection to another, the body writes at one end and reads at the
 * other. */
typedef struct {
    ends_t in, out;
} proxy_t;

static void relay(run_t *r)
{
    proxy_t *x = r->shared;
    part_t *p = &r->helper;
    int64_t n;

    n = gonet_copy(gonet_conn_as_writer(x->out.a), gonet_conn_as_reader(x->in.b), &p->err);
    if (n >= 0 && n < (int64_t)BULK)
        p->err = gonet_eof; /* the writer has given up */
    STEP(p, n == (int64_t)BULK);
done:
    (void)gonet_conn_close(x->out.a, NULL);
    (void)gonet_conn_close(x->in.b, NULL);
}

/* The same in both directions, of which one is silent. */
static void relay_both(run_t *r)
{
    proxy_t *x = r->shared;
    part_t *p = &r->helper;
    int64_t n;
    int result = gonet_relay(x->in.b, x->out.a, GONET_HOUR, &n, NULL, &p->err);

    if (result == 0 && n < (int64_t)BULK)
        p->err = gonet_eof; /* the writer has given up */
    STEP(p, result == 0 && n == (int64_t)BULK);
done:;
}

static void go_through(run_t *r, void (*helper)(run_t *r))
{
    proxy_t x = {.in = {.network = "tcp", .address = "127.0.0.1:0"},
                 .out = {.network = "unix", .address = OWN_NAME("proxy")}};
    part_t *p = &r->body;
    unsigned char *in = malloc(BULK);
    size_t sent = 0, got = 0;

    if (in == NULL)
        abort();
    r->shared = &x;
    if (!ends_open(&x.in, p) || !ends_open(&x.out, p))
        goto done;
    STEP(p, scenario_help(r, helper));
    while (got < BULK) { /* a piece that certainly fits into the sockets */
        size_t piece = sent < BULK ? (size_t)64 << 10 : 0;
        ssize_t n;

        if (piece > 0)
            STEP(p, gonet_conn_write(x.in.a, content + sent, piece, &p->err) == (ssize_t)piece);
        sent += piece;
        if (sent == BULK && piece > 0)
            STEP(p, gonet_conn_close_write(x.in.a, &p->err) == 0);
        if (sent - got < ((size_t)256 << 10) && sent < BULK)
            continue;
        STEP(p, (n = gonet_conn_read(x.out.b, in + got, BULK - got, &p->err)) > 0);
        got += (size_t)n;
    }
    CHECK(is_content(in, BULK));
done:
    if (x.in.a != NULL)
        (void)gonet_conn_close(x.in.a, NULL);
    if (x.out.b != NULL)
        (void)gonet_conn_close(x.out.b, NULL);
    scenario_join(r);
    ends_free(&x.in);
    ends_free(&x.out);
    free(in);
}

static void splice_through(run_t *r)
{
    go_through(r, relay);
}

static void relay_through(run_t *r)
{
    go_through(r, relay_both);
}

static void lines(run_t *r)
{
    ends_t e = {.network = "unix", .address = OWN_NAME("lines")};
    part_t *p = &r->body;
    gonet_bufreader_t *b = NULL;
    gonet_bufwriter_t *w = NULL;
    char *line = NULL;
    size_t len;

    if (!ends_open(&e, p))
        goto done;
    errno = ENOMEM;
    STEP(p, (w = gonet_bufwriter_new(gonet_conn_as_writer(e.a), 0)) != NULL);
    STEP(p, gonet_bufwriter_printf(w, &p->err, "%s %d", "line", 1) == 6);
    STEP(p, gonet_write_string(gonet_bufwriter_as_writer(w), "\n", &p->err) == 1);
    STEP(p, gonet_bufwriter_flush(w, &p->err) == 0);
    errno = ENOMEM;
    STEP(p, (b = gonet_bufreader_new(gonet_conn_as_reader(e.b), 0)) != NULL);
    STEP(p, (line = gonet_bufreader_read_string(b, '\n', &len, &p->err)) != NULL && len == 7);
    CHECK_TEXT(line, "line 1\n");
done:
    gonet_free(line);
    gonet_bufwriter_free(w);
    gonet_bufreader_free(b);
    ends_free(&e);
}

int main(int argc, char **argv)
{
    /* A dial that begins again leaves the acceptor with a connection that nobody uses. */
    static const int raw_spared[] = {FAULT_RECV, /* the scenario's own */
                                     FAULT_GETSOCKNAME, FAULT_GETPEERNAME, FAULT_GETSOCKOPT, -1};
    static const scenario_t scenarios[] = {
        {.name = "tcp", .run = tcp},
        {.name = "tcp, wildcard", .run = tcp_wildcard},
        {.name = "unix", .run = unix_stream},
        {.name = "unix, by path", .run = unix_path},
        {.name = "unixpacket", .run = unix_packet},
        {.name = "tcp echo", .run = tcp_echo},
        {.name = "unix echo", .run = unix_echo},
        {.name = "pipe echo", .run = pipe_echo},
        {.name = "files", .run = files, .also = "protocol not supported"},
        {.name = "raw", .run = raw, .spared = raw_spared, .flags = SCENARIO_OWN_CALLS},
        {.name = "buffers", .run = buffers},
        {.name = "sendfile", .run = send_file},
        {.name = "splice", .run = splice_through, .spared = raw_spared + 1},
        {.name = "relay", .run = relay_through, .spared = raw_spared + 1},
        {.name = "lines", .run = lines},
    };

    make_content();
    return scenarios_run(scenarios, sizeof(scenarios) / sizeof(scenarios[0]), argc, argv);
}
