#include "lookups.h"

#include "gonet/resolver.h"
#include "support/check.h"

size_t look_up_kind(const gonet_resolver_t *r, gonet_context_t *ctx, int kind, const char *name,
                    gonet_error_t **err)
{
    void *result = NULL;
    size_t n = 0;

    switch (kind) {
    case 0:
        result = gonet_resolver_lookup_ip_addr(r, ctx, name, &n, err);
        break;
    case 1:
        result = (void *)gonet_resolver_lookup_host(r, ctx, name, &n, err);
        break;
    case 2:
        result = gonet_resolver_lookup_txt(r, ctx, name, &n, err);
        break;
    case 3:
        result = gonet_resolver_lookup_cname(r, ctx, name, err);
        n = result != NULL;
        break;
    case 4:
        result = gonet_resolver_lookup_mx(r, ctx, name, &n, err);
        break;
    case 5:
        result = gonet_resolver_lookup_ip(r, ctx, "ip4", name, &n, err);
        break;
    }
    gonet_free(result);
    return n;
}

size_t look_up_in(gonet__order_t order, gonet__resolv_conf_t *conf, const char *name, unsigned want,
                  gonet_error_t **err)
{
    gonet_resolver_t resolver = {.prefer_go = true};
    gonet__asking_t asking = {.resolver = &resolver, .conf = conf};
    gonet__addresses_t a;
    size_t n;

    gonet__addresses_init(&a);
    gonet_error_set(err, gonet__lookup_addresses(&asking, order, name, want, &a));
    n = a.n;
    for (size_t i = 0; i < n; i++)
        CHECK_INT(a.v[i].ip.b[a.v[i].ip.len - 1], 1); /* a forged one has another */
    gonet__addresses_free(&a);
    return n;
}

size_t look_up(gonet__resolv_conf_t *conf, const char *name, unsigned want, gonet_error_t **err)
{
    return look_up_in(GONET__ORDER_DNS, conf, name, want, err);
}
