/*
 * Channels hand copies of elements from one task or thread to another, in order. Without a capacity
 * a send waits for its receive; with one, that many elements are stored.
 *
 * A channel knows the size of its elements, the compiler does not: an element of another size is
 * read or written beyond its end. So give the channels of a program types of their own, with
 * functions that take that element and no other, in C and in C++:
 *
 *   GONET_DEFINE_CHAN(job_chan, struct job)   // job_chan_t, job_chan_new, job_chan_send, …
 *   GONET_DEFINE_OWNING_CHAN(conn_chan, gonet_conn_t *, gonet_conn_free)
 *   GONET_DEFINE_SIGNAL_CHAN(stop_chan)       // nothing but the signal: stop_chan_send(stop)
 *
 *   GONET_AUTO(job_chan_t) jobs = job_chan_new(16);
 *   struct job j = {.id = 1};
 *   job_chan_send(jobs, &j);
 *
 * Waiting parks a task and blocks a thread. When gonet_shutdown is under way, a task that would
 * wait comes back with errno ECANCELED (gonet_select: with -2). When the context has ended that the
 * caller runs under (gonet_context_run), each of these calls but those that never wait does so,
 * also if it would not have to wait: with errno ECANCELED, or ETIMEDOUT at the context's deadline.
 */
#ifndef GONET_CHAN_H
#define GONET_CHAN_H

#include "gonet/export.h"
#include "gonet/time.h"

GONET_BEGIN_DECLS

/*
 * gonet_chan_t is a channel of elements of one size, counted. As in Go, NULL stands for a channel
 * that is never ready: sending to it and receiving from it wait for ever, and a select ignores it.
 *
 * Go:       chan T
 */
typedef struct gonet_chan gonet_chan_t;

/*
 * gonet_chan_new makes a channel for elements of elem_size bytes that stores up to capacity of
 * them. With elem_size 0 it hands on bare signals, and the pointers to elements are not looked at.
 *
 * Parks:    never.
 * Returns:  the channel, to release with gonet_chan_free, or NULL with errno ENOMEM.
 * Threads:  any task or thread.
 * Units:    elem_size in bytes, capacity in elements.
 * Go:       make(chan T, n)
 */
GONET_API GONET_NODISCARD gonet_chan_t *gonet_chan_new(size_t elem_size, size_t capacity);

/*
 * gonet_chan_new_owning makes a channel that owns what is stored in it: when the last owner of the
 * channel has let go of it, destroy is called for each element that nobody has received, the oldest
 * first, with a pointer to the element, which is as aligned as memory of malloc is. An element that
 * was not sent (gonet_chan_send returned false) stays the sender's; one that was received is the
 * receiver's, also if that has passed NULL for it.
 *
 * destroy runs in the task or thread that lets go of the channel last, outside of any lock, so it
 * may park. In a forked child it is called as in any process, for what was stored at the fork, too.
 *
 * Parks:    never.
 * Returns:  the channel, to release with gonet_chan_free, or NULL with errno ENOMEM.
 * Threads:  any task or thread.
 * Units:    elem_size in bytes, capacity in elements.
 */
GONET_API GONET_NODISCARD gonet_chan_t *gonet_chan_new_owning(size_t elem_size, size_t capacity,
                                                              void (*destroy)(void *elem));

/*
 * gonet_chan_ref adds an owner. NULL is fine.
 *
 * Parks:    never.
 * Returns:  ch.
 * Threads:  any task or thread.
 */
GONET_API gonet_chan_t *gonet_chan_ref(gonet_chan_t *ch);

/*
 * gonet_chan_free drops an owner. The last one closes the channel, as gonet_chan_close does;
 * elements that were stored are dropped with it. NULL is fine.
 *
 * Parks:    never, but in what destroy does (gonet_chan_new_owning).
 * Threads:  any task or thread.
 */
GONET_API void gonet_chan_free(gonet_chan_t *ch);

/*
 * gonet_chan_send copies *elem, of as many bytes as the channel was made for, into the channel,
 * waiting until a receiver or room is there.
 *
 * Parks:    until it is received or stored; ends when the channel is closed, or by gonet_shutdown.
 * Returns:  true when it was sent; false, with errno, when not.
 * Errors:   EPIPE: the channel is closed, or gets closed while waiting (Go panics). ECANCELED:
 *           gonet_shutdown is under way, and the caller, a task, would have to wait.
 * Threads:  any task or thread.
 * Go:       ch <- v
 */
GONET_API bool gonet_chan_send(gonet_chan_t *ch, const void *elem);

/*
 * gonet_chan_recv waits for an element and copies it to *elem, where there is room for as many
 * bytes as the channel was made for (NULL: drops it). Without an element *elem is filled with
 * zeros.
 *
 * Parks:    until an element comes; ends when the channel is closed, or by gonet_shutdown.
 * Returns:  true with an element; false, with errno, without.
 * Errors:   EPIPE: the channel is closed and nothing is stored any more. ECANCELED: gonet_shutdown
 *           is under way, and the caller, a task, would have to wait.
 * Threads:  any task or thread.
 * Go:       v, ok := <-ch
 */
GONET_API bool gonet_chan_recv(gonet_chan_t *ch, void *elem);

/* What the calls that don't wait return: positive exactly when an element went through. */
enum { GONET_CHAN_CLOSED = -1, GONET_CHAN_WOULD_BLOCK = 0, GONET_CHAN_OK = 1 };

/*
 * gonet_chan_try_send is gonet_chan_send without waiting.
 *
 * Parks:    never.
 * Returns:  GONET_CHAN_OK; GONET_CHAN_WOULD_BLOCK; GONET_CHAN_CLOSED.
 * Threads:  any task or thread.
 * Go:       a select with a send and a default
 */
GONET_API int gonet_chan_try_send(gonet_chan_t *ch, const void *elem);

/*
 * gonet_chan_try_recv is gonet_chan_recv without waiting; *elem is filled with zeros unless an
 * element was received.
 *
 * Parks:    never.
 * Returns:  GONET_CHAN_OK; GONET_CHAN_WOULD_BLOCK; GONET_CHAN_CLOSED (and nothing is stored).
 * Threads:  any task or thread.
 * Go:       a select with a receive and a default
 */
GONET_API int gonet_chan_try_recv(gonet_chan_t *ch, void *elem);

/*
 * gonet_chan_close closes ch: no more sends; what is stored can still be received; everybody who
 * waits comes back.
 *
 * Parks:    never.
 * Returns:  true if this call closed it; false if it was closed already, is NULL, or is a context's
 *           or a timer's channel, which can only be received from (Go panics).
 * Threads:  any task or thread.
 * Go:       close
 */
GONET_API bool gonet_chan_close(gonet_chan_t *ch);

/*
 * gonet_chan_len returns how many elements are stored at this moment; NULL: 0.
 *
 * Parks:    never.
 * Threads:  any task or thread.
 * Go:       len
 */
GONET_API size_t gonet_chan_len(gonet_chan_t *ch);

/*
 * gonet_chan_cap returns the capacity; NULL: 0.
 *
 * Parks:    never.
 * Threads:  any task or thread.
 * Go:       cap
 */
GONET_API size_t gonet_chan_cap(gonet_chan_t *ch);

/*
 * gonet_select_case_t is one case of gonet_select. With send set it sends *send to ch, otherwise it
 * receives into *recv (NULL: drops the element). The rest may be left zero; private_words are
 * scratch space of the call, so one array serves one select at a time. Channels with a type of
 * their own make their cases (GONET_DEFINE_CHAN): job_chan_recv_case(jobs, &j).
 *
 * Go:       case v, ok := <-ch, case ch <- v
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
 * ready: its case comes with ok false (a receive's element is then filled with zeros). A deadline
 * that is past only looks, as Go's default does. Without cases it waits for the deadline.
 *
 * Parks:    until a case can go on, or deadline ({ 0 }: none); ends by gonet_shutdown.
 * Returns:  the index; -1 when deadline has passed; -2, with errno set, when gonet_shutdown is
 * under way and the caller, a task, would have to wait, or when the caller's context has ended
 *           (gonet_context_run): a loop ends then.
 * Threads:  any task or thread. n is at most INT_MAX.
 * Go:       select
 */
GONET_API int gonet_select(gonet_select_case_t *cases, size_t n, gonet_time_t deadline);

GONET_DEFINE_AUTO(gonet_chan_t, gonet_chan_free)

GONET_END_DECLS

/*
 * GONET_DEFINE_CHAN(name, type) defines a type of channels whose elements are of that type, name_t,
 * and functions for it, which are those above by another name: a pointer to anything but an element
 * of that type does not compile (but for void *, in C). It stands outside of functions, once for
 * each name in a file (or a header); type is the name of a type that "=" can copy: a struct, a
 * number, a pointer.
 *
 *   name_t *name_new(size_t capacity)              name_t *name_ref(name_t *ch)
 *   void name_free(name_t *ch)                     bool name_close(name_t *ch)
 *   size_t name_len(name_t *ch)                    size_t name_cap(name_t *ch)
 *   bool name_send(name_t *ch, const type *elem)   int name_try_send(name_t *ch, const type *elem)
 *   bool name_recv(name_t *ch, type *elem)         int name_try_recv(name_t *ch, type *elem)
 *   gonet_select_case_t name_send_case(name_t *ch, const type *elem)
 *   gonet_select_case_t name_recv_case(name_t *ch, type *elem)
 *   gonet_chan_t *name_as_chan(name_t *ch)         the same channel without its type
 *
 * GONET_AUTO(name_t) works, too. name_as_chan is for code that takes channels of any type: the
 * untyped calls compile with any pointer.
 *
 * Example:  examples/typed_chan.c
 * Go:       chan T
 */
#define GONET_DEFINE_CHAN(name, type)                                                \
    GONET__CHAN_BEGIN(name)                                                          \
    GONET__CHAN_ELEMENTS(name, type)                                                 \
    GONET__CHAN_INLINE GONET_NODISCARD name##_t *name##_new(size_t capacity)         \
    {                                                                                \
        return GONET__CHAN_CAST(name##_t *, gonet_chan_new(sizeof(type), capacity)); \
    }                                                                                \
    GONET__CHAN_INLINE bool name##_recv(name##_t *ch, name##_elem_t *elem)           \
    {                                                                                \
        return gonet_chan_recv(name##_as_chan(ch), elem);                            \
    }                                                                                \
    GONET__CHAN_INLINE int name##_try_recv(name##_t *ch, name##_elem_t *elem)        \
    {                                                                                \
        return gonet_chan_try_recv(name##_as_chan(ch), elem);                        \
    }                                                                                \
    struct name##_chan

/*
 * GONET_DEFINE_OWNING_CHAN(name, type, free_function) is GONET_DEFINE_CHAN for elements that have
 * to be released: when the last owner of a channel has let go of it, free_function(element) is
 * called for each element that nobody has received (gonet_chan_new_owning says more), and at once
 * for one that a receive with NULL drops (not in a select, which leaves it to the program).
 * free_function takes an element by value, as gonet_conn_free does.
 *
 * Example:  examples/typed_chan.c
 */
#define GONET_DEFINE_OWNING_CHAN(name, type, free_function)                                  \
    GONET__CHAN_BEGIN(name)                                                                  \
    GONET__CHAN_ELEMENTS(name, type)                                                         \
    GONET__CHAN_INLINE void name##_destroy_elem(void *elem)                                  \
    {                                                                                        \
        free_function(*GONET__CHAN_FROM_VOID(name##_elem_t *, elem));                        \
    }                                                                                        \
    GONET__CHAN_INLINE GONET_NODISCARD name##_t *name##_new(size_t capacity)                 \
    {                                                                                        \
        return GONET__CHAN_CAST(                                                             \
            name##_t *, gonet_chan_new_owning(sizeof(type), capacity, name##_destroy_elem)); \
    }                                                                                        \
    GONET__CHAN_INLINE bool name##_recv(name##_t *ch, name##_elem_t *elem)                   \
    {                                                                                        \
        name##_elem_t dropped;                                                               \
        bool drops = elem == NULL;                                                           \
        bool ok = gonet_chan_recv(name##_as_chan(ch), drops ? &dropped : elem);              \
        if (ok && drops)                                                                     \
            free_function(dropped);                                                          \
        return ok;                                                                           \
    }                                                                                        \
    GONET__CHAN_INLINE int name##_try_recv(name##_t *ch, name##_elem_t *elem)                \
    {                                                                                        \
        name##_elem_t dropped;                                                               \
        bool drops = elem == NULL;                                                           \
        int status = gonet_chan_try_recv(name##_as_chan(ch), drops ? &dropped : elem);       \
        if (status == GONET_CHAN_OK && drops)                                                \
            free_function(dropped);                                                          \
        return status;                                                                       \
    }                                                                                        \
    struct name##_chan

/*
 * GONET_DEFINE_SIGNAL_CHAN(name) is GONET_DEFINE_CHAN for channels without elements: name_send(ch),
 * name_recv(ch), name_try_send(ch), name_try_recv(ch), name_send_case(ch) and name_recv_case(ch)
 * have none to pass.
 *
 * Example:  examples/typed_chan.c
 * Go:       chan struct{}
 */
#define GONET_DEFINE_SIGNAL_CHAN(name)                                           \
    GONET__CHAN_BEGIN(name)                                                      \
    GONET__CHAN_INLINE GONET_NODISCARD name##_t *name##_new(size_t capacity)     \
    {                                                                            \
        return GONET__CHAN_CAST(name##_t *, gonet_chan_new(0, capacity));        \
    }                                                                            \
    GONET__CHAN_INLINE bool name##_send(name##_t *ch)                            \
    {                                                                            \
        return gonet_chan_send(name##_as_chan(ch), ch);                          \
    }                                                                            \
    GONET__CHAN_INLINE int name##_try_send(name##_t *ch)                         \
    {                                                                            \
        return gonet_chan_try_send(name##_as_chan(ch), ch);                      \
    }                                                                            \
    GONET__CHAN_INLINE bool name##_recv(name##_t *ch)                            \
    {                                                                            \
        return gonet_chan_recv(name##_as_chan(ch), NULL);                        \
    }                                                                            \
    GONET__CHAN_INLINE int name##_try_recv(name##_t *ch)                         \
    {                                                                            \
        return gonet_chan_try_recv(name##_as_chan(ch), NULL);                    \
    }                                                                            \
    GONET__CHAN_INLINE gonet_select_case_t name##_send_case(name##_t *ch)        \
    {                                                                            \
        gonet_select_case_t c = {name##_as_chan(ch), ch, NULL, false, {NULL}};   \
        return c;                                                                \
    }                                                                            \
    GONET__CHAN_INLINE gonet_select_case_t name##_recv_case(name##_t *ch)        \
    {                                                                            \
        gonet_select_case_t c = {name##_as_chan(ch), NULL, NULL, false, {NULL}}; \
        return c;                                                                \
    }                                                                            \
    struct name##_chan

/*
 * What the three are made of. Older compilers of C take a pointer to another type with no more than
 * a warning; from here on in the file it is an error, as in GCC 14 and Clang 16.
 */
#if defined(__cplusplus)
#define GONET__CHAN_CAST(type, p)      reinterpret_cast<type>(p)
#define GONET__CHAN_FROM_VOID(type, p) static_cast<type>(p)
#define GONET__CHAN_STRICT
#define GONET__CHAN_CHECK(type) \
    static_assert(__is_trivially_copyable(type), "elements are copied as bytes");
#else
#define GONET__CHAN_CAST(type, p)      ((type)(p))
#define GONET__CHAN_FROM_VOID(type, p) ((type)(p))
#define GONET__CHAN_CHECK(type)
#if defined(__GNUC__)
#define GONET__CHAN_STRICT                                           \
    _Pragma("GCC diagnostic error \"-Wincompatible-pointer-types\"") \
        _Pragma("GCC diagnostic error \"-Wpointer-sign\"")           \
            _Pragma("GCC diagnostic error \"-Wint-conversion\"")
#else
#define GONET__CHAN_STRICT
#endif
#endif
#if defined(__GNUC__)
#define GONET__CHAN_INLINE static inline __attribute__((unused))
#else
#define GONET__CHAN_INLINE static inline
#endif

/* The type, and what needs no element. */
#define GONET__CHAN_BEGIN(name)                                   \
    GONET__CHAN_STRICT                                            \
    typedef struct name##_chan name##_t;                          \
    GONET__CHAN_INLINE gonet_chan_t *name##_as_chan(name##_t *ch) \
    {                                                             \
        return GONET__CHAN_CAST(gonet_chan_t *, ch);              \
    }                                                             \
    GONET__CHAN_INLINE name##_t *name##_ref(name##_t *ch)         \
    {                                                             \
        (void)gonet_chan_ref(name##_as_chan(ch));                 \
        return ch;                                                \
    }                                                             \
    GONET__CHAN_INLINE void name##_free(name##_t *ch)             \
    {                                                             \
        gonet_chan_free(name##_as_chan(ch));                      \
    }                                                             \
    GONET__CHAN_INLINE bool name##_close(name##_t *ch)            \
    {                                                             \
        return gonet_chan_close(name##_as_chan(ch));              \
    }                                                             \
    GONET__CHAN_INLINE size_t name##_len(name##_t *ch)            \
    {                                                             \
        return gonet_chan_len(name##_as_chan(ch));                \
    }                                                             \
    GONET__CHAN_INLINE size_t name##_cap(name##_t *ch)            \
    {                                                             \
        return gonet_chan_cap(name##_as_chan(ch));                \
    }                                                             \
    GONET_DEFINE_AUTO(name##_t, name##_free)

/* What passes a pointer to an element, but for the receives. */
#define GONET__CHAN_ELEMENTS(name, type)                                                       \
    typedef type name##_elem_t;                                                                \
    GONET__CHAN_CHECK(name##_elem_t)                                                           \
    GONET__CHAN_INLINE bool name##_send(name##_t *ch, const name##_elem_t *elem)               \
    {                                                                                          \
        return gonet_chan_send(name##_as_chan(ch), elem);                                      \
    }                                                                                          \
    GONET__CHAN_INLINE int name##_try_send(name##_t *ch, const name##_elem_t *elem)            \
    {                                                                                          \
        return gonet_chan_try_send(name##_as_chan(ch), elem);                                  \
    }                                                                                          \
    GONET__CHAN_INLINE gonet_select_case_t name##_send_case(name##_t *ch,                      \
                                                            const name##_elem_t *elem)         \
    {                                                                                          \
        gonet_select_case_t c = {name##_as_chan(ch), elem, NULL, false, {NULL}};               \
        return c;                                                                              \
    }                                                                                          \
    GONET__CHAN_INLINE gonet_select_case_t name##_recv_case(name##_t *ch, name##_elem_t *elem) \
    {                                                                                          \
        gonet_select_case_t c = {name##_as_chan(ch), NULL, elem, false, {NULL}};               \
        return c;                                                                              \
    }

#endif
