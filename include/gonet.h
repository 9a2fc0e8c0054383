/*
 * gonet: Go's package net, for C. This header includes all others.
 *
 * What holds for every call, unless its comment says otherwise:
 *
 * Names. Go's Dial is gonet_dial, its TCPConn.SetNoDelay gonet_tcp_conn_set_no_delay, its FlagUp
 * GONET_FLAG_UP; what is in netip begins with gonet_netip_.
 *
 * Results. Go's first result is returned, the others go to out-parameters, in Go's order, and the
 * error to the last one (gonet/error.h says how: declare it "= NULL"). Any out-parameter may be
 * NULL. A call that fails returns NULL, -1, false or a zero value, and leaves zero in the others,
 * never garbage. A read returns the count, 0 with *err = gonet_eof at the end, or -1; a write
 * returns all of len, or -1. Nothing is cut to fit: what has no room in the caller's buffer is a
 * failure, with errno ENOSPC, or gonet_err_short_buffer where there is an error parameter.
 *
 * Arguments. A string is never NULL, and, like everything that a pointer to const shows, only read
 * during the call. NULL for an address, a configuration or a context is Go's nil or zero value.
 * NULL for an object is Go's nil: its calls fail with EINVAL, or answer NULL, 0 or false.
 *
 * Ownership. What is returned as a pointer that is not const is the caller's: an object to release
 * with its type's _free, an array or a string with one gonet_free, which takes with it what the
 * array's elements point to. Releasing NULL does nothing. A cast or a view (_as_) is the same
 * object, borrowed; so is what a pointer to const shows, for as long as the object it came from.
 * Addresses, IPs and the other plain structs hold no pointers: copy them with "=".
 *
 * Sharing. Any task or thread may call anything. Connections, listeners, contexts, channels, raw
 * connections and errors are counted, and may be shared: _ref adds an owner, _free drops one, and
 * the last one closes. Whoever uses one on a schedule of its own needs an own reference; a call
 * that is under way keeps its object alive. To end what others wait for, close, don't free. Plain
 * structs, buffered and limited readers belong to one at a time. "Parks" in a comment means that a
 * task waits without holding up its worker, and a thread in the ordinary way.
 */
#ifndef GONET_GONET_H
#define GONET_GONET_H

#include "gonet/addr.h"
#include "gonet/buffers.h"
#include "gonet/chan.h"
#include "gonet/conn.h"
#include "gonet/context.h"
#include "gonet/dial.h"
#include "gonet/errno.h"
#include "gonet/error.h"
#include "gonet/export.h"
#include "gonet/fd.h"
#include "gonet/group.h"
#include "gonet/hostport.h"
#include "gonet/interface.h"
#include "gonet/io.h"
#include "gonet/ip.h"
#include "gonet/iprawsock.h"
#include "gonet/keepalive.h"
#include "gonet/lookup.h"
#include "gonet/loop.h"
#include "gonet/netip.h"
#include "gonet/op_error.h"
#include "gonet/pipe.h"
#include "gonet/rawconn.h"
#include "gonet/resolver.h"
#include "gonet/serve.h"
#include "gonet/stream.h"
#include "gonet/sync.h"
#include "gonet/task.h"
#include "gonet/tcp.h"
#include "gonet/time.h"
#include "gonet/timer.h"
#include "gonet/udp.h"
#include "gonet/unixsock.h"
#include "gonet/version.h"

#endif
