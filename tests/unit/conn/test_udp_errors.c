/*
 * The errors of UDP sockets, one row each: on sockets that were bound, dialed or adopted, open and
 * closed. In the rows L is the socket's address, and R its peer's.
 */
#include "unit/table.h"

#include <limits.h>
#include <unistd.h>

#include "gonet/dial.h"
#include "gonet/rawconn.h"
#include "gonet/udp.h"
#include "support/leak.h"

typedef enum {
    BOUND4,  /* "udp", 127.0.0.1 */
    DUAL,    /* "udp", the wildcard of both families */
    BOUND6,  /* "udp6", the wildcard */
    DIALED4, /* "udp4" to a socket that is there */
    DIALED6, /* "udp" to one of ::1 */
    ADOPTED  /* the duplicate of a dialed one */
} kind_t;

typedef enum {
    READ,
    READ_FROM,
    READ_FROM_UDP,
    READ_FROM_AP,
    READ_MSG,
    READ_MSG_AP,
    WRITE,
    WRITE_TO,
    WRITE_TO_TCP,
    WRITE_TO_UDP,
    WRITE_TO_AP,
    WRITE_MSG,
    WRITE_MSG_AP,
    CLOSE,
    SET_DEADLINE,
    SET_READ_DEADLINE,
    SET_WRITE_DEADLINE,
    SET_READ_BUFFER,
    SET_WRITE_BUFFER,
    GET_FILE,
    RAW_CONTROL,
    RAW_READ,
    RAW_WRITE
} call_t;

typedef enum { OPEN, CLOSED, EXPIRED } state_t;

typedef struct {
    const char *name;
    kind_t kind;
    state_t state;
    call_t call;
    const char *to; /* "IP PORT"; NULL: no address; "": the zero value */
    const char *error;
} row_t;

#define CLOSED_TEXT    "use of closed network connection"
#define CONNECTED_TEXT "use of WriteTo with pre-connected connection"
#define TO             "127.0.0.1 9"

static const row_t rows[] = {
    /* 13.1 */
    {"Write, bound", BOUND4, OPEN, WRITE, NULL, "write udp L: write: destination address required"},
    {"Write, dual", DUAL, OPEN, WRITE, NULL, "write udp L: write: destination address required"},
    {"Write, bound, closed", BOUND4, CLOSED, WRITE, NULL, "write udp L: " CLOSED_TEXT},
    {"Write, dialed", DIALED4, OPEN, WRITE, NULL, NULL},
    {"Write, adopted", ADOPTED, OPEN, WRITE, NULL, NULL},
    /* 13.2 */
    {"WriteTo, dialed", DIALED4, OPEN, WRITE_TO, TO, "write udp4 L->127.0.0.1:9: " CONNECTED_TEXT},
    {"WriteToUDP, dialed", DIALED4, OPEN, WRITE_TO_UDP, TO,
     "write udp4 L->127.0.0.1:9: " CONNECTED_TEXT},
    {"WriteToUDP, dialed, null", DIALED4, OPEN, WRITE_TO_UDP, NULL,
     "write udp4 L: " CONNECTED_TEXT},
    {"WriteToUDPAddrPort, dialed", DIALED4, OPEN, WRITE_TO_AP, TO,
     "write udp4 L->127.0.0.1:9: " CONNECTED_TEXT},
    {"WriteToUDPAddrPort, dialed, invalid", DIALED4, OPEN, WRITE_TO_AP, "",
     "write udp4 L->invalid AddrPort: " CONNECTED_TEXT},
    {"WriteMsgUDP, dialed", DIALED6, OPEN, WRITE_MSG, "::1 9",
     "write udp L->[::1]:9: " CONNECTED_TEXT},
    {"WriteMsgUDP, dialed, null", DIALED6, OPEN, WRITE_MSG, NULL, NULL},
    {"WriteTo, dialed, closed", DIALED4, CLOSED, WRITE_TO, TO,
     "write udp4 L->127.0.0.1:9: " CONNECTED_TEXT},
    /* 13.3 */
    {"WriteTo, adopted", ADOPTED, OPEN, WRITE_TO, TO, NULL},
    {"WriteMsgUDP, adopted", ADOPTED, OPEN, WRITE_MSG, TO, NULL},
    {"WriteMsgUDPAddrPort, adopted", ADOPTED, OPEN, WRITE_MSG_AP, TO, NULL},
    {"WriteMsgUDP, adopted, null", ADOPTED, OPEN, WRITE_MSG, NULL, "write udp L: missing address"},
    {"WriteMsgUDP, adopted, bad port", ADOPTED, OPEN, WRITE_MSG, "127.0.0.1 65536",
     "write udp L->127.0.0.1:65536: sendmsg: invalid argument"},
    {"Read, adopted, closed", ADOPTED, CLOSED, READ, NULL, "read udp L->R: " CLOSED_TEXT},
    /* 13.4 */
    {"WriteMsgUDPAddrPort, dialed", DIALED4, OPEN, WRITE_MSG_AP, TO,
     "write udp4 L->127.0.0.1:9: " CONNECTED_TEXT},
    {"WriteMsgUDPAddrPort, dialed, invalid", DIALED4, OPEN, WRITE_MSG_AP, "",
     "write udp4 L->invalid AddrPort: address invalid IP: non-IPv4 address"},
    {"WriteMsgUDPAddrPort, dialed 6, invalid", DIALED6, OPEN, WRITE_MSG_AP, "",
     "write udp L->invalid AddrPort: address invalid IP: non-IPv6 address"},
    {"WriteMsgUDPAddrPort, bound, invalid", BOUND4, OPEN, WRITE_MSG_AP, "",
     "write udp L->invalid AddrPort: missing address"},
    /* 13.5, 11.10 */
    {"WriteTo, null", BOUND4, OPEN, WRITE_TO, NULL, "write udp L: invalid argument"},
    {"WriteTo, null, closed", BOUND4, CLOSED, WRITE_TO, NULL, "write udp L: invalid argument"},
    {"WriteTo, null, dialed", DIALED4, OPEN, WRITE_TO, NULL, "write udp4 L: invalid argument"},
    {"WriteTo, another type", BOUND4, OPEN, WRITE_TO_TCP, "1.2.3.4 0",
     "write udp L->1.2.3.4:0: invalid argument"},
    {"WriteToUDP, null", BOUND4, OPEN, WRITE_TO_UDP, NULL, "write udp L: missing address"},
    {"WriteToUDP, null, closed", BOUND4, CLOSED, WRITE_TO_UDP, NULL,
     "write udp L: missing address"},
    {"WriteToUDPAddrPort, invalid", BOUND4, OPEN, WRITE_TO_AP, "",
     "write udp L->invalid AddrPort: missing address"},
    {"WriteToUDPAddrPort, invalid, dual", DUAL, OPEN, WRITE_TO_AP, "",
     "write udp L->invalid AddrPort: missing address"},
    {"WriteMsgUDP, null", BOUND4, OPEN, WRITE_MSG, NULL, "write udp L: missing address"},
    /* 13.6 */
    {"WriteToUDP, IPv6 on IPv4", BOUND4, OPEN, WRITE_TO_UDP, "::1 1",
     "write udp L->[::1]:1: address ::1: non-IPv4 address"},
    {"WriteToUDP, IPv6 on IPv4, closed", BOUND4, CLOSED, WRITE_TO_UDP, "::1 1",
     "write udp L->[::1]:1: address ::1: non-IPv4 address"},
    {"WriteToUDPAddrPort, IPv6 on IPv4", BOUND4, OPEN, WRITE_TO_AP, "::1 1",
     "write udp L->[::1]:1: address ::1: non-IPv4 address"},
    {"WriteMsgUDP, IPv6 on IPv4", BOUND4, OPEN, WRITE_MSG, "::1 1",
     "write udp L->[::1]:1: address ::1: non-IPv4 address"},
    {"WriteMsgUDPAddrPort, IPv6 on IPv4", BOUND4, OPEN, WRITE_MSG_AP, "::1 1",
     "write udp L->[::1]:1: address ::1: non-IPv4 address"},
    {"WriteToUDP, IPv4 on dual", DUAL, OPEN, WRITE_TO_UDP, TO, NULL},
    {"WriteToUDPAddrPort, IPv4 on dual", DUAL, OPEN, WRITE_TO_AP, TO, NULL},
    {"WriteToUDPAddrPort, mapped on dual", DUAL, OPEN, WRITE_TO_AP, "::ffff:127.0.0.1 9", NULL},
    {"WriteToUDPAddrPort, mapped on IPv4", BOUND4, OPEN, WRITE_TO_AP, "::ffff:127.0.0.1 9", NULL},
    {"WriteMsgUDP, IPv4 on dual", DUAL, OPEN, WRITE_MSG, TO, NULL},
    {"WriteToUDP, IPv4 on udp6", BOUND6, OPEN, WRITE_TO_UDP, TO,
     "write udp6 L->127.0.0.1:9: sendto: network is unreachable"},
    {"WriteToUDPAddrPort, IPv4 on udp6", BOUND6, OPEN, WRITE_TO_AP, TO,
     "write udp6 L->127.0.0.1:9: sendto: network is unreachable"},
    {"WriteToUDPAddrPort, mapped on udp6", BOUND6, OPEN, WRITE_TO_AP, "::ffff:127.0.0.1 9",
     "write udp6 L->[::ffff:127.0.0.1]:9: sendto: network is unreachable"},
    {"WriteMsgUDP, IPv4 on udp6", BOUND6, OPEN, WRITE_MSG, TO,
     "write udp6 L->127.0.0.1:9: sendmsg: network is unreachable"},
    {"WriteToUDP, no IP", BOUND4, OPEN, WRITE_TO_UDP, "- 9", NULL},
    {"WriteToUDP, no IP, dual", DUAL, OPEN, WRITE_TO_UDP, "- 9", NULL},
    {"WriteToUDP, 0.0.0.0 on udp6", BOUND6, OPEN, WRITE_TO_UDP, "0.0.0.0 9", NULL},
    {"WriteToUDP, port 0", BOUND4, OPEN, WRITE_TO_UDP, "127.0.0.1 0",
     "write udp L->127.0.0.1:0: sendto: invalid argument"},
    {"WriteToUDPAddrPort, port 0", DUAL, OPEN, WRITE_TO_AP, "::1 0",
     "write udp L->[::1]:0: sendto: invalid argument"},
    {"WriteMsgUDP, port 0", BOUND4, OPEN, WRITE_MSG, "127.0.0.1 0",
     "write udp L->127.0.0.1:0: sendmsg: invalid argument"},
    {"WriteToUDP, port 65536", BOUND4, OPEN, WRITE_TO_UDP, "127.0.0.1 65536",
     "write udp L->127.0.0.1:65536: sendto: invalid argument"},
    {"WriteToUDP, port -1", DUAL, OPEN, WRITE_TO_UDP, "::1 -1",
     "write udp L->[::1]:-1: sendto: invalid argument"},
    /* 11.1, 11.2, 11.4, 11.5, 11.9 */
    {"Read, closed", BOUND4, CLOSED, READ, NULL, "read udp L: " CLOSED_TEXT},
    {"Read, dialed, closed", DIALED4, CLOSED, READ, NULL, "read udp4 L->R: " CLOSED_TEXT},
    {"ReadFrom, closed", BOUND4, CLOSED, READ_FROM, NULL, "read udp L: " CLOSED_TEXT},
    {"ReadFromUDP, dialed, closed", DIALED4, CLOSED, READ_FROM_UDP, NULL,
     "read udp4 L->R: " CLOSED_TEXT},
    {"ReadFromUDPAddrPort, closed", DUAL, CLOSED, READ_FROM_AP, NULL, "read udp L: " CLOSED_TEXT},
    {"ReadMsgUDP, closed", DUAL, CLOSED, READ_MSG, NULL, "read udp L: " CLOSED_TEXT},
    {"ReadMsgUDPAddrPort, closed", BOUND6, CLOSED, READ_MSG_AP, NULL, "read udp6 L: " CLOSED_TEXT},
    {"Write, dialed, closed", DIALED4, CLOSED, WRITE, NULL, "write udp4 L->R: " CLOSED_TEXT},
    {"WriteTo, closed", BOUND4, CLOSED, WRITE_TO, TO, "write udp L->127.0.0.1:9: " CLOSED_TEXT},
    {"WriteToUDP, closed", BOUND4, CLOSED, WRITE_TO_UDP, TO,
     "write udp L->127.0.0.1:9: " CLOSED_TEXT},
    {"WriteToUDPAddrPort, closed", BOUND4, CLOSED, WRITE_TO_AP, TO,
     "write udp L->127.0.0.1:9: " CLOSED_TEXT},
    {"WriteMsgUDP, closed", BOUND4, CLOSED, WRITE_MSG, TO,
     "write udp L->127.0.0.1:9: " CLOSED_TEXT},
    {"WriteMsgUDP, dialed, closed", DIALED4, CLOSED, WRITE_MSG, NULL, "write udp4 L: " CLOSED_TEXT},
    {"WriteMsgUDPAddrPort, closed", BOUND4, CLOSED, WRITE_MSG_AP, TO,
     "write udp L->127.0.0.1:9: " CLOSED_TEXT},
    {"Close, closed", BOUND4, CLOSED, CLOSE, NULL, "close udp L: " CLOSED_TEXT},
    {"Close, dialed, closed", DIALED4, CLOSED, CLOSE, NULL, "close udp4 L->R: " CLOSED_TEXT},
    {"SetDeadline, closed", DIALED4, CLOSED, SET_DEADLINE, NULL, "set udp4 L: " CLOSED_TEXT},
    {"SetReadDeadline, closed", BOUND4, CLOSED, SET_READ_DEADLINE, NULL, "set udp L: " CLOSED_TEXT},
    {"SetWriteDeadline, closed", BOUND4, CLOSED, SET_WRITE_DEADLINE, NULL,
     "set udp L: " CLOSED_TEXT},
    {"SetReadBuffer, closed", DIALED4, CLOSED, SET_READ_BUFFER, NULL, "set udp4 L: " CLOSED_TEXT},
    {"SetWriteBuffer, closed", BOUND4, CLOSED, SET_WRITE_BUFFER, NULL, "set udp L: " CLOSED_TEXT},
    {"SetReadBuffer", BOUND4, OPEN, SET_READ_BUFFER, NULL, NULL},
    {"SetWriteBuffer", DIALED4, OPEN, SET_WRITE_BUFFER, NULL, NULL},
    {"File, closed", BOUND4, CLOSED, GET_FILE, NULL, "file udp L: " CLOSED_TEXT},
    {"File, dialed, closed", DIALED4, CLOSED, GET_FILE, NULL, "file udp4 L->R: " CLOSED_TEXT},
    {"RawConn.Control, closed", DIALED4, CLOSED, RAW_CONTROL, NULL,
     "raw-control udp4 L: " CLOSED_TEXT},
    {"RawConn.Read, closed", DIALED4, CLOSED, RAW_READ, NULL, "raw-read udp4 L->R: " CLOSED_TEXT},
    {"RawConn.Write, closed", BOUND4, CLOSED, RAW_WRITE, NULL, "raw-write udp L: " CLOSED_TEXT},
    /* 10.3, 9.11 */
    {"Read, expired", BOUND4, EXPIRED, READ, NULL, "read udp L: i/o timeout"},
    {"ReadFrom, expired", DUAL, EXPIRED, READ_FROM, NULL, "read udp L: i/o timeout"},
    {"ReadFromUDP, expired", DIALED4, EXPIRED, READ_FROM_UDP, NULL, "read udp4 L->R: i/o timeout"},
    {"ReadFromUDPAddrPort, expired", BOUND6, EXPIRED, READ_FROM_AP, NULL,
     "read udp6 L: i/o timeout"},
    {"ReadMsgUDP, expired", BOUND4, EXPIRED, READ_MSG, NULL, "read udp L: i/o timeout"},
    {"ReadMsgUDPAddrPort, expired", BOUND4, EXPIRED, READ_MSG_AP, NULL, "read udp L: i/o timeout"},
    {"Write, dialed, expired", DIALED4, EXPIRED, WRITE, NULL, "write udp4 L->R: i/o timeout"},
    {"WriteTo, expired", BOUND4, EXPIRED, WRITE_TO, TO, "write udp L->127.0.0.1:9: i/o timeout"},
    {"WriteToUDP, null, expired", BOUND4, EXPIRED, WRITE_TO_UDP, NULL,
     "write udp L: missing address"},
    {"WriteToUDPAddrPort, expired", BOUND4, EXPIRED, WRITE_TO_AP, TO,
     "write udp L->127.0.0.1:9: i/o timeout"},
    {"WriteMsgUDP, expired", BOUND4, EXPIRED, WRITE_MSG, TO,
     "write udp L->127.0.0.1:9: i/o timeout"},
    {"WriteMsgUDPAddrPort, expired", BOUND4, EXPIRED, WRITE_MSG_AP, TO,
     "write udp L->127.0.0.1:9: i/o timeout"},
};

/* ---- the sockets ---- */

typedef struct {
    gonet_udp_conn_t *c;
    gonet_udp_conn_t *peer;
    gonet_udp_conn_t *original; /* of an adopted one */
} sockets_t;

static gonet_udp_conn_t *listen_on(const char *network, const char *ip)
{
    gonet_udp_addr_t addr = {.ip = gonet_parse_ip(ip)};
    gonet_udp_conn_t *c = gonet_listen_udp(network, &addr, NULL);

    assert_non_null(c);
    return c;
}

static gonet_udp_conn_t *dial(const char *network, gonet_udp_conn_t *to)
{
    const gonet_udp_addr_t *addr = gonet_addr_as_udp(gonet_udp_conn_local_addr(to));
    gonet_udp_conn_t *c = gonet_dial_udp(network, NULL, addr, NULL);

    assert_non_null(c);
    return c;
}

static gonet_udp_conn_t *adopt(gonet_udp_conn_t *c)
{
    int fd = gonet_udp_conn_file(c, NULL);
    gonet_udp_conn_t *adopted = gonet_conn_as_udp(gonet_file_conn(fd, NULL));

    assert_non_null(adopted);
    assert_int_equal(close(fd), 0);
    return adopted;
}

static sockets_t make(kind_t kind)
{
    sockets_t s = {.c = NULL};

    switch (kind) {
    case BOUND4:
        s.c = listen_on("udp", "127.0.0.1");
        break;
    case DUAL:
        s.c = listen_on("udp", "");
        break;
    case BOUND6:
        s.c = listen_on("udp6", "::");
        break;
    case DIALED4:
        s.peer = listen_on("udp", "127.0.0.1");
        s.c = dial("udp4", s.peer);
        break;
    case DIALED6:
        s.peer = listen_on("udp", "::1");
        s.c = dial("udp", s.peer);
        break;
    case ADOPTED:
        s.peer = listen_on("udp", "127.0.0.1");
        s.original = dial("udp4", s.peer);
        s.c = adopt(s.original);
        break;
    }
    return s;
}

static void release(sockets_t *s)
{
    gonet_udp_conn_free(s->c);
    gonet_udp_conn_free(s->peer);
    gonet_udp_conn_free(s->original);
}

/* ---- the calls ---- */

static gonet_udp_addr_t udp_of(const char *to)
{
    gonet_udp_addr_t addr = {.port = 0};
    char ip[64];

    if (to != NULL && sscanf(to, "%63s %d", ip, &addr.port) == 2)
        addr.ip = gonet_parse_ip(ip);
    return addr;
}

static gonet_netip_addr_port_t netip_of(const char *to)
{
    gonet_netip_addr_port_t ap = {.port = 0};
    char ip[64];

    if (to != NULL && sscanf(to, "%63s %hu", ip, &ap.port) == 2)
        ap.addr = gonet_netip_parse_addr(ip, NULL);
    return ap;
}

static void do_nothing(void *arg, int fd)
{
    (void)arg;
    (void)fd;
}

static bool stop_at_once(void *arg, int fd)
{
    (void)arg;
    (void)fd;
    return true;
}

static ssize_t call_raw(call_t call, gonet_udp_conn_t *c, gonet_error_t **err)
{
    GONET_AUTO(gonet_raw_conn_t) raw = gonet_udp_conn_syscall_conn(c, err);

    assert_non_null(raw);
    if (call == RAW_CONTROL)
        return gonet_raw_conn_control(raw, do_nothing, NULL, err);
    if (call == RAW_READ)
        return gonet_raw_conn_read(raw, stop_at_once, NULL, err);
    return gonet_raw_conn_write(raw, stop_at_once, NULL, err);
}

/* A call that reads, and must leave nothing in what it stores when it fails. */
static ssize_t call_read(call_t call, gonet_udp_conn_t *c, gonet_error_t **err)
{
    static const gonet_addr_t no_addr;
    static const gonet_udp_addr_t no_udp;
    static const gonet_netip_addr_port_t no_netip;
    gonet_addr_t addr;
    gonet_udp_addr_t udp;
    gonet_netip_addr_port_t netip;
    size_t oobn = 7;
    int flags = 7;
    char buf[8], oob[64];

    memset(&addr, 7, sizeof(addr));
    memset(&udp, 7, sizeof(udp));
    memset(&netip, 7, sizeof(netip));
    switch ((int)call) {
    case READ:
        return gonet_udp_conn_read(c, buf, sizeof(buf), err);
    case READ_FROM:
        assert_int_equal(gonet_udp_conn_read_from(c, buf, sizeof(buf), &addr, err), -1);
        assert_memory_equal(&addr, &no_addr, sizeof(addr));
        return -1;
    case READ_FROM_UDP:
        assert_int_equal(gonet_udp_conn_read_from_udp(c, buf, sizeof(buf), &udp, err), -1);
        assert_memory_equal(&udp, &no_udp, sizeof(udp));
        return -1;
    case READ_FROM_AP:
        assert_int_equal(gonet_udp_conn_read_from_udp_addr_port(c, buf, sizeof(buf), &netip, err),
                         -1);
        assert_memory_equal(&netip, &no_netip, sizeof(netip));
        return -1;
    case READ_MSG:
        assert_int_equal(gonet_udp_conn_read_msg_udp(c, buf, sizeof(buf), oob, sizeof(oob), &oobn,
                                                     &flags, &udp, err),
                         -1);
        assert_memory_equal(&udp, &no_udp, sizeof(udp));
        break;
    default:
        assert_int_equal(gonet_udp_conn_read_msg_udp_addr_port(
                             c, buf, sizeof(buf), oob, sizeof(oob), &oobn, &flags, &netip, err),
                         -1);
        assert_memory_equal(&netip, &no_netip, sizeof(netip));
        break;
    }
    assert_int_equal(oobn, 0);
    assert_int_equal(flags, 0);
    return -1;
}

static ssize_t call_write(const row_t *row, gonet_udp_conn_t *c, gonet_error_t **err)
{
    const gonet_udp_addr_t udp = udp_of(row->to), *udp_or_null = row->to == NULL ? NULL : &udp;
    const gonet_tcp_addr_t tcp = {.ip = udp.ip, .port = udp.port};
    const gonet_netip_addr_port_t ap = netip_of(row->to);
    gonet_addr_t addr = gonet_udp_addr_as_addr(&udp);
    size_t oobn = 7;
    ssize_t n;

    switch ((int)row->call) {
    case WRITE:
        return gonet_udp_conn_write(c, "abc", 3, err);
    case WRITE_TO:
        return gonet_udp_conn_write_to(c, "abc", 3, row->to == NULL ? NULL : &addr, err);
    case WRITE_TO_TCP:
        addr = gonet_tcp_addr_as_addr(&tcp);
        return gonet_udp_conn_write_to(c, "abc", 3, &addr, err);
    case WRITE_TO_UDP:
        return gonet_udp_conn_write_to_udp(c, "abc", 3, udp_or_null, err);
    case WRITE_TO_AP:
        return gonet_udp_conn_write_to_udp_addr_port(c, "abc", 3, ap, err);
    case WRITE_MSG:
        n = gonet_udp_conn_write_msg_udp(c, "abc", 3, NULL, 0, udp_or_null, &oobn, err);
        break;
    default:
        n = gonet_udp_conn_write_msg_udp_addr_port(c, "abc", 3, NULL, 0, ap, &oobn, err);
        break;
    }
    assert_int_equal(oobn, 0);
    return n;
}

static ssize_t call_other(call_t call, gonet_udp_conn_t *c, gonet_error_t **err)
{
    const gonet_time_t soon = gonet_after(GONET_HOUR);

    switch ((int)call) {
    case CLOSE:
        return gonet_udp_conn_close(c, err);
    case SET_DEADLINE:
        return gonet_udp_conn_set_deadline(c, soon, err);
    case SET_READ_DEADLINE:
        return gonet_udp_conn_set_read_deadline(c, soon, err);
    case SET_WRITE_DEADLINE:
        return gonet_udp_conn_set_write_deadline(c, soon, err);
    case SET_READ_BUFFER:
        return gonet_udp_conn_set_read_buffer(c, 4096, err);
    case SET_WRITE_BUFFER:
        return gonet_udp_conn_set_write_buffer(c, 4096, err);
    case GET_FILE:
        return gonet_udp_conn_file(c, err);
    default:
        return call_raw(call, c, err);
    }
}

static ssize_t make_call(const row_t *row, gonet_udp_conn_t *c, gonet_error_t **err)
{
    if (row->call <= READ_MSG_AP)
        return call_read(row->call, c, err);
    return row->call <= WRITE_MSG_AP ? call_write(row, c, err) : call_other(row->call, c, err);
}

/* Puts the socket's addresses in place of " L" and "->R". */
static void expect(gonet_udp_conn_t *c, const char *error, char *text)
{
    char addr[GONET_ADDR_STRLEN];

    for (const char *s = error; *s != '\0'; s++) {
        bool local = s[0] == ' ' && s[1] == 'L', remote = s[0] == '>' && s[1] == 'R';

        *text++ = *s;
        if (!local && !remote)
            continue;
        gonet_addr_string(local ? gonet_udp_conn_local_addr(c) : gonet_udp_conn_remote_addr(c),
                          addr, sizeof(addr));
        text = stpcpy(text, addr);
        s++;
    }
    *text = '\0';
}

static void test_row(void **state)
{
    const row_t *row = *state;
    gonet_error_t *err = NULL;
    sockets_t s = make(row->kind);
    char text[512];
    ssize_t result;

    if (row->state == CLOSED)
        assert_int_equal(gonet_udp_conn_close(s.c, NULL), 0);
    else if (row->state == EXPIRED)
        assert_int_equal(gonet_udp_conn_set_deadline(s.c, (gonet_time_t){1}, NULL), 0);
    result = make_call(row, s.c, &err);
    if (row->error == NULL) {
        assert_string_equal(gonet_error_string(err), "<nil>");
        assert_true(result >= 0);
    } else {
        expect(s.c, row->error, text);
        assert_string_equal(gonet_error_string(err), text);
        assert_int_equal(result, -1);
        assert_int_equal(make_call(row, s.c, NULL), -1);
    }
    gonet_error_free(err);
    release(&s);
}

/* Every call without a socket says so. */
static void no_socket(void **state)
{
    static const call_t calls[] = {READ,
                                   READ_FROM,
                                   READ_FROM_UDP,
                                   READ_FROM_AP,
                                   READ_MSG,
                                   READ_MSG_AP,
                                   WRITE,
                                   WRITE_TO,
                                   WRITE_TO_UDP,
                                   WRITE_TO_AP,
                                   WRITE_MSG,
                                   WRITE_MSG_AP,
                                   CLOSE,
                                   SET_DEADLINE,
                                   SET_READ_DEADLINE,
                                   SET_WRITE_DEADLINE,
                                   GET_FILE,
                                   SET_READ_BUFFER,
                                   SET_WRITE_BUFFER};
    row_t row = {.to = TO};
    gonet_error_t *err = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        row.call = calls[i];
        assert_int_equal(make_call(&row, NULL, &err), -1);
        assert_string_equal(gonet_error_string(err), "invalid argument");
    }
    assert_null(gonet_udp_conn_syscall_conn(NULL, &err));
    assert_string_equal(gonet_error_string(err), "invalid argument");
    assert_null(gonet_udp_conn_local_addr(NULL));
    assert_null(gonet_udp_conn_remote_addr(NULL));
    gonet_udp_conn_free(gonet_udp_conn_ref(NULL));
    gonet_error_free(err);
}

/* Ports that are none, with an IP of each length. */
static void ports(void **state)
{
    static const int wrong[] = {-1, 65536, 65536 + 9, -65536 + 9, INT_MAX, INT_MIN};
    gonet_error_t *err = NULL;
    sockets_t four = make(BOUND4), six = make(DUAL);

    (void)state;
    for (size_t i = 0; i < 3 * sizeof(wrong) / sizeof(wrong[0]); i++) {
        gonet_udp_addr_t to = udp_of(i % 3 == 2 ? "::1 0" : "127.0.0.1 0");

        to.port = wrong[i / 3];
        if (i % 3 == 0)
            to.ip = gonet_ip_to4(to.ip);
        assert_int_equal(
            gonet_udp_conn_write_to_udp(i % 3 == 2 ? six.c : four.c, "x", 1, &to, &err), -1);
        assert_non_null(strstr(gonet_error_string(err), ": sendto: invalid argument"));
        assert_int_equal(gonet_udp_conn_write_msg_udp(six.c, "x", 1, NULL, 0, &to, NULL, &err), -1);
        assert_non_null(strstr(gonet_error_string(err), ": sendmsg: invalid argument"));
    }
    gonet_error_free(err);
    release(&four);
    release(&six);
}

/* What the address of a failed write is as a value. */
static void views(void **state)
{
    const gonet_udp_addr_t to = udp_of("::1 1");
    const gonet_op_error_t *op;
    gonet_error_t *err = NULL;
    sockets_t s = make(BOUND4);

    (void)state;
    assert_int_equal(gonet_udp_conn_write_to_udp(s.c, "x", 1, &to, &err), -1);
    op = gonet_error_as_op(err);
    assert_string_equal(op->op, "write");
    assert_string_equal(op->net, "udp");
    assert_memory_equal(gonet_addr_as_udp(op->addr), &to, sizeof(to));
    assert_string_equal(gonet_addr_network(op->source), "udp");
    assert_int_equal(gonet_udp_conn_write_to_udp_addr_port(s.c, "x", 1, netip_of("::1 1"), &err),
                     -1);
    assert_string_equal(gonet_addr_network(gonet_error_as_op(err)->addr), "udp");
    gonet_error_free(err);
    release(&s);
}

/* Nothing is kept of a call whose error can't be made. */
static void no_memory(void **state)
{
    const gonet_udp_addr_t to = udp_of("::1 1");
    gonet_error_t *err = NULL;
    sockets_t s = make(BOUND4);

    (void)state;
    gonet__alloc_fail_at(1, 1);
    assert_int_equal(gonet_udp_conn_write_to_udp(s.c, "x", 1, &to, &err), -1);
    assert_ptr_equal(err, gonet_err_no_memory);
    assert_int_equal(gonet_udp_conn_close(s.c, &err), 0);
    assert_int_equal(gonet_udp_conn_read_from(s.c, NULL, 0, NULL, &err), -1);
    assert_ptr_equal(err, gonet_err_no_memory);
    gonet__alloc_fail_at(0, 0);
    release(&s);
}

int main(void)
{
    TABLE_ADD_ALL("row", rows, name, test_row);
    TABLE_ADD(no_socket);
    TABLE_ADD(ports);
    TABLE_ADD(views);
    TABLE_ADD(no_memory);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = leak_setup;
        table_tests[i].teardown_func = leak_teardown;
    }
    return table_run("udp errors");
}
