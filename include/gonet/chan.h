/*
 * Channels hand copies of elements from one task or thread to another, in order. Without a capacity
 * a send waits for its receive; with one, that many elements are stored.
 *
 * Waiting parks a task and blocks a thread. When gonet_shutdown is under way, a task that would
 * wait comes back with errno ECANCELED (gonet_select: with -2).
 */
#ifndef GONET_CHAN_H
#define GONET_CHAN_H

#include "gonet/export.h"
#include "gonet/time.h"

GONET_BEGIN_DECLS

/*
 * gonet_chan_t is a channel of elements of one size, counted. As in Go, NULL stands for a channel
 * that is never ready: sending to it and receiving from it wait for ever, and a select ignores it.
 * Go: chan T.
 */
typedef struct gonet_chan gonet_chan_t;

/*
 * gonet_chan_new makes a channel for elements of elem_size bytes (0: bare signals; the element
 * pointers are then not read) that stores up to capacity of them. Returns it, to be released with
 * gonet_chan_free, or NULL with errno ENOMEM. Go: make(chan T, n).
 */
GONET_API GONET_NODISCARD gonet_chan_t *gonet_chan_new(size_t elem_size, size_t capacity);

/* gonet_chan_ref adds an owner and returns ch. NULL is fine. */
GONET_API gonet_chan_t *gonet_chan_ref(gonet_chan_t *ch);

/*
 * gonet_chan_free drops an owner. The last one closes the channel, as gonet_chan_close does;
 * elements that were stored are dropped with it. NULL is fine.
 */
GONET_API void gonet_chan_free(gonet_chan_t *ch);

/*
 * gonet_chan_send copies *elem into the channel, waiting until a receiver or room is there.
 * Parks. True when it was sent. False, and the element was not sent, with errno EPIPE when the
 * channel is closed, or gets closed while waiting (Go panics), or ECANCELED when gonet_shutdown is
 * under way and the caller, a task, would have to wait. Go: ch <- v.
 */
GONET_API bool gonet_chan_send(gonet_chan_t *ch, const void *elem);

/*
 * gonet_chan_recv waits for an element and copies it to *elem (NULL: drops it). Parks. False with
 * errno EPIPE when the channel is closed and nothing is stored any more, or ECANCELED when
 * gonet_shutdown is under way and the caller, a task, would have to wait; *elem is then filled with
 * zeros. Go: v, ok := <-ch.
 */
GONET_API bool gonet_chan_recv(gonet_chan_t *ch, void *elem);

/* What the calls that don't wait return: positive exactly when an element went through. */
enum { GONET_CHAN_CLOSED = -1, GONET_CHAN_WOULD_BLOCK = 0, GONET_CHAN_OK = 1 };

/* gonet_chan_try_send is gonet_chan_send without waiting. Go: a select with a send and a default.
 */
GONET_API int gonet_chan_try_send(gonet_chan_t *ch, const void *elem);

/*
 * gonet_chan_try_recv is gonet_chan_recv without waiting; *elem is filled with zeros unless an
 * element was received. Go: a select with a receive and a default.
 */
GONET_API int gonet_chan_try_recv(gonet_chan_t *ch, void *elem);

/*
 * gonet_chan_close closes ch: no more sends; what is stored can still be received; everybody who
 * waits comes back. True if this call closed it; false if it was closed already, is NULL, or is a
 * context's done channel, which only its context closes (Go panics). Go: close.
 */
GONET_API bool gonet_chan_close(gonet_chan_t *ch);

/* gonet_chan_len returns how many elements are stored at this moment; NULL: 0. Go: len. */
GONET_API size_t gonet_chan_len(gonet_chan_t *ch);

/* gonet_chan_cap returns the capacity; NULL: 0. Go: cap. */
GONET_API size_t gonet_chan_cap(gonet_chan_t *ch);

/*
 * gonet_select_case_t is one case of gonet_select. With send set it sends *send to ch, otherwise it
 * receives into *recv (NULL: drops the element). The rest may be left zero; private_words are
 * scratch space of the call, so one array serves one select at a time.
 */
typedef struct {
    gonet_chan_t *ch; /* NULL: never ready */
    const void *send; /* not NULL: a send, even if recv is set too */
    void *recv;
    bool ok; /* result, of the chosen case: false if the channel was closed */
    void *private_words[6];
} gonet_select_case_t;

/*
 * gonet_select waits until one of the n cases can go on, carries that one out and returns its
 * index; if several can, chance decides, each being as likely as the others. A closed channel is
 * ready: its case comes with ok false (a receive's element is then filled with zeros). Returns -1
 * when deadline has passed ({ 0 }: none), and -2 when gonet_shutdown is under way and the caller, a
 * task, would have to wait: a loop ends then. A deadline that is past only looks, as Go's default
 * does. Without cases it waits for the deadline. Parks. n is at most INT_MAX. Go: select.
 */
GONET_API int gonet_select(gonet_select_case_t *cases, size_t n, gonet_time_t deadline);

GONET_DEFINE_AUTO(gonet_chan_t, gonet_chan_free)

GONET_END_DECLS

#endif
