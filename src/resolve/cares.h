/*
 * c-ares as it is used here: a queue of UDP questions over one socket of ours. It keeps them, sends
 * them, and finds out which one a reply belongs to; servers, time, retries and what replies mean
 * are not its business. All of c-ares that the library uses is behind this header.
 */
#ifndef GONET_RESOLVE_CARES_H
#define GONET_RESOLVE_CARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef struct gonet__cares gonet__cares_t;

/* What c-ares asks of its user, by system-call rules (-1 and errno). None of these may call back
 * into it. */
typedef struct {
    int (*open)(void *self);
    int (*connect)(void *self, int fd);
    ssize_t (*receive)(void *self, int fd, void *p, size_t size);
    ssize_t (*send)(void *self, int fd, const struct iovec *v, int n);
    void (*close)(void *self, int fd);
} gonet__cares_user_t;

/* A question begins with this. done is called once when it has ended (answered, failed or
 * cancelled), maybe before gonet__cares_send returns. */
typedef struct gonet__question {
    void (*done)(struct gonet__question *question);
} gonet__question_t;

/* gonet__cares_new makes a channel whose functions are called with self. NULL: no memory. */
gonet__cares_t *gonet__cares_new(const gonet__cares_user_t *user, void *self);

/* gonet__cares_free ends a channel without questions. */
void gonet__cares_free(gonet__cares_t *c);

/* gonet__cares_send asks; the message is copied. Its id may be changed on the way out. */
void gonet__cares_send(gonet__cares_t *c, const uint8_t *message, size_t len,
                       gonet__question_t *question);

/* gonet__cares_read takes in what has arrived on the channel's socket. */
void gonet__cares_read(gonet__cares_t *c, int fd);

/* gonet__cares_cancel ends all questions, and closes the socket. */
void gonet__cares_cancel(gonet__cares_t *c);

#endif
