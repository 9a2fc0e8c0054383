/*
 * The loops around one exchange.
 */
#include "resolve/query.h"

#include <string.h>

#include "error/error.h"
#include "gonet/op_error.h"
#include "resolve/domain.h"

void gonet__answers_init(gonet__answers_t *a)
{
    gonet__packet_init(&a->packet);
    memset(&a->reply, 0, sizeof(a->reply));
    a->server = "";
}

void gonet__answers_free(gonet__answers_t *a)
{
    gonet__packet_free(&a->packet);
}

gonet_error_t *gonet__no_such_host(const char *name, const char *server)
{
    return gonet__dns_error("no such host", name, server, false, false, true, NULL);
}

gonet_error_t *gonet__unreadable(const char *name, const char *server)
{
    return gonet__dns_error(GONET__CANNOT_UNMARSHAL, name, server, false, false, false, NULL);
}

gonet_error_t *gonet__malformed(const char *name)
{
    return gonet__dns_error("DNS response contained records which contain invalid names", name, "",
                            false, false, false, NULL);
}

/* An exchange's error as a DNSError; what the network did counts as temporary. Takes cause. */
static gonet_error_t *exchange_failed(gonet_error_t *cause, const char *name, const char *server)
{
    gonet_error_t *e;

    if (cause == gonet_err_no_memory || gonet_error_as_op(cause) == NULL)
        return gonet__dns_error_from(cause, name, server);
    e = gonet__dns_error(gonet_error_string(cause), name, server, gonet_error_timeout(cause), true,
                         false, gonet__dns_error_keeps(cause));
    gonet_error_free(cause);
    return e;
}

/* What is wrong with a reply; NULL if nothing is. */
static gonet_error_t *reply_failed(gonet__answer_t answer, const char *name, const char *server)
{
    switch (answer) {
    case GONET__ANSWER_OK:
        break;
    case GONET__ANSWER_NO_HOST:
        return gonet__no_such_host(name, server);
    case GONET__ANSWER_UNREADABLE:
        return gonet__unreadable(name, server);
    case GONET__ANSWER_LAME:
        return gonet__dns_error("lame referral", name, server, false, false, false, NULL);
    case GONET__ANSWER_SERVFAIL:
        return gonet__dns_error("server misbehaving", name, server, false, true, false, NULL);
    case GONET__ANSWER_MISBEHAVING:
        return gonet__dns_error("server misbehaving", name, server, false, false, false, NULL);
    }
    return NULL;
}

/* One server's turn. True: there is nothing more to ask anybody, *e is the outcome. */
static bool ask_server(gonet__query_t *q, const gonet__asking_t *asking,
                       const gonet__server_t *server, const char *fqdn, const char *name,
                       unsigned type, gonet__answers_t *a, gonet_error_t **e)
{
    gonet__answer_t answer;
    gonet_error_t *failed =
        gonet__exchange(&q->exchange, asking, server, fqdn, type, &a->packet, &a->reply);

    if (*e != NULL)
        gonet_error_set(e, NULL);
    if (failed != NULL) {
        *e = exchange_failed(failed, name, server->text);
        return false;
    }
    answer = gonet__reply_classify(&a->reply, type);
    *e = reply_failed(answer, name, server->text);
    a->server = server->text;
    return answer == GONET__ANSWER_OK || answer == GONET__ANSWER_NO_HOST;
}

static uint32_t first_server(const gonet__asking_t *asking)
{
    gonet__resolv_conf_t *conf = asking->conf;
    uint32_t n = (uint32_t)conf->server_count;

    return conf->rotate ? atomic_fetch_add(&conf->turn, 1) % n : 0;
}

void gonet__query_init(gonet__query_t *q)
{
    gonet__exchange_init(&q->exchange);
    q->begun = false;
    q->goes_on = NULL;
}

void gonet__query_begin(gonet__query_t *q, const gonet__asking_t *asking, const char *fqdn,
                        unsigned type)
{
    q->begun = true;
    q->first = first_server(asking);
    gonet__exchange_begin(&q->exchange, asking, &asking->conf->servers[q->first], fqdn, type);
}

/* The loop over attempts and servers. */
static gonet_error_t *ask_all(gonet__query_t *q, const gonet__asking_t *asking, const char *fqdn,
                              const char *name, unsigned type, gonet__answers_t *a)
{
    gonet__resolv_conf_t *conf = asking->conf;
    gonet_error_t *e = NULL;

    for (int attempt = 0; attempt < conf->attempts; attempt++) {
        for (uint32_t i = 0; i < conf->server_count; i++) {
            uint32_t at = (q->first + i) % (uint32_t)conf->server_count;

            if (ask_server(q, asking, &conf->servers[at], fqdn, name, type, a, &e))
                return e;
            if (attempt == 0 && i == 0 && q->goes_on != NULL)
                q->goes_on(q->arg);
        }
        /* when the lookup has ended, what is left fails at once: to the last attempt */
        if (attempt + 2 < conf->attempts && gonet__limit_over(&asking->limit))
            attempt = conf->attempts - 2;
    }
    return e;
}

gonet_error_t *gonet__query_name(gonet__query_t *q, const gonet__asking_t *asking, const char *fqdn,
                                 const char *name, unsigned type, gonet__answers_t *a)
{
    gonet_error_t *e;

    if (!q->begun)
        q->first = first_server(asking);
    e = ask_all(q, asking, fqdn, name, type, a);
    gonet__exchange_end(&q->exchange);
    return e;
}

gonet_error_t *gonet__query(const gonet__asking_t *asking, const char *name, unsigned type,
                            gonet__answers_t *a)
{
    char fqdn[GONET__DOMAIN_SIZE];
    gonet_error_t *e = NULL;
    gonet__query_t q;
    size_t i = 0;

    gonet__answers_init(a);
    gonet__query_init(&q);
    if (!gonet__is_domain_name(name))
        return gonet__no_such_host(name, "");
    while (gonet__search_name(asking->conf, name, &i, fqdn)) {
        gonet_error_set(&e, gonet__query_name(&q, asking, fqdn, name, type, a));
        if (e == NULL || (asking->resolver->strict_errors && gonet_error_temporary(e)))
            break;
    }
    return e;
}
