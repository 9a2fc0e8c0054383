/*
 * splice and sendfile know no MSG_NOSIGNAL. Workers have SIGPIPE blocked for good; a plain thread
 * blocks it around the call, and takes away the one that the call raised.
 */
#ifndef GONET_SOCKET_SIGPIPE_H
#define GONET_SOCKET_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

typedef struct {
    bool active;
    bool pending; /* before the call: not ours to take away */
    sigset_t old;
} gonet__sigpipe_t;

void gonet__sigpipe_block(gonet__sigpipe_t *s);

/* gonet__sigpipe_restore follows the call, however it ended: one that sent a part before it failed
 * returns the count of that, and has raised the signal. errno is left as it is. */
void gonet__sigpipe_restore(gonet__sigpipe_t *s);

#endif
