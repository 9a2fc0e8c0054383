/*
 * Other loops. A program that has a loop of its own (libuv, GLib, Qt, epoll, poll) and must not
 * block in it hands work to tasks, and takes the results from a channel, whose descriptor the loop
 * watches:
 *
 *     int fd = gonet_chan_fd(results);
 *     uv_poll_init(loop, &handle, fd);                      (libuv)
 *     uv_poll_start(&handle, UV_READABLE, on_results);
 *     g_unix_fd_add(fd, G_IO_IN, on_results, NULL);         (GLib)
 *     new QSocketNotifier(fd, QSocketNotifier::Read);       (Qt)
 *     epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);            (epoll, EPOLLIN)
 *
 * and whose on_results receives without waiting, until nothing is left:
 *
 *     while (gonet_chan_try_recv(results, &r) == GONET_CHAN_OK)
 *         use(&r);
 *
 * The other way, from the loop to the tasks: gonet_go, gonet_chan_try_send, gonet_context_cancel,
 * closing connections; none of them waits. A call that parks, made in a callback, blocks the loop.
 * The loop's thread is a plain thread: gonet's own loops and the program's know nothing of each
 * other. To end, let the tasks end (gonet_shutdown, in another thread if the loop is to go on
 * meanwhile), stop watching, and free the channel.
 */
#ifndef GONET_LOOP_H
#define GONET_LOOP_H

#include "gonet/chan.h"
#include "gonet/export.h"

GONET_BEGIN_DECLS

/*
 * gonet_chan_fd returns a descriptor that is readable while ch holds something to receive (stored,
 * or in the hands of one who waits to send it), and from its close on. It is only to be watched:
 * neither read, written nor closed. It is ch's, is made by the first call, and closed when the last
 * owner of ch has freed it: stop watching before. gonet_shutdown leaves it as it is. From then on
 * each change between empty and not empty costs ch a system call. In a forked child the child's own
 * channel has the number from the first call on that channel on.
 *
 * Parks:    never.
 * Returns:  the descriptor, or -1 with errno: EMFILE, ENFILE, ENOMEM; EINVAL for NULL and for a
 *           context's done channel (nobody closes that when a deadline comes: let a task wait for
 *           it).
 * Threads:  any task or thread.
 * Example:  examples/uv_loop.c
 * Go:       none
 */
GONET_API int gonet_chan_fd(gonet_chan_t *ch);

GONET_END_DECLS

#endif
