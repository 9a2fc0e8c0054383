/*
 * Network names.
 */
#include "dial/network.h"

#include <string.h>

#include "base/digits.h"
#include "resolve/services.h"
#include "runtime/sched/task.h"

static const gonet__network_t known[] = {
    {GONET__NETWORK_TCP, "tcp", 0, 0},       {GONET__NETWORK_TCP, "tcp4", '4', 0},
    {GONET__NETWORK_TCP, "tcp6", '6', 0},    {GONET__NETWORK_UDP, "udp", 0, 0},
    {GONET__NETWORK_UDP, "udp4", '4', 0},    {GONET__NETWORK_UDP, "udp6", '6', 0},
    {GONET__NETWORK_IP, "ip", 0, 0},         {GONET__NETWORK_IP, "ip4", '4', 0},
    {GONET__NETWORK_IP, "ip6", '6', 0},      {GONET__NETWORK_UNIX, "unix", 0, 0},
    {GONET__NETWORK_UNIX, "unixgram", 0, 0}, {GONET__NETWORK_UNIX, "unixpacket", 0, 0}};

static const gonet__network_t *find(const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i].name) == len && memcmp(known[i].name, text, len) == 0)
            return &known[i];
    }
    return NULL;
}

/* The protocol behind the colon: a number, or a name. */
static gonet_error_t *parse_proto(const char *text, int *proto)
{
    size_t used;

    if (gonet__scan_decimal(text, strlen(text), proto, &used) && text[used] == '\0')
        return NULL;
    return gonet__lookup_protocol(text, proto);
}

gonet_error_t *gonet__network_parse(const char *text, bool needs_proto, gonet__network_t *network)
{
    const char *colon = strrchr(text, ':');
    const gonet__network_t *found =
        find(text, colon == NULL ? strlen(text) : (size_t)(colon - text));

    gonet__task_tick(); /* what ends here, or with the address, does not wait */
    if (found == NULL || (colon != NULL && found->kind != GONET__NETWORK_IP) ||
        (colon == NULL && found->kind == GONET__NETWORK_IP && needs_proto))
        return gonet__unknown_network_error(text);
    *network = *found;
    return colon == NULL ? NULL : parse_proto(colon + 1, &network->proto);
}
