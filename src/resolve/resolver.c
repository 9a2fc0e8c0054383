/*
 * Which way a lookup goes, and the lookup of a host's addresses.
 */
#include <string.h>

#include "base/say.h"
#include "error/error.h"
#include "resolve/debug.h"
#include "resolve/files.h"
#include "resolve/libc.h"
#include "resolve/lookup.h"
#include "runtime/sched/task.h"

static gonet_resolver_t the_default;
gonet_resolver_t *gonet_default_resolver = &the_default;

gonet__request_t gonet__request_make(const gonet_resolver_t *resolver, gonet_context_t *ctx,
                                     int64_t deadline)
{
    gonet__task_tick(); /* a literal, what is known already, or refused, is told without a wait */
    if (resolver == NULL)
        resolver = gonet_default_resolver;
    if (resolver == NULL)
        resolver = &the_default;
    return (gonet__request_t){.resolver = resolver, .limit = {.ctx = ctx, .deadline = deadline}};
}

gonet_error_t *gonet__asking_begin(gonet__asking_t *asking, const gonet__request_t *request,
                                   const char *name)
{
    const char *servers = request->resolver->servers;
    bool bad;

    asking->resolver = request->resolver;
    asking->limit = request->limit;
    asking->conf = gonet__resolv_conf_for(servers, &bad);
    if (asking->conf != NULL)
        return NULL;
    if (!bad)
        return gonet_err_no_memory;
    return gonet__dns_error("the resolver's servers are not addresses", name, servers, false, false,
                            false, NULL);
}

void gonet__asking_end(gonet__asking_t *asking)
{
    gonet__resolv_conf_unref(asking->conf);
}

bool gonet__by_libc(const gonet_resolver_t *resolver, const gonet__debug_t *debug)
{
    /* getaddrinfo cannot be told whom to ask; that a resolver dials changes nothing, as in Go */
    return debug->libc && !resolver->prefer_go && resolver->servers == NULL;
}

gonet__order_t gonet__order_for(const gonet_resolver_t *resolver, const char *name)
{
    const gonet__debug_t *debug = gonet__debug();
    gonet__order_t order =
        gonet__by_libc(resolver, debug) ? GONET__ORDER_LIBC : gonet__order_current();

    if (debug->level > 1)
        gonet__say("gonet: looking up \"%s\": %s\n", name, gonet__order_name(order));
    return order;
}

unsigned gonet__wanted(const char *network)
{
    size_t len = strlen(network);
    char last = len == 0 ? '\0' : network[len - 1];

    if (last == '4')
        return GONET__WANT_V4;
    return last == '6' ? GONET__WANT_V6 : GONET__WANT_V4 | GONET__WANT_V6;
}

gonet_error_t *gonet__lookup_host(const gonet__request_t *request, gonet__order_t order,
                                  unsigned want, const char *host, gonet__addresses_t *a)
{
    gonet__asking_t asking;
    gonet_error_t *e;

    if (order == GONET__ORDER_LIBC) {
        e = gonet__libc_host(&request->limit, want, host, a);
    } else {
        e = gonet__asking_begin(&asking, request, host);
        if (e == NULL)
            e = gonet__lookup_addresses(&asking, order, host, want, a);
        gonet__asking_end(&asking);
    }
    if (e == NULL && a->failed)
        e = gonet_err_no_memory;
    if (e != NULL && gonet_error_as_dns(e) == NULL)
        e = gonet__dns_error_from(e, host, "");
    return e;
}

gonet_error_t *gonet__lookup_any(const gonet__request_t *request, const char *network,
                                 const char *host, gonet__addresses_t *a)
{
    if (host[0] == '\0')
        return gonet__no_such_host(host, "");
    if (gonet__addresses_add_literal(a, host))
        return a->failed ? gonet_err_no_memory : NULL;
    return gonet__lookup_shared(request, network, host, a);
}

gonet_error_t *gonet__lookup_ip_addr(const gonet_resolver_t *resolver, gonet_context_t *ctx,
                                     int64_t deadline, const char *network, const char *host,
                                     gonet_ip_addr_t **addrs, size_t *n)
{
    gonet__request_t request = gonet__request_make(resolver, ctx, deadline);
    gonet__addresses_t a;
    gonet_error_t *e;

    gonet__addresses_init(&a);
    e = gonet__lookup_any(&request, network, host, &a);
    *addrs = NULL;
    *n = 0;
    if (e != NULL) {
        gonet__addresses_free(&a);
        return e;
    }
    *addrs = a.v;
    *n = a.n;
    return NULL;
}
