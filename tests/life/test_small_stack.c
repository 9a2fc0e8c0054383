/*
 * The smallest stacks: every call that goes deep is made by a task of the smallest stack that there
 * is, and by a thread of PTHREAD_STACK_MIN, whose thread-local storage lies in there, too. What
 * they took is measured: a part must be left for the caller's own frames.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gonet.h>

#include "runtime/switch/annotate.h"
#include "runtime/sched/task.h"
#include "support/check.h"
#include "support/child.h"
#include "support/net.h"
#include "unit/resolve/name_server.h"

static const char *servers;

static const gonet_resolver_t *go_resolver(void)
{
    static gonet_resolver_t r;

    r = (gonet_resolver_t){.prefer_go = true, .servers = servers};
    return &r;
}

static const gonet_resolver_t *libc_resolver(void)
{
    static gonet_resolver_t r;

    r = (gonet_resolver_t){.prefer_go = false};
    return &r;
}

#define LOOKUP(name, call)         \
    static void name(void)         \
    {                              \
        gonet_error_t *err = NULL; \
        size_t n = 0;              \
        void *v = (void *)(call);  \
        (void)n;                   \
        gonet_error_string(err);   \
        gonet_error_free(err);     \
        gonet_free(v);             \
    }

LOOKUP(lookup_host, gonet_resolver_lookup_host(go_resolver(), NULL, "big.test", &n, &err))
LOOKUP(lookup_ip_addr, gonet_resolver_lookup_ip_addr(go_resolver(), NULL, "big.test", &n, &err))
LOOKUP(lookup_ip, gonet_resolver_lookup_ip(go_resolver(), NULL, "ip4", "tc.test", &n, &err))
LOOKUP(lookup_netip, gonet_resolver_lookup_net_ip(go_resolver(), NULL, "ip", "b.test", &n, &err))
LOOKUP(lookup_txt, gonet_resolver_lookup_txt(go_resolver(), NULL, "text.test", &n, &err))
LOOKUP(lookup_mx, gonet_resolver_lookup_mx(go_resolver(), NULL, "mail.test", &n, &err))
LOOKUP(lookup_ns, gonet_resolver_lookup_ns(go_resolver(), NULL, "names.test", &n, &err))
LOOKUP(lookup_srv,
       gonet_resolver_lookup_srv(go_resolver(), NULL, "a", "tcp", "s.test", NULL, &n, &err))
LOOKUP(lookup_addr, gonet_resolver_lookup_addr(go_resolver(), NULL, "192.0.2.1", &n, &err))
LOOKUP(lookup_cname, gonet_resolver_lookup_cname(go_resolver(), NULL, "c.test", &err))
LOOKUP(lookup_nx, gonet_resolver_lookup_host(go_resolver(), NULL, "nx.test", &n, &err))
LOOKUP(libc_host, gonet_resolver_lookup_host(libc_resolver(), NULL, "localhost", &n, &err))
LOOKUP(libc_addr, gonet_resolver_lookup_addr(libc_resolver(), NULL, "127.0.0.1", &n, &err))
LOOKUP(all_interfaces, gonet_interfaces(&n, &err))
LOOKUP(all_addrs, gonet_interface_addrs(&n, &err))

static void lookup_port(void)
{
    gonet_lookup_port("tcp", "nfs", NULL);
    gonet_lookup_port("tcp", "no-such-service", NULL);
}

static void multicast(void)
{
    gonet_interface_t lo;
    size_t n;

    if (gonet_interface_by_name("lo", &lo, NULL) == 0)
        gonet_free(gonet_interface_multicast_addrs(&lo, &n, NULL));
}

static void dial(const char *network, const char *address, bool interleave)
{
    gonet_dialer_t d = {.resolver = (gonet_resolver_t *)(uintptr_t)go_resolver(),
                        .timeout = 200 * GONET_MILLISECOND,
                        .fallback_delay = GONET_MILLISECOND,
                        .interleave = interleave};
    gonet_error_t *err = NULL;
    gonet_conn_t *c = gonet_dialer_dial(&d, network, address, &err);

    gonet_error_string(err);
    gonet_error_free(err);
    if (c != NULL)
        gonet_conn_printf(c, NULL, "%s %f %Lf\n", "x", 1.0, 1e300L);
    gonet_conn_free(c);
}

static void dial_name(void)
{
    dial("tcp", "a.test:1", false);
}

static void dial_interleaved(void)
{
    dial("tcp", "a.test:1", true);
}

static void dial_udp(void)
{
    dial("udp", "a.test:1", false);
}

static void listen_name(void)
{
    gonet_listener_free(gonet_listen("tcp", "localhost:0", NULL));
    gonet_packet_conn_free(gonet_listen_packet("udp", "localhost:0", NULL));
}

static void echo(void *arg)
{
    gonet_conn_t *c = arg;

    gonet_copy(gonet_conn_as_writer(c), gonet_conn_as_reader(c), NULL);
    gonet_conn_close(c, NULL);
}

/* One end echoes, to which two tasks or threads are needed; the other writes, reads, copies. */
static void streams(const char *network)
{
    gonet_wait_group_t done = {0};
    gonet_conn_t *a, *b;
    char buf[64];

    if (!net_pair(network, &a, &b))
        return;
    if (gonet_wait_group_go(&done, echo, b) == 0) {
        struct iovec v[2] = {{.iov_base = buf, .iov_len = 32}, {.iov_base = buf, .iov_len = 32}};
        gonet_buffers_t buffers = {.v = v, .n = 2};
        memset(buf, 'x', sizeof(buf));
        gonet_buffers_write_to(&buffers, gonet_conn_as_writer(a), NULL);
        gonet_read_full(gonet_conn_as_reader(a), buf, sizeof(buf), NULL, NULL);
        gonet_conn_close_write(a, NULL);
        gonet_copy(gonet_conn_as_writer(a), gonet_conn_as_reader(a), NULL);
        gonet_wait_group_wait(&done);
    }
    gonet_conn_free(a);
    gonet_conn_free(b);
}

static void tcp_stream(void)
{
    streams("tcp");
}

static void unix_stream(void)
{
    streams("unix");
}

static void pipe_stream(void)
{
    streams("pipe");
}

static void send_file(void)
{
    gonet_conn_t *a, *b;
    gonet_error_t *err = NULL;
    int fd = memfd_create("file", MFD_CLOEXEC);

    if (fd >= 0 && ftruncate(fd, 100) == 0 && net_pair("tcp", &a, &b)) {
        gonet_reader_t *r = gonet_file_reader_as_reader(gonet_file_reader_new(fd, NULL));
        gonet_copy(gonet_conn_as_writer(a), r, &err);
        gonet_reader_free(r);
        gonet_conn_free(a);
        gonet_conn_free(b);
    }
    gonet_error_free(err);
    close(fd);
}

static void udp_batches(void)
{
    gonet_udp_addr_t addr = {.ip = gonet_ipv4(127, 0, 0, 1)};
    gonet_udp_conn_t *c = gonet_listen_udp("udp", &addr, NULL);
    gonet_udp_message_t m[32] = {0};
    gonet_error_t *err = NULL;
    char b[32];

    if (c == NULL)
        return;
    addr = *gonet_addr_as_udp(gonet_conn_local_addr(gonet_udp_conn_as_conn(c)));
    gonet_udp_conn_set_receive_offload(c, true, NULL);
    for (int i = 0; i < 32; i++) {
        m[i].buf = b;
        m[i].len = 1;
        m[i].addr = gonet_netip_addr_port_from(gonet_netip_must_parse_addr("127.0.0.1"),
                                               (uint16_t)addr.port);
    }
    gonet_udp_conn_write_batch(c, m, 32, NULL, &err);
    gonet_udp_conn_set_read_deadline(c, gonet_after(10 * GONET_MILLISECOND), NULL);
    gonet_udp_conn_read_batch(c, m, 32, &err);
    gonet_error_string(err);
    gonet_error_free(err);
    gonet_udp_conn_free(c);
}

static void dump(void)
{
    FILE *f = fopen("/dev/null", "we");

    if (f != NULL) {
        gonet_dump_tasks(f);
        fclose(f);
    }
}

static void *in_pool(void *arg)
{
    return arg;
}

static void blocking(void)
{
    gonet_blocking(in_pool, NULL);
}

static void parses(void)
{
    char buf[GONET_ADDR_STRLEN];
    gonet_error_t *err = NULL;
    gonet_ip_net_t net;

    gonet_parse_cidr("2001:db8::1/400", &net, &err);
    gonet_error_string(err);
    gonet_netip_parse_addr("fe80::1%eth0%%", &err);
    gonet_error_string(err);
    gonet_error_set(&err, gonet_error_errorf(NULL, "%s %f %Lf", "x", 1.0, 1e300L));
    gonet_error_free(err);
    gonet_netip_addr_string(gonet_netip_must_parse_addr("::ffff:1.2.3.4"), buf, sizeof(buf));
}

static void selects(void)
{
    gonet_chan_t *ch = gonet_chan_new(sizeof(int), 1);
    gonet_context_t *ctx = gonet_context_with_timeout(NULL, GONET_MILLISECOND);
    gonet_select_case_t cases[2] = {{.ch = ch}, {.ch = gonet_context_done(ctx)}};

    gonet_select(cases, 2, gonet_after(GONET_SECOND));
    gonet_context_free(ctx);
    gonet_chan_free(ch);
}

static void descriptors(void)
{
    gonet_error_t *err = NULL;
    gonet_conn_t *in, *out;
    char byte;
    int p[2];

    if (pipe2(p, O_CLOEXEC) != 0)
        return;
    gonet_wait_fd(p[0], POLLIN, gonet_after(GONET_MILLISECOND));
    in = gonet_fd_conn(p[0], NULL);
    out = gonet_fd_conn(p[1], NULL);
    gonet_conn_set_read_deadline(in, gonet_after(GONET_MILLISECOND), NULL);
    gonet_conn_read(in, &byte, 1, &err);
    gonet_conn_write(out, "x", 1, NULL);
    gonet_error_free(err);
    gonet_conn_free(in);
    gonet_conn_free(out);
    close(p[0]);
    close(p[1]);
}

static void handle(gonet_conn_t *c, void *arg)
{
    (void)c;
    (void)arg;
}

static void serves(void)
{
    gonet_error_t *err = NULL;
    gonet_listener_t *l = gonet_listen("tcp", "127.0.0.1:0", NULL);

    gonet_listener_close(l, NULL);
    gonet_serve(l, handle, NULL, NULL, &err);
    gonet_error_free(err);
    gonet_listener_free(l);
}

typedef struct {
    const char *name;
    void (*call)(void);
} deep_t;

#define DEEP(call)  \
    {               \
#call, call \
    }
static const deep_t deep[] = {
    DEEP(lookup_host),      DEEP(lookup_ip_addr), DEEP(lookup_ip),
    DEEP(lookup_netip),     DEEP(lookup_txt),     DEEP(lookup_mx),
    DEEP(lookup_ns),        DEEP(lookup_srv),     DEEP(lookup_addr),
    DEEP(lookup_cname),     DEEP(lookup_nx),      DEEP(libc_host),
    DEEP(libc_addr),        DEEP(lookup_port),    DEEP(all_interfaces),
    DEEP(all_addrs),        DEEP(multicast),      DEEP(dial_name),
    DEEP(dial_interleaved), DEEP(dial_udp),       DEEP(listen_name),
    DEEP(tcp_stream),       DEEP(unix_stream),    DEEP(pipe_stream),
    DEEP(send_file),        DEEP(udp_batches),    DEEP(dump),
    DEEP(blocking),         DEEP(parses),         DEEP(selects),
    DEEP(descriptors),      DEEP(serves),
};

/* How much of the zeroed memory from low on has been used. */
static size_t used(const char *low, const char *high)
{
    while (low < high && *low == 0)
        low++;
    return (size_t)(high - low);
}

typedef struct {
    const deep_t *deep;
    size_t used;
    gonet_wait_group_t done;
} run_t;

static void in_task(void *arg)
{
    run_t *run = arg;
    gonet__stack_t *s = gonet__task_current()->stack;

    run->deep->call();
    run->used = used(s->low, (const char *)s);
    gonet_wait_group_done(&run->done);
}

static size_t task_uses(const deep_t *d, size_t size)
{
    run_t run = {.deep = d};

    gonet_wait_group_add(&run.done, 1);
    CHILD_CHECK(gonet_go_sized(in_task, &run, size) == 0);
    gonet_wait_group_wait(&run.done);
    return run.used;
}

static void *in_thread(void *arg)
{
    const deep_t *d = arg;

    d->call();
    return NULL;
}

/* The thread's stack has a guard of a page, as pthread_create makes it. */
static size_t thread_uses(const deep_t *d, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *base =
        mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_t attr;
    pthread_t t;
    size_t n;

    CHILD_CHECK(base != MAP_FAILED && mprotect(base, page, PROT_NONE) == 0);
    pthread_attr_init(&attr);
    CHILD_CHECK(pthread_attr_setstack(&attr, base + page, size) == 0);
    CHILD_CHECK(pthread_create(&t, &attr, in_thread, (void *)(uintptr_t)d) == 0);
    pthread_join(t, NULL);
    pthread_attr_destroy(&attr);
    n = used(base + page, base + page + size);
    munmap(base, page + size);
    return n;
}

/* What a caller with little more than a call needs for itself. */
#define LEFT ((size_t)2048)

static bool fits(const char *who, const deep_t *d, size_t size, size_t n)
{
    fprintf(stderr, "%s %s: %zu of %zu bytes\n", who, d->name, n, size);
    return n + LEFT <= size;
}

static int run_all(const char *who, size_t (*uses)(const deep_t *d, size_t size), size_t size)
{
    name_server_t *server = name_server_start(&servers);

    for (size_t i = 0; i < sizeof(deep) / sizeof(*deep); i++) {
        fprintf(stderr, "%s %s\n", who, deep[i].name); /* should it be the last word */
        CHILD_CHECK(fits(who, &deep[i], size, uses(&deep[i], size)));
    }
    name_server_stop(server);
    CHILD_CHECK(gonet_shutdown(10 * GONET_SECOND) == 0);
    return 0;
}

static int in_tasks(void)
{
    return run_all("task", task_uses, GONET__STACK_MIN);
}

static int in_threads(void)
{
    return run_all("thread", thread_uses, (size_t)PTHREAD_STACK_MIN);
}

static void smallest_tasks(void **state)
{
    (void)state;
    child_passes("in_tasks", NULL);
}

static void smallest_threads(void **state)
{
    (void)state;
#if defined(GONET__ASAN) || defined(GONET__TSAN)
    print_message("not run: a sanitizer takes more than PTHREAD_STACK_MIN for itself\n");
    skip();
#endif
    child_passes("in_threads", NULL);
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {
        {"in_tasks", in_tasks},
        {"in_threads", in_threads},
        {NULL, NULL},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smallest_tasks),
        cmocka_unit_test(smallest_threads),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
