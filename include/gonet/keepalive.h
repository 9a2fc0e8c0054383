/*
 * The keep-alive settings of a TCP connection, as dialers, listen configurations and connections
 * take them.
 */
#ifndef GONET_KEEPALIVE_H
#define GONET_KEEPALIVE_H

#include "gonet/export.h"
#include "gonet/time.h"

GONET_BEGIN_DECLS

/*
 * gonet_keep_alive_config_t: idle is the time before the first probe, interval the time between
 * probes, count how many may go unanswered. Zero means the default (15 s, 15 s, 9), a negative
 * number leaves the kernel's. Times are rounded up to whole seconds. Go: net.KeepAliveConfig.
 */
typedef struct {
    bool enable;
    gonet_duration_t idle;
    gonet_duration_t interval;
    int count;
    uint64_t reserved[4]; /* zero */
} gonet_keep_alive_config_t;

GONET_END_DECLS

#endif
