/*
 * Which descriptors the caller is inside a user's function of.
 */
#ifndef GONET_SOCKET_FD_CALLBACK_H
#define GONET_SOCKET_FD_CALLBACK_H

#include <stdbool.h>

#include "socket/fd.h"

/* gonet__fd_callback_inside says whether the calling task or thread runs a user's function on fd.
 */
bool gonet__fd_callback_inside(gonet__fd_t *fd);

#endif
