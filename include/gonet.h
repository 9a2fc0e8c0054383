/*
 * gonet: Go's package net, for C. This header includes all others.
 */
#ifndef GONET_GONET_H
#define GONET_GONET_H

#include "gonet/addr.h"
#include "gonet/buffers.h"
#include "gonet/chan.h"
#include "gonet/conn.h"
#include "gonet/context.h"
#include "gonet/dial.h"
#include "gonet/error.h"
#include "gonet/export.h"
#include "gonet/hostport.h"
#include "gonet/interface.h"
#include "gonet/io.h"
#include "gonet/ip.h"
#include "gonet/iprawsock.h"
#include "gonet/keepalive.h"
#include "gonet/lookup.h"
#include "gonet/netip.h"
#include "gonet/op_error.h"
#include "gonet/pipe.h"
#include "gonet/rawconn.h"
#include "gonet/resolver.h"
#include "gonet/stream.h"
#include "gonet/sync.h"
#include "gonet/task.h"
#include "gonet/tcp.h"
#include "gonet/time.h"
#include "gonet/udp.h"
#include "gonet/unixsock.h"
#include "gonet/version.h"

#endif
