/*
 * Servers, connections that wait without a task, and descriptors of other kinds.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults/fault.h"
#include "faults/scenario.h"
#include "gonet.h"

/* ---- servers ---- */

typedef struct {
    gonet_listener_t *l;
    gonet_conn_t *c;
    void (*handler)(gonet_conn_t *c, void *arg);
    gonet_serve_options_t o;
} site_t;

static void answer(gonet_conn_t *c, void *arg)
{
    char buf[64];
    ssize_t n = gonet_conn_read(c, buf, sizeof(buf), NULL);

    (void)arg;
    if (n > 0)
        (void)gonet_conn_write(c, buf, (size_t)n, NULL);
}

static bool answer_readable(gonet_conn_t *c, void **state, void *arg)
{
    char buf[64];
    ssize_t n = gonet_conn_read(c, buf, sizeof(buf), NULL);

    (void)state;
    (void)arg;
    return n > 0 && gonet_conn_write(c, buf, (size_t)n, NULL) == n;
}

static void serve(run_t *r)
{
    site_t *s = r->shared;
    part_t *p = &r->helper;

    errno = 0;
    STEP(p, gonet_serve(s->l, s->handler, NULL, &s->o, &p->err) == 0);
done:
    (void)gonet_listener_close(s->l, NULL);
}

static void ask(run_t *r, site_t *s)
{
    part_t *p = &r->body;
    char text[GONET_ADDR_STRLEN], buf[4];
    size_t n;

    r->shared = s;
    STEP(p, (s->l = gonet_listen("tcp", "127.0.0.1:0", &p->err)) != NULL);
    errno = ENOMEM; /* which it does not tell */
    STEP(p, gonet_listener_addr(s->l) != NULL);
    (void)gonet_addr_string(gonet_listener_addr(s->l), text, sizeof(text));
    STEP(p, scenario_help(r, serve));
    STEP(p, (s->c = gonet_dial("tcp", text, &p->err)) != NULL);
    for (int i = 0; i < (s->o.readable != NULL ? 3 : 1); i++) {
        STEP(p, gonet_conn_write(s->c, "ping", 4, &p->err) == 4);
        STEP(p, gonet_read_full(gonet_conn_as_reader(s->c), buf, 4, &n, &p->err) == 0);
        CHECK(memcmp(buf, "ping", 4) == 0);
    }
done:
    if (s->c != NULL)
        (void)gonet_conn_close(s->c, NULL);
    if (s->l != NULL)
        (void)gonet_listener_close(s->l, NULL);
    scenario_join(r);
    gonet_conn_free(s->c);
    gonet_listener_free(s->l);
}

static void server(run_t *r)
{
    site_t s = {.handler = answer, .o = {.max_conns = 2}};

    ask(r, &s);
}

static void resting_server(run_t *r)
{
    site_t s = {.o = {.readable = answer_readable, .idle_timeout = GONET_HOUR}};

    ask(r, &s);
}

/* ---- descriptors ---- */

#define BULK 200000

typedef struct {
    int fds[2];
    gonet_conn_t *in, *out;
} pipe_t;

static bool open_pipe(pipe_t *x)
{
    bool ok;

    fault_exempt(true);
    ok = pipe2(x->fds, O_CLOEXEC) == 0;
    fault_exempt(false);
    return ok;
}

static void close_number(int *fd)
{
    fault_exempt(true);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    fault_exempt(false);
}

static void write_bulk(run_t *r)
{
    pipe_t *x = r->shared;
    part_t *p = &r->helper;
    char *bulk = calloc(1, BULK);

    errno = 0;
    STEP(p, gonet_conn_write(x->out, bulk, BULK, &p->err) == BULK);
done:
    (void)gonet_conn_close(x->out, NULL);
    close_number(&x->fds[1]);
    free(bulk);
}

static void pipes(run_t *r)
{
    pipe_t x = {.fds = {-1, -1}};
    part_t *p = &r->body;
    char buf[4096];
    size_t got = BULK; /* as if, unless it is read to its end */
    ssize_t n;

    r->shared = &x;
    REQUIRE(open_pipe(&x));
    STEP(p, (x.in = gonet_fd_conn(x.fds[0], &p->err)) != NULL);
    STEP(p, (x.out = gonet_fd_conn(x.fds[1], &p->err)) != NULL);
    STEP(p, gonet_conn_set_deadline(x.in, LATER, &p->err) == 0);
    STEP(p, scenario_help(r, write_bulk));
    for (size_t sum = 0;; sum += (size_t)n) {
        STEP(p, (n = gonet_conn_read(x.in, buf, sizeof(buf), &p->err)) >= 0);
        if (n == 0) {
            got = sum;
            break;
        }
    }
    CHECK(p->err == gonet_eof);
    p->err = NULL;
done:
    close_number(&x.fds[0]);
    if (x.in != NULL)
        (void)gonet_conn_close(x.in, NULL); /* the writer meets it */
    scenario_join(r);
    CHECK(got == BULK || r->helper.step != NULL || scenario_is_hit());
    gonet_conn_free(x.in);
    gonet_conn_free(x.out);
    close_number(&x.fds[1]);
}

static void write_file(run_t *r)
{
    pipe_t *x = r->shared;
    part_t *p = &r->helper;
    gonet_file_writer_t *f = NULL;

    errno = 0;
    STEP(p, (f = gonet_file_writer_new(x->fds[1], &p->err)) != NULL);
    STEP(p, gonet_writer_write(gonet_file_writer_as_writer(f), "hello", 5, &p->err) == 5);
done:
    gonet_file_writer_free(f);
    close_number(&x->fds[1]);
}

static void piped_files(run_t *r)
{
    pipe_t x = {.fds = {-1, -1}};
    part_t *p = &r->body;
    gonet_file_reader_t *f = NULL;
    char buf[16];
    size_t n;

    r->shared = &x;
    REQUIRE(open_pipe(&x));
    STEP(p, (f = gonet_file_reader_new(x.fds[0], &p->err)) != NULL);
    STEP(p, scenario_help(r, write_file));
    STEP(p, gonet_read_full(gonet_file_reader_as_reader(f), buf, 5, &n, &p->err) == 0);
    CHECK(memcmp(buf, "hello", 5) == 0);
done:
    close_number(&x.fds[0]);
    gonet_file_reader_free(f);
    scenario_join(r);
    close_number(&x.fds[1]);
}

static void wake(run_t *r)
{
    pipe_t *x = r->shared;

    fault_exempt(true);
    CHECK(write(x->fds[1], "x", 1) == 1);
    fault_exempt(false);
}

static void one_wait(run_t *r)
{
    pipe_t x = {.fds = {-1, -1}};
    part_t *p = &r->body;

    r->shared = &x;
    REQUIRE(open_pipe(&x));
    STEP(p, scenario_help(r, wake));
    STEP(p, gonet_wait_fd(x.fds[0], POLLIN, LATER) == POLLIN);
done:
    scenario_join(r);
    close_number(&x.fds[0]);
    close_number(&x.fds[1]);
}

static void send_some(run_t *r)
{
    for (int i = 0; i < 3; i++)
        CHECK(gonet_chan_send(r->shared, &i));
}

static void channels(run_t *r)
{
    part_t *p = &r->body;
    gonet_chan_t *ch = NULL;
    int fd, x;

    errno = 0;
    STEP(p, (ch = gonet_chan_new(sizeof(int), 1)) != NULL);
    STEP(p, (fd = gonet_chan_fd(ch)) >= 0);
    r->shared = ch;
    STEP(p, scenario_help(r, send_some));
    for (int i = 0; i < 3; i++) {
        struct pollfd q = {.fd = fd, .events = POLLIN};

        fault_exempt(true);
        while (poll(&q, 1, 0) != 1)
            check_pause();
        fault_exempt(false);
        CHECK(gonet_chan_recv(ch, &x));
        CHECK_INT(x, i);
    }
done:
    scenario_join(r);
    gonet_chan_free(ch);
}

int main(int argc, char **argv)
{
#define ENDED "EOF|connection reset by peer|broken pipe|connection refused"
    static const scenario_t scenarios[] = {
        {.name = "server", .run = server, .also = ENDED},
        {.name = "resting server", .run = resting_server, .also = ENDED},
        {.name = "pipes", .run = pipes, .also = ENDED},
        {.name = "piped files", .run = piped_files, .also = ENDED},
        {.name = "one wait", .run = one_wait},
        {.name = "channels", .run = channels},
    };

    return scenarios_run(scenarios, sizeof(scenarios) / sizeof(scenarios[0]), argc, argv);
}
