/*
 * The numbers of descriptors that the library makes for itself, which are never 0, 1 or 2: what the
 * program prints would go into a connection, or what it reads come out of one.
 *
 * Where one of these numbers is not in use (a process started with "<&- >&-", a daemon that has
 * closed them) gonet__fd_reserve gives it away before the library's first descriptor is made, so
 * that the kernel never chooses it, not even for a moment. What it is given to can be neither read
 * nor written, as if it were still closed. Whatever makes descriptors in the library passes each
 * through gonet__fd_lift all the same, for programs that close such a number later.
 */
#ifndef GONET_BASE_FD_H
#define GONET_BASE_FD_H

/* The least number, for fcntl's F_DUPFD_CLOEXEC. */
#define GONET__FD_LEAST 3

/* gonet__fd_reserve sees to it that 0, 1 and 2 are in use. Always before descriptors are made that
 * can't be lifted; errno stays as it was. */
void gonet__fd_reserve(void);

/* gonet__fd_reserve_once does that if it was not done before in this process. */
void gonet__fd_reserve_once(void);

/* gonet__fd_move returns the number above 2 to which it moved fd, which is one of 0 to 2; -1 with
 * errno if there is none, and fd is closed. */
int gonet__fd_move(int fd);

/* gonet__fd_lift passes fd on, which a system call has returned, moved above 2 if it has to be. It
 * must be close-on-exec. */
static inline int gonet__fd_lift(int fd)
{
    return __builtin_expect((unsigned)fd < GONET__FD_LEAST, 0) ? gonet__fd_move(fd) : fd;
}

/* gonet__fd_open opens a file for reading, gonet__fd_socket makes a socket and gonet__fd_pipe a
 * pipe, all close-on-exec; -1 with errno. */
int gonet__fd_open(const char *path);
int gonet__fd_socket(int family, int type, int proto);
int gonet__fd_pipe(int fds[2], int flags);

#endif
