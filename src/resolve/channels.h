/*
 * The channels of a worker, their sockets, and the tasks that read these.
 */
#ifndef GONET_RESOLVE_CHANNELS_H
#define GONET_RESOLVE_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/list.h"
#include "gonet/addr.h"
#include "resolve/cares.h"

/* Which step of an exchange failed. */
typedef struct {
    const char *op;      /* "dial", "read", "write" */
    const char *syscall; /* NULL: none */
    int errnum;
    gonet_addr_t local; /* of kind GONET_ADDR_NONE before there is a connection */
} gonet__step_t;

struct gonet__dns_socket;

typedef struct gonet__channel {
    gonet__list_t link; /* in one of the worker's lists */
    struct gonet__dns_worker *worker;
    gonet__cares_t *cares;
    gonet_netip_addr_port_t server;
    struct gonet__dns_socket *socket; /* NULL: closed */
    gonet__list_t live_list;          /* questions somebody waits for */
    gonet__list_t abandoned_list;
    unsigned live, abandoned;
    unsigned asked; /* questions since the socket was opened */
    void *sending;  /* the question that c-ares is sending */
    gonet__step_t failed;
} gonet__channel_t;

/* gonet__channel_for returns a channel of this worker that can ask that server. NULL: no memory. */
gonet__channel_t *gonet__channel_for(gonet_netip_addr_port_t server);

/* gonet__channel_settle tidies up after a question: a channel that nobody waits for is cleared. */
void gonet__channel_settle(gonet__channel_t *ch);

/* gonet__channel_fd returns the open socket, or -1. */
int gonet__channel_fd(const gonet__channel_t *ch);

/* gonet__channel_failed notes what the questions that end now have died of. */
void gonet__channel_failed(gonet__channel_t *ch, const char *op, const char *syscall, int errnum);

/* gonet__random fills n bytes (at most 16) from the kernel's generator, by way of a small store of
 * the worker. False: no memory. */
bool gonet__random(uint8_t *p, size_t n);

/* For c-ares: the two functions that know about questions. */
ssize_t gonet__channel_receive(void *self, int fd, void *p, size_t size);
ssize_t gonet__channel_send(void *self, int fd, const struct iovec *v, int n);

#endif
