/*
 * c-ares as it is used here: it keeps questions, hands them out for sending, and finds out which
 * one a reply belongs to. Sockets, servers, time, retries and what replies mean are not its
 * business. All of c-ares that the library uses is behind this header.
 */
#ifndef GONET_RESOLVE_CARES_H
#define GONET_RESOLVE_CARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef struct gonet__cares gonet__cares_t;

/* What c-ares asks of its user. Neither function may call back into it. */
typedef struct {
    /* takes the message of the question that is being sent; it cannot fail */
    void (*send)(void *self, const uint8_t *message, size_t len);
    /* stores the next reply; its length, or 0 if there is none */
    size_t (*receive)(void *self, uint8_t *p, size_t size);
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

/* gonet__cares_read takes in replies: one at least, if there is any. */
void gonet__cares_read(gonet__cares_t *c);

/* gonet__cares_cancel ends all questions. */
void gonet__cares_cancel(gonet__cares_t *c);

#endif
