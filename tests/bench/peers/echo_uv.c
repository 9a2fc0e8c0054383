/*
 * The same server with libuv's callbacks: uv_read_start once per connection into one shared buffer,
 * uv_try_write, and uv_write only for what did not fit. Runs on one loop in one thread.
 */
#include "common.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static char shared[4096];

typedef struct {
    uv_write_t req;
    char rest[];
} pending_t;

static void check(int rc, const char *what)
{
    if (rc < 0)
        bench_die("%s: %s", what, uv_strerror(rc));
}

static void on_close(uv_handle_t *h)
{
    free(h);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    (void)h;
    (void)suggested;
    *buf = uv_buf_init(shared, sizeof shared);
}

static void on_written(uv_write_t *req, int status)
{
    if (status < 0 && !uv_is_closing((uv_handle_t *)req->handle))
        uv_close((uv_handle_t *)req->handle, on_close);
    free(req);
}

static void write_later(uv_stream_t *s, const char *p, size_t len)
{
    pending_t *w = malloc(sizeof *w + len);
    uv_buf_t buf;

    if (w == NULL)
        bench_die("out of memory");
    memcpy(w->rest, p, len);
    buf = uv_buf_init(w->rest, (unsigned)len);
    check(uv_write(&w->req, s, &buf, 1, on_written), "uv_write");
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    uv_buf_t out;
    int done = 0;

    if (n < 0) {
        uv_close((uv_handle_t *)s, on_close);
        return;
    }
    if (n == 0)
        return;
    out = uv_buf_init(buf->base, (unsigned)n);
    if (uv_stream_get_write_queue_size(s) == 0)
        done = uv_try_write(s, &out, 1);
    if (done == UV_EAGAIN)
        done = 0;
    if (done < 0)
        uv_close((uv_handle_t *)s, on_close);
    else if (done < n)
        write_later(s, buf->base + done, (size_t)(n - done));
}

static void on_connection(uv_stream_t *listener, int status)
{
    uv_tcp_t *c = malloc(sizeof *c);

    check(status, "listen");
    if (c == NULL)
        bench_die("out of memory");
    check(uv_tcp_init(listener->loop, c), "uv_tcp_init");
    check(uv_accept(listener, (uv_stream_t *)c), "uv_accept");
    check(uv_tcp_nodelay(c, 1), "uv_tcp_nodelay");
    check(uv_read_start((uv_stream_t *)c, on_alloc, on_read), "uv_read_start");
}

int main(void)
{
    struct sockaddr_in sin = {.sin_family = AF_INET};
    int len = sizeof sin;
    uv_tcp_t listener;

    bench_end_after(600);
    signal(SIGPIPE, SIG_IGN);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(uv_tcp_init(uv_default_loop(), &listener), "uv_tcp_init");
    check(uv_tcp_bind(&listener, (struct sockaddr *)&sin, 0), "uv_tcp_bind");
    check(uv_listen((uv_stream_t *)&listener, 4096, on_connection), "uv_listen");
    check(uv_tcp_getsockname(&listener, (struct sockaddr *)&sin, &len), "uv_tcp_getsockname");
    bench_announce(ntohs(sin.sin_port));
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
