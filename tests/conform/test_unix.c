/*
 * The conformance suite over unix sockets: streams, records and datagrams.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "conform/conform.h"
#include "gonet/unixsock.h"

static bool make(const conform_kind_t *kind, gonet_conn_t **a, gonet_conn_t **b)
{
    gonet_listener_t *l;
    char name[64];

    net_abstract_new("conform", name);
    l = gonet_listen(kind->network, name, NULL);
    if (!CHECK(l != NULL))
        return false;
    *a = gonet_dial(kind->network, name, NULL);
    *b = gonet_listener_accept(l, NULL);
    gonet_listener_free(l);
    return CHECK(*a != NULL) && CHECK(*b != NULL);
}

/* ---- datagrams: two dialed sockets ---- */

typedef struct {
    char a[64], b[64];
    gonet_conn_t *dialed;
} ends_t;

static gonet_addr_t unixgram(const char *name)
{
    gonet_unix_addr_t a = {.net = "unixgram"};

    snprintf(a.name, sizeof(a.name), "%s", name);
    return gonet_unix_addr_as_addr(&a);
}

static void bind_here(void *arg, int fd)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *name = ((ends_t *)arg)->b;

    memcpy(to.sun_path + 1, name + 1, strlen(name) - 1);
    CHECK(bind(fd, (struct sockaddr *)&to,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))) == 0);
}

/* b has its name, and is not connected yet: the moment to dial it. */
static int dial_back(void *arg, const char *network, const char *address, gonet_raw_conn_t *c,
                     gonet_error_t **err)
{
    ends_t *ends = arg;
    gonet_addr_t from = unixgram(ends->a);
    gonet_dialer_t d = {.local_addr = &from};

    (void)address;
    if (gonet_raw_conn_control(c, bind_here, ends, err) != 0)
        return -1;
    ends->dialed = gonet_dialer_dial(&d, network, ends->b, err);
    return ends->dialed != NULL ? 0 : -1;
}

static bool make_datagrams(const conform_kind_t *kind, gonet_conn_t **a, gonet_conn_t **b)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    ends_t ends = {.dialed = NULL};
    gonet_dialer_t d = {.control = dial_back, .control_arg = &ends};

    net_abstract_new("conform", ends.a);
    net_abstract_new("conform", ends.b);
    *b = gonet_dialer_dial(&d, kind->network, ends.a, &err);
    *a = ends.dialed;
    CHECK_ERROR(err, NULL);
    return *a != NULL && *b != NULL;
}

#define UNIX(net, how)                                                          \
    .name = net, .make = how, .network = net, .closed = &gonet_err_closed,      \
    .second_close = "close " net " <L>-><R>: use of closed network connection", \
    .read_timeout = "read " net " <L>-><R>: i/o timeout",                       \
    .write_timeout = "write " net " <L>-><R>: i/o timeout",                     \
    .read_closed = "read " net " <L>-><R>: use of closed network connection",   \
    .write_closed = "write " net " <L>-><R>: use of closed network connection", \
    .too_long = "write " net " <L>-><R>: write: message too long"

int main(void)
{
    /* 200000 bytes fit into the send buffer that Linux gives, and twice that does not. */
    const conform_kind_t kinds[] = {
        {UNIX("unix", make), .stream = true},
        {UNIX("unixpacket", make), .longest = 200000,
         .write_to_nobody = "write unixpacket <L>-><R>: write: broken pipe"},
        {UNIX("unixgram", make_datagrams), .endless = true, .longest = 200000,
         .write_to_nobody = "write unixgram <L>-><R>: write: connection refused"},
    };

    return conform_run(kinds, sizeof(kinds) / sizeof(kinds[0]));
}
