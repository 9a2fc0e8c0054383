/*
 * The channels, one for each worker that looks up names, and what is inside of one.
 */
#ifndef GONET_RESOLVE_CHANNELS_H
#define GONET_RESOLVE_CHANNELS_H

#include "resolve/channel.h"
#include "runtime/waitq.h"

#define GONET__MAX_HELD 32

typedef struct gonet__channel gonet__channel_t;
struct gonet__channel {
    gonet__dns_sockets_t sockets; /* first: callbacks get this */
    gonet__channel_t *next;
    gonet__cares_t *cares;
    gonet__udp_question_t *sending;
    gonet__udp_question_t *held[GONET__MAX_HELD]; /* to be sent together; NULL: has ended */
    unsigned held_count;
    bool hold;           /* a task is about to hold more */
    unsigned senders;    /* tasks in the run queue that will send what is held */
    unsigned woken;      /* tasks, by what has just arrived */
    gonet__list_t ended; /* c-ares is to hear that they are answered */
    gonet__list_t told;  /* and has heard it */
    uint32_t in_flight;
    uint64_t arrivals;
    gonet__waiter_t *queue;    /* those who wait for their turn to ask */
    int64_t last_turn;         /* when the last of them asks at the latest */
    uint64_t used[65536 / 64]; /* ids, so that c-ares can tell equal questions apart */
    uint8_t random[256];
    size_t random_left;
};

/* gonet__question_end: a question is over; c-ares hears of it at the next opportunity. */
void gonet__question_end(gonet__udp_question_t *q);

/* gonet__channel_mine returns the channel of this worker. NULL: no memory. Tasks only. */
gonet__channel_t *gonet__channel_mine(void);

/* gonet__channel_random fills n bytes (at most 16) from the channel's store of random bytes. NULL,
 * or the error (new reference) if the kernel has none. */
gonet_error_t *gonet__channel_random(gonet__channel_t *ch, uint8_t *p, size_t n);

/* gonet__channel_set_up makes a zeroed channel ready; false without memory. */
bool gonet__channel_set_up(gonet__channel_t *ch);

#endif
