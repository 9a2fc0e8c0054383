/*
 * The UDP sockets of a worker's questions, and the tasks that read them. A socket is connected to
 * one server, and its port is good for 64 questions; while there are more it gets new ports, and
 * after a moment without any it is closed. Only the worker's tasks touch its sockets.
 */
#ifndef GONET_RESOLVE_DNS_SOCKET_H
#define GONET_RESOLVE_DNS_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "gonet/addr.h"
#include "resolve/message.h"
#include "runtime/netpoll.h"

/* How many questions leave from one port: what a forger could learn about it is soon worthless. */
#define GONET__PORT_QUESTIONS 64

/* How many datagrams are read at once. */
#define GONET__DNS_BATCH 16

/* Which step of an exchange failed. */
typedef struct {
    const char *op;      /* "dial", "read", "write" */
    const char *syscall; /* NULL: none */
    int errnum;          /* without one, ECANCELED: the runtime is ending */
    gonet_addr_t local;  /* of kind GONET_ADDR_NONE before there is a connection */
} gonet__step_t;

struct gonet__udp_question;

/* Its memory has two owners, those who use it and its reader, and those who watch. */
typedef struct gonet__dns_socket {
    gonet__pd_t pd;
    _Atomic unsigned refs;
    bool open;
    bool used;          /* lately */
    gonet__list_t link; /* in one of the two lists of its sockets */
    gonet__list_t all;  /* among the open ones of the process */
    struct gonet__dns_sockets *home;
    gonet_netip_addr_port_t server;
    unsigned asked, live;               /* from this port; and those of them that wait */
    unsigned first;                     /* nobody before this place waits */
    uint16_t id[GONET__PORT_QUESTIONS]; /* as the message has them */
    struct gonet__udp_question *question[GONET__PORT_QUESTIONS]; /* NULL: has ended */
} gonet__dns_socket_t;

/* Those of a worker. */
typedef struct gonet__dns_sockets {
    uint8_t datagram[GONET__DNS_BATCH][GONET__UDP_SIZE]; /* being read */
    gonet__list_t ready;                                 /* have room, or get it by another port */
    gonet__list_t full;
    /* what the sockets' owner does with a datagram; and with the questions of a socket that has
     * failed */
    void (*arrived)(gonet__dns_socket_t *s, const uint8_t *p, size_t n);
    void (*failed)(gonet__dns_socket_t *s, const gonet__step_t *step);
    /* all that has arrived is there; lets other tasks run, which may close sockets */
    void (*done)(struct gonet__dns_sockets *home);
} gonet__dns_sockets_t;

/* gonet__dns_socket_for returns a socket with room for a question to that server. NULL, and the
 * step that failed. Tasks only. */
gonet__dns_socket_t *gonet__dns_socket_for(gonet__dns_sockets_t *home,
                                           const gonet_netip_addr_port_t *server,
                                           gonet__step_t *step);

/* gonet__dns_socket_add gives a question a place on the socket; gonet__dns_socket_remove takes the
 * place away. */
unsigned gonet__dns_socket_add(gonet__dns_socket_t *s, struct gonet__udp_question *q);
void gonet__dns_socket_remove(gonet__dns_socket_t *s, unsigned place);

/* gonet__dns_socket_step says what failed on an open socket, with its address. */
gonet__step_t gonet__dns_socket_step(const gonet__dns_socket_t *s, const char *op,
                                     const char *syscall, int errnum);

#endif
