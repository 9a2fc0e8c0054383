/*
 * The one file that knows c-ares, for 1.18 as for 1.34. What 1.34 calls deprecated is what both
 * have: the byte interface and the five socket functions.
 *
 * The channel believes in one server, 127.0.0.1:53, and in one socket; where its questions really
 * go is its user's secret, who may change sockets at any time and tells it of no failure. Its
 * timeouts are an hour, its cache is off, and 1.34 is told to leave its clock alone.
 */
#include "resolve/cares.h"

#include <arpa/inet.h>
#include <ares.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#define HOUR_MS   (3600 * 1000)
#define NO_SOCKET (1 << 24) /* no descriptor has this number */

struct gonet__cares {
    ares_channel channel;
    const gonet__cares_user_t *user;
    void *self;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int init_status;

static void init_library(void)
{
    init_status = ares_library_init(ARES_LIB_INIT_ALL);
}

/* c-ares has one socket, which is none and never closed: whoever asks decides about the real ones.
 */
static ares_socket_t open_socket(int family, int type, int protocol, void *data)
{
    (void)family;
    (void)protocol;
    (void)data;
    if (type == SOCK_DGRAM)
        return NO_SOCKET;
    errno = EAFNOSUPPORT;
    return ARES_SOCKET_BAD;
}

static int close_socket(ares_socket_t fd, void *data)
{
    (void)fd;
    (void)data;
    return 0;
}

static int connect_socket(ares_socket_t fd, const struct sockaddr *addr, ares_socklen_t len,
                          void *data)
{
    (void)fd;
    (void)addr;
    (void)len;
    (void)data;
    return 0;
}

static ares_ssize_t receive(ares_socket_t fd, void *p, size_t size, int flags,
                            struct sockaddr *from, ares_socklen_t *from_len, void *data)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53)};
    gonet__cares_t *c = data;
    size_t n = c->user->receive(c->self, p, size);

    (void)fd;
    (void)flags;
    if (n == 0) {
        errno = EAGAIN;
        return -1;
    }
    if (from != NULL && *from_len >= (ares_socklen_t)sizeof(server)) {
        server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        memcpy(from, &server, sizeof(server));
        *from_len = sizeof(server);
    }
    return (ares_ssize_t)n;
}

static ares_ssize_t send_vector(ares_socket_t fd, const struct iovec *v, int n, void *data)
{
    gonet__cares_t *c = data;
    ares_ssize_t total = 0;

    (void)fd;
    if (n == 1)
        c->user->send(c->self, v[0].iov_base, v[0].iov_len);
    for (int i = 0; i < n; i++)
        total += (ares_ssize_t)v[i].iov_len;
    return total;
}

static const struct ares_socket_functions functions = {
    .asocket = open_socket,
    .aclose = close_socket,
    .aconnect = connect_socket,
    .arecvfrom = receive,
    .asendv = send_vector,
};

static int init_channel(ares_channel *channel)
{
    struct in_addr local = {htonl(INADDR_LOOPBACK)};
    char *domains[] = {(char *)"."}; /* never used, but an empty list would be looked up */
    char lookups[] = "b";
    struct ares_options o = {
        .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_IGNTC | ARES_FLAG_NOSEARCH |
                 ARES_FLAG_NOALIASES | ARES_FLAG_STAYOPEN,
        .timeout = HOUR_MS,
        .tries = 1,
        .ndots = 1,
        .servers = &local,
        .nservers = 1,
        .domains = domains,
        .ndomains = 1,
        .lookups = lookups,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
               ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST |
               ARES_OPT_NOROTATE;

#ifdef ARES_OPT_QUERY_CACHE
    mask |= ARES_OPT_QUERY_CACHE; /* with qcache_max_ttl 0: none */
#endif
    return ares_init_options(channel, &o, mask);
}

gonet__cares_t *gonet__cares_new(const gonet__cares_user_t *user, void *self)
{
    gonet__cares_t *c;

    pthread_once(&once, init_library);
    c = init_status == ARES_SUCCESS ? gonet__zalloc(sizeof(*c)) : NULL;
    if (c == NULL)
        return NULL;
    c->user = user;
    c->self = self;
    if (init_channel(&c->channel) != ARES_SUCCESS) {
        gonet__free(c);
        return NULL;
    }
    ares_set_socket_functions(c->channel, &functions, c);
    return c;
}

void gonet__cares_free(gonet__cares_t *c)
{
    ares_destroy(c->channel);
    gonet__free(c);
}

static void ended(void *arg, int status, int timeouts, unsigned char *p, int len)
{
    gonet__question_t *question = arg;

    (void)status;
    (void)timeouts;
    (void)p;
    (void)len;
    question->done(question);
}

void gonet__cares_send(gonet__cares_t *c, const uint8_t *message, size_t len,
                       gonet__question_t *question)
{
    ares_send(c->channel, message, (int)len, ended, question);
}

void gonet__cares_read(gonet__cares_t *c)
{
#if ARES_VERSION >= 0x012200
    ares_fd_events_t event = {NO_SOCKET, ARES_FD_EVENT_READ};

    ares_process_fds(c->channel, &event, 1, ARES_PROCESS_FLAG_SKIP_NON_FD);
#else
    ares_process_fd(c->channel, NO_SOCKET, ARES_SOCKET_BAD);
#endif
}

void gonet__cares_cancel(gonet__cares_t *c)
{
    ares_cancel(c->channel);
}
