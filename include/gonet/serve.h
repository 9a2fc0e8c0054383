/*
 * Servers: the loop around gonet_listener_accept that every server needs, and connections that wait
 * without a task.
 */
#ifndef GONET_SERVE_H
#define GONET_SERVE_H

#include "gonet/conn.h"
#include "gonet/context.h"
#include "gonet/error.h"
#include "gonet/export.h"
#include "gonet/time.h"

GONET_BEGIN_DECLS

/*
 * gonet_serve_options_t is how gonet_serve serves; all zero: the defaults. It owns nothing, and is
 * only read during the call. Further fields take the place of reserved, which must be zero.
 */
typedef struct {
    /* When it ends, no more is accepted, as after a close of the listener:
     * gonet_shutdown_context's, say. NULL: the one that the caller runs under (gonet_context_run),
     * if there is one. */
    gonet_context_t *ctx;
    /* So many connections at a time; more wait in the listener's queue. 0: any number. */
    unsigned max_conns;
    /* How long handlers may go on after the end of accepting; then their connections are closed.
     * 0: as long as they like; < 0: not at all. */
    gonet_duration_t grace;
    /* The stack of a handler's task, as for gonet_go_sized; 0: the default. Not for readable, whose
     * tasks have the default. */
    size_t stack_size;
    /* Called in a task of its own each time that a connection has something to read, and when it
     * has ended or its read deadline has come; not for two of these at a time, and not before
     * handler, if there is one, has returned. Meanwhile there is no task: the connection waits
     * alone. *state is the connection's own, NULL at first. It returns true for the connection to
     * wait on, false to end it. A connection is never left without a call that returned false: one
     * that is closed from outside, or by the end of the server, is called, too, and its read fails.
     */
    bool (*readable)(gonet_conn_t *c, void **state, void *arg);
    /* With readable: how long a connection may be silent; then its read deadline has passed, and
     * readable is called. Set anew before each wait; 0: the deadline is left to the program. */
    gonet_duration_t idle_timeout;
    /* Told of each failed accept that is tried again (no descriptors, no memory), with the pause
     * that follows. NULL: nobody. */
    void (*on_retry)(void *arg, const gonet_error_t *err, gonet_duration_t pause);
    uint64_t reserved[16];
} gonet_serve_options_t;

/*
 * gonet_serve accepts connections from l and calls handler(c, arg) for each in a task of its own.
 * c is closed and released when handler returns; who needs it longer takes a reference
 * (gonet_conn_ref), and finds it closed. options may be NULL. handler may be NULL if
 * options->readable is set; with both, handler is the greeting, and the connection waits after it.
 *
 * The loop runs in a task of its own, also if a thread calls: that is cheaper than accepting in a
 * thread. A lack of descriptors or of memory (EMFILE, ENFILE, ENOBUFS, ENOMEM, and no memory for a
 * task) does not end it: it pauses 5 ms, twice as long each further time, at most 1 s, as Go's
 * http.Server. Listeners of a program's own may fail with errors that are gonet_error_temporary,
 * likewise.
 *
 * It ends when l is closed (by anybody), when options->ctx ends, when gonet_shutdown tells the
 * tasks to end, and when an accept fails for good. Then l is closed, connections that wait without
 * a task are closed, handlers that are at work are waited for (options->grace), and it returns.
 * Many may serve one listener.
 *
 * Parks:    until all of that is over. gonet_shutdown does not end the wait for the handlers, whose
 *           own calls it ends.
 * Returns:  0 when it was ended by a close, the context or gonet_shutdown; -1 with *err set.
 * Errors:   the OpError "accept" that ended it; EINVAL without l, or without both functions; no
 *           memory (then l is as it was).
 * Threads:  any task or thread.
 * Example:  examples/echo_server.c, examples/chat_server.c (readable)
 * Go:       (*http.Server).Serve, without the http
 */
GONET_API int gonet_serve(gonet_listener_t *l, void (*handler)(gonet_conn_t *c, void *arg),
                          void *arg, const gonet_serve_options_t *options, gonet_error_t **err);

/*
 * gonet_conn_go_readable starts fn(arg) in a new task as soon as c has something to read, or has
 * ended or failed, or its read deadline has come, or gonet_shutdown begins: when gonet_conn_read
 * would not wait. Until then there is no task, and no stack: what waits costs nothing beyond the
 * connection (under 0.7 KB, all told), so a million can. It is for once: fn calls it again for the
 * next time.
 *
 * fn finds out by reading what has happened. Like any reader this waits its turn behind others, and
 * keeps later ones waiting; when fn runs it is over. The connection has to stay referenced until
 * then: a close lets fn run, whose read fails. It counts as a task (gonet_num_task). Where there is
 * no memory for the task when it is to begin, it begins when there is.
 *
 * A connection that has no descriptor (gonet_pipe, one of the program's own that wraps none) has a
 * task that waits with gonet_conn_wait_readable, so it needs that slot.
 *
 * Parks:    while another one reads c.
 * Returns:  0, or -1 with *err set: fn will not be called, and arg is still the caller's.
 * Errors:   those of gonet_conn_wait_readable (closed, the deadline has passed already, …); no
 *           memory.
 * Threads:  any task or thread; from a thread it starts a task that does it.
 * Example:  examples/chat_server.c has it from gonet_serve
 * Go:       none: a goroutine that reads has a stack
 */
GONET_API GONET_NODISCARD int gonet_conn_go_readable(gonet_conn_t *c, void (*fn)(void *arg),
                                                     void *arg, gonet_error_t **err);

/*
 * gonet_limit_listener makes a listener that accepts from l while fewer than n of its connections
 * are open, and waits for one to be closed otherwise. It takes l: closing it closes l. Its
 * connections are those of l, wrapped (gonet_conn_wrap): gonet_conn_net_conn is the way to what is
 * inside. gonet_serve's max_conns does the same without a wrapping.
 *
 * Parks:    never.
 * Returns:  the listener, to release with gonet_listener_free, or NULL without memory, or with n
 *           == 0: l is then released.
 * Threads:  any task or thread.
 * Go:       netutil.LimitListener (golang.org/x/net/netutil)
 */
GONET_API GONET_NODISCARD gonet_listener_t *gonet_limit_listener(gonet_listener_t *l, unsigned n);

GONET_END_DECLS

#endif
