/*
 * Making UDP sockets: which family and which options they get, what control functions see, what is
 * bound and connected, and sockets made of the user's descriptors.
 */
#include "unit/table.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gonet/dial.h"
#include "gonet/rawconn.h"
#include "gonet/udp.h"
#include "support/leak.h"

static int option(gonet_packet_conn_t *c, int level, int name)
{
    int fd = gonet_packet_conn_file(c, NULL), value = -1;
    socklen_t len = sizeof(value);

    assert_true(fd >= 0);
    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    assert_int_equal(close(fd), 0);
    return value;
}

/* The address without its port, which must be one. */
static const char *host_of(const gonet_addr_t *addr, char *text, size_t size)
{
    assert_non_null(addr);
    assert_true(addr->udp.port > 0);
    assert_non_null(gonet_addr_string(addr, text, size));
    *strrchr(text, ':') = '\0';
    return text;
}

/* ---- listening ---- */

typedef struct {
    const char *name;
    const char *network;
    const char *address;
    const char *bound; /* without the port */
    int domain;
    int v6only; /* of AF_INET6 */
    int reuse;
} listen_row_t;

/* behaviour 7.2, 7.3, 7.5, 7.7, 8.11, 8.14 */
static const listen_row_t listen_rows[] = {
    {"all", "udp", ":0", "[::]", AF_INET6, 0, 0},
    {"all, no address", "udp", "", "[::]", AF_INET6, 0, 0},
    {"all IPv4", "udp4", ":0", "0.0.0.0", AF_INET, 0, 0},
    {"all IPv6", "udp6", ":0", "[::]", AF_INET6, 1, 0},
    {"unspecified IPv4", "udp", "0.0.0.0:0", "[::]", AF_INET6, 0, 0},
    {"unspecified IPv6", "udp", "[::]:0", "[::]", AF_INET6, 0, 0},
    {"unspecified IPv6, udp4", "udp4", "[::]:0", "0.0.0.0", AF_INET, 0, 0},
    {"IPv4", "udp", "127.0.0.1:0", "127.0.0.1", AF_INET, 0, 0},
    {"IPv6", "udp", "[::1]:0", "[::1]", AF_INET6, 1, 0}, /* the kernel says so after the bind */
    {"IPv6, udp6", "udp6", "[::1]:0", "[::1]", AF_INET6, 1, 0},
    {"mapped", "udp", "[::ffff:127.0.0.1]:0", "127.0.0.1", AF_INET, 0, 0},
    {"a group", "udp", "224.0.0.251:0", "0.0.0.0", AF_INET, 0, 1},
    {"a group, udp4", "udp4", "239.1.2.3:0", "0.0.0.0", AF_INET, 0, 1},
    {"an IPv6 group", "udp", "[ff02::1]:0", "[::]", AF_INET6, 0, 1},
    {"an IPv6 group, udp6", "udp6", "[ff05::1]:0", "[::]", AF_INET6, 1, 1},
};

static void check_bound(const listen_row_t *row, gonet_packet_conn_t *c)
{
    char text[GONET_ADDR_STRLEN];
    const char *host;

    assert_non_null(c);
    host = host_of(gonet_packet_conn_local_addr(c), text, sizeof(text));
    assert_string_equal(host, row->bound);
    assert_int_equal(option(c, SOL_SOCKET, SO_DOMAIN), row->domain);
    assert_int_equal(option(c, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
    assert_int_equal(option(c, SOL_SOCKET, SO_BROADCAST), 1);
    assert_int_equal(option(c, SOL_SOCKET, SO_REUSEADDR), row->reuse);
    assert_int_equal(option(c, SOL_SOCKET, SO_REUSEPORT), 0);
    if (row->domain == AF_INET6)
        assert_int_equal(option(c, IPPROTO_IPV6, IPV6_V6ONLY), row->v6only);
    assert_null(gonet_udp_conn_remote_addr(gonet_packet_conn_as_udp(c)));
}

static void test_listen(void **state)
{
    const listen_row_t *row = *state;
    gonet_error_t *err = NULL;
    gonet_packet_conn_t *c = gonet_listen_packet(row->network, row->address, &err);
    gonet_udp_addr_t addr;

    assert_string_equal(gonet_error_string(err), "<nil>");
    check_bound(row, c);
    gonet_packet_conn_free(c);
    assert_int_equal(gonet_resolve_udp_addr(row->network, row->address, &addr, &err), 0);
    c = gonet_udp_conn_as_packet_conn(gonet_listen_udp(row->network, &addr, &err));
    assert_string_equal(gonet_error_string(err), "<nil>");
    check_bound(row, c);
    gonet_packet_conn_free(c);
}

/* No address is all of them (behaviour 8.7). */
static void listen_without_address(void **state)
{
    static const listen_row_t rows[] = {{.bound = "[::]", .domain = AF_INET6},
                                        {.bound = "0.0.0.0", .domain = AF_INET},
                                        {.bound = "[::]", .domain = AF_INET6, .v6only = 1}};
    static const char *const networks[] = {"udp", "udp4", "udp6"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        gonet_udp_conn_t *c = gonet_listen_udp(networks[i], NULL, NULL);

        check_bound(&rows[i], gonet_udp_conn_as_packet_conn(c));
        gonet_udp_conn_free(c);
    }
}

/* A unicast address and port is one socket's; a group's port is anybody's who says so (8.12, 8.13).
 */
static void addresses_in_use(void **state)
{
    gonet_error_t *err = NULL;
    gonet_packet_conn_t *c = gonet_listen_packet("udp", "127.0.0.1:0", NULL);
    const gonet_udp_addr_t *at = gonet_addr_as_udp(gonet_packet_conn_local_addr(c));
    gonet_udp_addr_t group = {.ip = gonet_parse_ip("224.0.0.251")};
    gonet_udp_conn_t *g, *h;
    char text[GONET_ADDR_STRLEN], want[512];

    (void)state;
    gonet_udp_addr_string(at, text, sizeof(text));
    assert_null(gonet_listen_packet("udp", text, &err));
    snprintf(want, sizeof(want), "listen udp %s: bind: address already in use", text);
    assert_string_equal(gonet_error_string(err), want);
    assert_null(gonet_listen_udp("udp4", at, &err));
    snprintf(want, sizeof(want), "listen udp4 %s: bind: address already in use", text);
    assert_string_equal(gonet_error_string(err), want);
    gonet_packet_conn_free(c);
    g = gonet_listen_udp("udp", &group, &err);
    assert_non_null(g);
    group.port = gonet_udp_conn_local_addr(g)->udp.port;
    h = gonet_listen_udp("udp", &group, &err);
    assert_non_null(h);
    gonet_udp_conn_free(h);
    gonet_udp_conn_free(g);
    gonet_error_free(err);
}

/* ---- control functions ---- */

typedef struct {
    char network[16];
    char address[GONET_ADDR_STRLEN];
    int times;
    bool fails;
    const char *reading; /* the error of a read there */
} seen_t;

static bool not_now(void *arg, int fd)
{
    (void)arg;
    (void)fd;
    return false;
}

static void set_priority(void *arg, int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);
    int value = 3;

    (void)arg;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    assert_int_equal(((struct sockaddr_in *)&sa)->sin_port, 0); /* not bound yet */
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &value, sizeof(value)), 0);
}

static int control(void *arg, const char *network, const char *address, gonet_raw_conn_t *c,
                   gonet_error_t **err)
{
    seen_t *seen = arg;

    seen->times++;
    snprintf(seen->network, sizeof(seen->network), "%s", network);
    snprintf(seen->address, sizeof(seen->address), "%s", address);
    assert_int_equal(gonet_raw_conn_control(c, set_priority, NULL, err), 0);
    if (seen->reading != NULL) {
        assert_int_equal(gonet_raw_conn_read(c, not_now, NULL, err), -1);
        assert_string_equal(gonet_error_string(*err), seen->reading);
        gonet_error_set(err, NULL);
    }
    if (!seen->fails)
        return 0;
    gonet_error_set(err, gonet_error_new("ctl fail"));
    return -1;
}

typedef struct {
    const char *name;
    bool dials;
    const char *network, *address;
    const char *seen_network, *seen_address;
    const char *error; /* of a control function that fails */
} control_row_t;

/* behaviour 6.27, 6.28, 8.10 */
static const control_row_t control_rows[] = {
    {"dial", true, "udp", "127.0.0.1:9", "udp4", "127.0.0.1:9", "dial udp 127.0.0.1:9: ctl fail"},
    {"dial udp4", true, "udp4", "127.0.0.1:9", "udp4", "127.0.0.1:9",
     "dial udp4 127.0.0.1:9: ctl fail"},
    {"dial IPv6", true, "udp", "[::1]:9", "udp6", "[::1]:9", "dial udp [::1]:9: ctl fail"},
    {"dial without a host", true, "udp", ":9", "udp4", ":9", "dial udp :9: ctl fail"},
    {"dial udp6 without a host", true, "udp6", ":9", "udp6", ":9", "dial udp6 :9: ctl fail"},
    {"listen", false, "udp", ":0", "udp6", ":0", "listen udp :0: ctl fail"},
    {"listen udp4", false, "udp4", ":0", "udp4", ":0", "listen udp4 :0: ctl fail"},
    {"listen IPv4", false, "udp", "127.0.0.1:0", "udp4", "127.0.0.1:0",
     "listen udp 127.0.0.1:0: ctl fail"},
    {"listen unspecified", false, "udp", "[::]:0", "udp6", "0.0.0.0:0",
     "listen udp 0.0.0.0:0: ctl fail"},
    {"listen group", false, "udp", "224.0.0.1:0", "udp4", "0.0.0.0:0",
     "listen udp 224.0.0.1:0: ctl fail"},
    {"listen IPv6 group", false, "udp", "[ff02::1]:0", "udp6", "[::]:0",
     "listen udp [ff02::1]:0: ctl fail"},
};

static gonet_packet_conn_t *make(const control_row_t *row, seen_t *seen, gonet_error_t **err)
{
    const gonet_dialer_t d = {.control = control, .control_arg = seen};
    const gonet_listen_config_t lc = {.control = control, .control_arg = seen};

    if (row->dials)
        return gonet_conn_as_packet_conn(gonet_dialer_dial(&d, row->network, row->address, err));
    return gonet_listen_config_listen_packet(&lc, NULL, row->network, row->address, err);
}

static void test_control(void **state)
{
    const control_row_t *row = *state;
    gonet_error_t *err = NULL;
    char reading[64];
    seen_t seen = {.reading = reading};
    gonet_packet_conn_t *c;

    snprintf(reading, sizeof(reading), "raw-read %s: waiting for unsupported file type",
             row->network);
    c = make(row, &seen, &err);
    assert_string_equal(gonet_error_string(err), "<nil>");
    assert_non_null(c);
    assert_string_equal(seen.network, row->seen_network);
    assert_string_equal(seen.address, row->seen_address);
    assert_int_equal(seen.times, 1);
    assert_int_equal(option(c, SOL_SOCKET, SO_PRIORITY), 3);
    gonet_packet_conn_free(c);
    seen = (seen_t){.fails = true};
    assert_null(make(row, &seen, &err));
    assert_string_equal(gonet_error_string(err), row->error);
    assert_int_equal(seen.times, 1);
    gonet_error_free(err);
}

/* ---- dialing ---- */

typedef struct {
    const char *name;
    const char *network, *local, *address;
    const char *from, *to; /* hosts, of success; the port of to is the address's */
    const char *error;
} dial_row_t;

/* behaviour 6.17-6.24, 7.6; port 1 is nobody's, and needs nobody. */
static const dial_row_t dial_rows[] = {
    {"IPv4", "udp", NULL, "127.0.0.1:1", "127.0.0.1", "127.0.0.1:1", NULL},
    {"IPv6", "udp", NULL, "[::1]:1", "[::1]", "[::1]:1", NULL},
    {"no host", "udp", NULL, ":1", "127.0.0.1", "127.0.0.1:1", NULL},
    {"no host, udp6", "udp6", NULL, ":1", "[::1]", "[::1]:1", NULL},
    {"unspecified", "udp", NULL, "[::]:1", "[::1]", "[::1]:1", NULL},
    {"port 0", "udp", NULL, ":0", "127.0.0.1", ":0", NULL},
    {"port 0, udp6", "udp6", NULL, ":0", "[::1]", ":0", NULL},
    {"port 0 of a host", "udp", NULL, "127.0.0.1:0", "127.0.0.1", "127.0.0.1:0", NULL},
    {"port 0 of 0.0.0.0", "udp", NULL, "0.0.0.0:0", "127.0.0.1", "0.0.0.0:0", NULL},
    {"mapped", "udp", NULL, "[::ffff:127.0.0.1]:1", "127.0.0.1", "127.0.0.1:1", NULL},
    {"local", "udp", "127.0.0.2:0", "127.0.0.1:1", "127.0.0.2", "127.0.0.1:1", NULL},
    {"local ::", "udp", "[::]:0", "127.0.0.1:1", "127.0.0.1", "127.0.0.1:1", NULL},
    {"local :: of udp4", "udp4", "[::]:0", "127.0.0.1:1", NULL, NULL,
     "dial udp4 [::]:0->127.0.0.1:1: address ::: non-IPv4 address"},
    {"local of another family", "udp", "[::1]:0", "127.0.0.1:1", NULL, NULL,
     "dial udp: address [::1]:0: no suitable address found"},
    {"local elsewhere", "udp", "192.0.2.77:0", "127.0.0.1:1", NULL, NULL,
     "dial udp 192.0.2.77:0->127.0.0.1:1: bind: cannot assign requested address"},
    {"other family", "udp6", NULL, "127.0.0.1:1", NULL, NULL,
     "dial udp6: address 127.0.0.1: no suitable address found"},
    {"no address", "udp", NULL, "", NULL, NULL, "dial udp: missing address"},
    {"no zone", "udp", NULL, "[fe80::1]:1", NULL, NULL,
     "dial udp [fe80::1]:1: connect: invalid argument"},
};

static void test_dial(void **state)
{
    const dial_row_t *row = *state;
    gonet_error_t *err = NULL;
    gonet_udp_addr_t udp = {.port = 0};
    gonet_addr_t local;
    gonet_dialer_t d = {.local_addr = NULL};
    char text[GONET_ADDR_STRLEN];
    gonet_conn_t *c;

    if (row->local != NULL) {
        assert_int_equal(gonet_resolve_udp_addr("udp", row->local, &udp, NULL), 0);
        local = gonet_udp_addr_as_addr(&udp);
        d.local_addr = &local;
    }
    c = gonet_dialer_dial(&d, row->network, row->address, &err);
    assert_string_equal(gonet_error_string(err), row->error == NULL ? "<nil>" : row->error);
    gonet_error_free(err);
    if (row->error != NULL)
        return;
    assert_non_null(gonet_conn_as_udp(c));
    assert_string_equal(gonet_addr_string(gonet_conn_remote_addr(c), text, sizeof(text)), row->to);
    assert_string_equal(host_of(gonet_conn_local_addr(c), text, sizeof(text)), row->from);
    assert_int_equal(option(gonet_conn_as_packet_conn(c), SOL_SOCKET, SO_BROADCAST), 1);
    gonet_conn_free(c);
}

/* A local address of another kind, and one without a host or port, through both doors. */
static void local_kinds(void **state)
{
    const gonet_udp_addr_t to = {.ip = gonet_parse_ip("127.0.0.1"), .port = 1}, none = {.port = 0};
    gonet_addr_t local = {.kind = GONET_ADDR_TCP};
    const gonet_dialer_t d = {.local_addr = &local};
    gonet_error_t *err = NULL;
    gonet_udp_conn_t *c;

    (void)state;
    assert_null(gonet_dialer_dial(&d, "udp", "127.0.0.1:1", &err));
    assert_string_equal(gonet_error_string(err),
                        "dial udp: address :0: mismatched local address type");
    c = gonet_dial_udp("udp", &none, &to, &err);
    assert_non_null(c);
    gonet_udp_conn_free(c);
    assert_null(gonet_dial_udp("udp", &to, NULL, &err));
    assert_string_equal(gonet_error_string(err), "dial udp 127.0.0.1:1: missing address");
    assert_null(gonet_dial_udp("tcp", NULL, &to, &err));
    assert_string_equal(gonet_error_string(err), "dial tcp 127.0.0.1:1: unknown network tcp");
    assert_null(gonet_listen_udp("udp5", NULL, &err));
    assert_string_equal(gonet_error_string(err), "listen udp5: unknown network udp5");
    gonet_error_free(err);
}

/* Time that is up and contexts that have ended count, although nothing is waited for (6.3, 6.4). */
static void limits(void **state)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    const gonet_dialer_t late = {.deadline = {1}};
    gonet_packet_conn_t *pc;
    gonet_error_t *err = NULL;
    gonet_conn_t *c;

    (void)state;
    assert_null(gonet_dialer_dial(&late, "udp", "127.0.0.1:1", &err));
    assert_string_equal(gonet_error_string(err), "dial udp 127.0.0.1:1: i/o timeout");
    assert_true(gonet_error_timeout(err));
    gonet_context_cancel(ctx);
    assert_null(gonet_dialer_dial_context(NULL, ctx, "udp", "127.0.0.1:1", &err));
    assert_string_equal(gonet_error_string(err), "dial udp 127.0.0.1:1: operation was canceled");
    pc = gonet_listen_config_listen_packet(NULL, ctx, "udp", "127.0.0.1:0", &err); /* 8.5 */
    assert_non_null(pc);
    gonet_packet_conn_free(pc);
    c = gonet_dial_timeout("udp", "127.0.0.1:1", GONET_HOUR, &err);
    assert_non_null(c);
    assert_null(err);
    gonet_conn_free(c);
    gonet_context_free(ctx);
}

/* Only the wrong kind of call is told by the address's type (behaviour 8.1). */
static void other_doors(void **state)
{
    gonet_error_t *err = NULL;

    (void)state;
    assert_null(gonet_listen("udp", "127.0.0.1:0", &err));
    assert_string_equal(gonet_error_string(err),
                        "listen udp 127.0.0.1:0: address 127.0.0.1:0: unexpected address type");
    assert_null(gonet_listen_packet("tcp", "127.0.0.1:0", &err));
    assert_string_equal(gonet_error_string(err),
                        "listen tcp 127.0.0.1:0: address 127.0.0.1:0: unexpected address type");
    gonet_error_free(err);
}

/* ---- the user's descriptors ---- */

static void files(void **state)
{
    gonet_error_t *err = NULL;
    gonet_packet_conn_t *b = gonet_listen_packet("udp4", "127.0.0.1:0", NULL), *pc;
    char at[GONET_ADDR_STRLEN], text[GONET_ADDR_STRLEN], want[512], buf[8];
    gonet_conn_t *a, *c;
    gonet_addr_t from;
    int fd;

    (void)state;
    a = gonet_dial("udp4", gonet_addr_string(gonet_packet_conn_local_addr(b), at, sizeof(at)),
                   NULL);
    fd = gonet_conn_file(a, NULL);
    c = gonet_file_conn(fd, &err);
    assert_string_equal(gonet_error_string(err), "<nil>");
    assert_non_null(gonet_conn_as_udp(c));
    pc = gonet_file_packet_conn(fd, &err);
    assert_non_null(gonet_packet_conn_as_udp(pc));
    assert_null(gonet_file_listener(fd, &err));
    snprintf(want, sizeof(want), "file file+net /dev/fd/%d: invalid argument", fd);
    assert_string_equal(gonet_error_string(err), want);
    assert_int_equal(close(fd), 0);
    gonet_conn_free(a);
    assert_string_equal(gonet_addr_string(gonet_conn_remote_addr(c), text, sizeof(text)), at);
    assert_int_equal(gonet_conn_write(c, "abc", 3, NULL), 3);
    assert_int_equal(gonet_packet_conn_read_from(b, buf, sizeof(buf), &from, NULL), 3);
    assert_int_equal(from.udp.port, gonet_conn_local_addr(c)->udp.port);
    assert_int_equal(gonet_packet_conn_write_to(b, "de", 2, &from, NULL), 2);
    assert_int_equal(gonet_packet_conn_read_from(pc, buf, sizeof(buf), &from, NULL), 2);
    /* The network is the address's, not the one that was dialed (behaviour 16.3). */
    assert_int_equal(gonet_conn_close(c, NULL), 0);
    assert_int_equal(gonet_conn_write(c, "x", 1, &err), -1);
    assert_memory_equal(gonet_error_string(err), "write udp 127.0.0.1:", 20);
    gonet_conn_free(c);
    gonet_packet_conn_free(pc);
    gonet_packet_conn_free(b);
    gonet_error_free(err);
}

int main(void)
{
    TABLE_ADD_ALL("listen", listen_rows, name, test_listen);
    TABLE_ADD(listen_without_address);
    TABLE_ADD(addresses_in_use);
    TABLE_ADD_ALL("control", control_rows, name, test_control);
    TABLE_ADD_ALL("dial", dial_rows, name, test_dial);
    TABLE_ADD(local_kinds);
    TABLE_ADD(limits);
    TABLE_ADD(other_doors);
    TABLE_ADD(files);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = leak_setup;
        table_tests[i].teardown_func = leak_teardown;
    }
    return table_run("udp, dialed and bound");
}
