/*
 * Looking up names: hosts and their addresses, and the other records of the DNS. What is asked, in
 * which order, is what /etc/nsswitch.conf, /etc/resolv.conf and /etc/hosts say;
 * GONETDEBUG=netdns=cgo leaves hosts to the C library's getaddrinfo, for resolvers that neither set
 * prefer_go nor servers; netdns=1 prints which of the two it is, netdns=2 each lookup's way, too.
 *
 * All lookups park, and none blocks its worker. Any task or thread may call them. A lookup that
 * fails, is cancelled or too late has ended with the call. A thread's needs no worker, and so waits
 * for no task. Their errors are DNSErrors, unless said otherwise; a task's over gonet_err_closed
 * when gonet_shutdown is under way. A result that is an array is one allocation with everything in
 * it, to release with gonet_free; it is not NULL even when *n is 0. Where records were dropped,
 * because they hold names that are none, the rest, even if that is nothing, comes together with an
 * error.
 */
#ifndef GONET_RESOLVER_H
#define GONET_RESOLVER_H

#include "gonet/addr.h"
#include "gonet/conn.h"
#include "gonet/context.h"
#include "gonet/error.h"
#include "gonet/export.h"
#include "gonet/lookup.h"
#include "gonet/netip.h"
#include "gonet/time.h"

GONET_BEGIN_DECLS

/*
 * gonet_resolver_t says how to look up; all-zero, and NULL, is the default. It owns nothing and has
 * no state: equal ones share their queries in flight (tasks with tasks, threads with threads),
 * unless they have a dial, which, with its argument and the context, is used by its own lookup
 * alone, and no longer when that has returned.
 *
 * Go: net.Resolver.
 */
typedef struct gonet_resolver gonet_resolver_t;
struct gonet_resolver {
    bool prefer_go;     /* never getaddrinfo, whatever GONETDEBUG says */
    bool strict_errors; /* a temporary error of one query (a timeout, SERVFAIL) fails the lookup,
                           instead of a partial result */
    /*
     * Makes the connection to a server ("udp" or "tcp", "192.0.2.1:53"), which is taken over. A
     * packet connection carries datagrams, another one messages with a length in front. ctx has the
     * values of the lookup's. A task's lookup may call it in several tasks at once; a thread's
     * calls it in that thread, for one question after the other.
     */
    gonet_conn_t *(*dial)(void *arg, gonet_context_t *ctx, const char *network, const char *address,
                          gonet_error_t **err);
    void *dial_arg;
    const char *servers; /* whom to ask instead of resolv.conf's: "127.0.0.1:5300,[::1]:53" */
    bool cache; /* keep addresses from the DNS for their time to live, and answer from there */
    uint64_t reserved[16];
};

/* gonet_default_resolver is what the package-level calls and NULL stand for; to set before the
 * first lookup. Go: net.DefaultResolver. */
GONET_API extern gonet_resolver_t *gonet_default_resolver;

/* gonet_mx_t is a mail server and its preference. Go: net.MX. */
typedef struct {
    const char *host;
    uint16_t pref;
} gonet_mx_t;

/* gonet_ns_t is a name server. Go: net.NS. */
typedef struct {
    const char *host;
} gonet_ns_t;

/* gonet_srv_t is where a service is. Go: net.SRV. */
typedef struct {
    const char *target;
    uint16_t port;
    uint16_t priority;
    uint16_t weight;
} gonet_srv_t;

/* gonet_txt_t is the text of a TXT record; it ends in a NUL, and may hold others. */
typedef struct {
    const char *text;
    size_t len;
} gonet_txt_t;

/*
 * gonet_lookup_host returns the addresses of host as texts, *n of them and a NULL behind; a literal
 * is its own answer. Go: net.LookupHost, Resolver.LookupHost.
 */
GONET_API GONET_NODISCARD const char **gonet_lookup_host(const char *host, size_t *n,
                                                         gonet_error_t **err);
GONET_API GONET_NODISCARD const char **gonet_resolver_lookup_host(const gonet_resolver_t *r,
                                                                  gonet_context_t *ctx,
                                                                  const char *host, size_t *n,
                                                                  gonet_error_t **err);

/*
 * gonet_lookup_ip returns the addresses of host in the order of RFC 6724: 4 bytes for those of A
 * records, 16 for others, mapped ones of literals and the hosts file, too. Go: net.LookupIP.
 */
GONET_API GONET_NODISCARD gonet_ip_t *gonet_lookup_ip(const char *host, size_t *n,
                                                      gonet_error_t **err);

/*
 * gonet_resolver_lookup_ip does so for network "ip", "ip4" or "ip6". Other errors: an
 * UnknownNetworkError, an AddrError if there are only addresses of the other kind. Go:
 * Resolver.LookupIP.
 */
GONET_API GONET_NODISCARD gonet_ip_t *gonet_resolver_lookup_ip(const gonet_resolver_t *r,
                                                               gonet_context_t *ctx,
                                                               const char *network,
                                                               const char *host, size_t *n,
                                                               gonet_error_t **err);

/*
 * gonet_resolver_lookup_ip_ttl is gonet_resolver_lookup_ip, and tells for how long the answer
 * holds: the least time to live of all records that led to it, CNAMEs too, in nanoseconds; 0 if it
 * may be incomplete, since a question had no answer (the AAAA's, say); -1 if it is not from the
 * DNS.
 */
GONET_API GONET_NODISCARD gonet_ip_t *gonet_resolver_lookup_ip_ttl(
    const gonet_resolver_t *r, gonet_context_t *ctx, const char *network, const char *host,
    size_t *n, gonet_duration_t *ttl, gonet_error_t **err);

/* gonet_resolver_lookup_ip_addr: with zones. Go: Resolver.LookupIPAddr. */
GONET_API GONET_NODISCARD gonet_ip_addr_t *gonet_resolver_lookup_ip_addr(const gonet_resolver_t *r,
                                                                         gonet_context_t *ctx,
                                                                         const char *host,
                                                                         size_t *n,
                                                                         gonet_error_t **err);

/* gonet_resolver_lookup_net_ip: as netip has them. Go: Resolver.LookupNetIP. */
GONET_API GONET_NODISCARD gonet_netip_addr_t *gonet_resolver_lookup_net_ip(
    const gonet_resolver_t *r, gonet_context_t *ctx, const char *network, const char *host,
    size_t *n, gonet_error_t **err);

/* gonet_lookup_addr returns the names of an address, *n and a NULL behind. Go: net.LookupAddr,
 * Resolver.LookupAddr. */
GONET_API GONET_NODISCARD const char **gonet_lookup_addr(const char *addr, size_t *n,
                                                         gonet_error_t **err);
GONET_API GONET_NODISCARD const char **gonet_resolver_lookup_addr(const gonet_resolver_t *r,
                                                                  gonet_context_t *ctx,
                                                                  const char *addr, size_t *n,
                                                                  gonet_error_t **err);

/*
 * gonet_lookup_cname returns the name at the end of host's chain of CNAMEs, the name itself if
 * there is no chain; it must have addresses or a CNAME. Release it with gonet_free. NULL on
 * failure. Go: net.LookupCNAME, Resolver.LookupCNAME.
 */
GONET_API GONET_NODISCARD char *gonet_lookup_cname(const char *host, gonet_error_t **err);
GONET_API GONET_NODISCARD char *gonet_resolver_lookup_cname(const gonet_resolver_t *r,
                                                            gonet_context_t *ctx, const char *host,
                                                            gonet_error_t **err);

/* gonet_lookup_mx returns the mail servers of a domain, sorted by preference, equal ones in random
 * order. Go: net.LookupMX, Resolver.LookupMX. */
GONET_API GONET_NODISCARD gonet_mx_t *gonet_lookup_mx(const char *name, size_t *n,
                                                      gonet_error_t **err);
GONET_API GONET_NODISCARD gonet_mx_t *gonet_resolver_lookup_mx(const gonet_resolver_t *r,
                                                               gonet_context_t *ctx,
                                                               const char *name, size_t *n,
                                                               gonet_error_t **err);

/* gonet_lookup_ns returns the name servers of a domain. Go: net.LookupNS, Resolver.LookupNS. */
GONET_API GONET_NODISCARD gonet_ns_t *gonet_lookup_ns(const char *name, size_t *n,
                                                      gonet_error_t **err);
GONET_API GONET_NODISCARD gonet_ns_t *gonet_resolver_lookup_ns(const gonet_resolver_t *r,
                                                               gonet_context_t *ctx,
                                                               const char *name, size_t *n,
                                                               gonet_error_t **err);

/* gonet_lookup_txt returns the TXT records of a name, the strings of one record joined. Go:
 * net.LookupTXT, Resolver.LookupTXT. */
GONET_API GONET_NODISCARD gonet_txt_t *gonet_lookup_txt(const char *name, size_t *n,
                                                        gonet_error_t **err);
GONET_API GONET_NODISCARD gonet_txt_t *gonet_resolver_lookup_txt(const gonet_resolver_t *r,
                                                                 gonet_context_t *ctx,
                                                                 const char *name, size_t *n,
                                                                 gonet_error_t **err);

/*
 * gonet_lookup_srv asks for _service._proto.name, or for name as it is if both are "". The records
 * are sorted by priority and picked by weight (RFC 2782). *cname (may be NULL) is the name of the
 * records; it lives in the result. Go: net.LookupSRV, Resolver.LookupSRV.
 */
GONET_API GONET_NODISCARD gonet_srv_t *gonet_lookup_srv(const char *service, const char *proto,
                                                        const char *name, const char **cname,
                                                        size_t *n, gonet_error_t **err);
GONET_API GONET_NODISCARD gonet_srv_t *gonet_resolver_lookup_srv(
    const gonet_resolver_t *r, gonet_context_t *ctx, const char *service, const char *proto,
    const char *name, const char **cname, size_t *n, gonet_error_t **err);

/* gonet_resolver_lookup_port is gonet_lookup_port. Go: Resolver.LookupPort. */
GONET_API int gonet_resolver_lookup_port(const gonet_resolver_t *r, gonet_context_t *ctx,
                                         const char *network, const char *service,
                                         gonet_error_t **err);

GONET_END_DECLS

#endif
