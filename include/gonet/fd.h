/*
 * Any descriptor: pipes, terminals, eventfd, timerfd, signalfd, inotify, pidfd, a child's output, a
 * library's socket: whatever poll(2) can watch can be waited for, with a deadline and a close, by
 * as many tasks as one likes, and without a thread.
 *
 * The flags of an open file belong to all who have it, maybe to other processes (a terminal, a pipe
 * that was inherited): O_NONBLOCK is never set or cleared here. A read waits with poll until there
 * is something, then reads in a way that can't block: with RWF_NOWAIT where the kernel has that for
 * the kind (Linux 6.4: pipes and terminals; earlier: eventfd), or plainly if the program itself has
 * set O_NONBLOCK. Where neither holds (inotify without IN_NONBLOCK, for one) the pool for blocking
 * work makes the call, since another process may be faster and take what was there: so set the flag
 * where the descriptor is the program's own.
 */
#ifndef GONET_FD_H
#define GONET_FD_H

#include "gonet/conn.h"
#include "gonet/error.h"
#include "gonet/export.h"
#include "gonet/time.h"

GONET_BEGIN_DECLS

/*
 * gonet_fd_conn makes a connection of a duplicate of fd, which stays the caller's: one for each
 * direction of a pair of pipes. It goes wherever connections go: gonet_conn_read returns what one
 * read(2) gives (8 bytes of an eventfd or a timerfd, whole structs of inotify and signalfd), 0 with
 * gonet_eof when a pipe's other end is closed; gonet_conn_wait_readable waits for what is not read
 * (a pidfd); deadlines, gonet_conn_close, gonet_copy, gonet_bufreader_t, gonet_conn_go_readable.
 * SIGPIPE is never raised. It has no addresses and no halves, and no raw connection: fd is at hand.
 *
 * The duplicate keeps the file open: close the connection as well as fd, for the other end of a
 * pipe to see its end. Reads are served one after the other, and writes don't interleave, among
 * those who use this connection.
 *
 * Parks:    never.
 * Returns:  a connection to release with gonet_conn_free, or NULL with *err set.
 * Errors:   OpError "file" over a syscall error: EBADF; EPERM for what poll can't watch (files,
 *           directories, /dev/null: gonet_file_reader_new reads them); no descriptor; no memory.
 *           Those of reads and writes are OpErrors, too: "read fd: i/o timeout".
 * Threads:  any task or thread.
 * Example:  examples/child_output.c
 * Go:       os.NewFile with a non-blocking descriptor
 */
GONET_API GONET_NODISCARD gonet_conn_t *gonet_fd_conn(int fd, gonet_error_t **err);

/*
 * gonet_wait_fd is poll(2) for one descriptor, which parks a task where poll would hold up its
 * worker: for libraries that want their socket to be waited for (libpq, libcurl, c-ares). events
 * and the result are poll's: POLLIN, POLLOUT, POLLPRI, POLLRDHUP; POLLERR and POLLHUP come unasked.
 * deadline { 0 } is none; a past one only looks. Nothing is kept between calls, so the library may
 * close fd afterwards; a close during the call is not noticed. gonet_fd_conn is cheaper for what is
 * waited for again and again.
 *
 * Parks:    until one of the events, or the deadline; a task also until gonet_shutdown.
 * Returns:  the events that are there; 0 at the deadline; -1 with errno: ECANCELED
 * (gonet_shutdown), EBADF, EMFILE or ENFILE (a task that waits needs a descriptor), ENOMEM.
 * Threads:  any task or thread.
 * Example:  examples/child_output.c
 * Go:       none
 */
GONET_API int gonet_wait_fd(int fd, short events, gonet_time_t deadline);

GONET_END_DECLS

#endif
