/*
 * host:port, taken apart and put together. One pass over the text notes where its colons and
 * brackets are; what is wrong with it follows from these (behaviour 2.1 to 2.4).
 */
#include "gonet/hostport.h"

#include <errno.h>
#include <string.h>

#include "addr/addr_error.h"

/* Where the parts are, or why they are not. */
typedef struct {
    const char *why;
    const char *host, *host_end;
    const char *port;
} parts_t;

static const char missing_port[] = "missing port in address";
static const char many_colons[] = "too many colons in address";

/* "[host]:port"; colon is the last one. */
static parts_t split_bracketed(const char *s, const char *end, const char *colon)
{
    const char *close = memchr(s, ']', (size_t)(end - s));

    if (close == NULL)
        return (parts_t){.why = "missing ']' in address"};
    if (close + 1 == end)
        return (parts_t){.why = missing_port};
    if (close + 1 != colon)
        return (parts_t){.why = close[1] == ':' ? many_colons : missing_port};
    if (memchr(s + 1, '[', (size_t)(end - s) - 1) != NULL)
        return (parts_t){.why = "unexpected '[' in address"};
    if (memchr(colon, ']', (size_t)(end - colon)) != NULL)
        return (parts_t){.why = "unexpected ']' in address"};
    return (parts_t){.host = s + 1, .host_end = close, .port = colon + 1};
}

static parts_t split(const char *s, const char *end)
{
    const char *colon = NULL;
    bool colons = false;
    bool open = false;
    bool close = false;

    for (const char *p = s; p < end; p++) {
        if (*p == ':') {
            colons = colon != NULL;
            colon = p;
        }
        open |= *p == '[';
        close |= *p == ']';
    }
    if (colon == NULL)
        return (parts_t){.why = missing_port};
    if (*s == '[')
        return split_bracketed(s, end, colon);
    if (colons)
        return (parts_t){.why = many_colons};
    if (open)
        return (parts_t){.why = "unexpected '[' in address"};
    if (close)
        return (parts_t){.why = "unexpected ']' in address"};
    return (parts_t){.host = s, .host_end = colon, .port = colon + 1};
}

static bool copy_out(char *buf, size_t size, const char *start, const char *end)
{
    size_t len = (size_t)(end - start);

    if (buf == NULL)
        return true;
    if (len >= size)
        return false;
    memcpy(buf, start, len);
    buf[len] = '\0';
    return true;
}

static void empty(char *buf, size_t size)
{
    if (buf != NULL && size > 0)
        buf[0] = '\0';
}

int gonet_split_host_port_n(const char *hostport, size_t len, char *host, size_t host_size,
                            char *port, size_t port_size, gonet_error_t **err)
{
    const char *end = hostport + len;
    parts_t parts = split(hostport, end);

    gonet__error_clear(err);
    if (parts.why == NULL && memchr(hostport, '\0', len) != NULL)
        parts.why = "NUL byte in address";
    if (parts.why == NULL && copy_out(host, host_size, parts.host, parts.host_end) &&
        copy_out(port, port_size, parts.port, end))
        return 0;
    empty(host, host_size);
    empty(port, port_size);
    if (err != NULL)
        *err = parts.why != NULL ? gonet__addr_error_n(parts.why, hostport, len)
                                 : gonet_err_short_buffer;
    return -1;
}

int gonet_split_host_port(const char *hostport, char *host, size_t host_size, char *port,
                          size_t port_size, gonet_error_t **err)
{
    return gonet_split_host_port_n(hostport, strlen(hostport), host, host_size, port, port_size,
                                   err);
}

const char *gonet_join_host_port(const char *host, const char *port, char *buf, size_t size)
{
    size_t host_len = strlen(host);
    size_t port_len = strlen(port);
    bool brackets = memchr(host, ':', host_len) != NULL;
    char *p = buf;

    /* Sums of lengths of strings that exist can't overflow. */
    if (host_len + port_len + (brackets ? 3 : 1) >= size) {
        errno = ENOSPC;
        return NULL;
    }
    if (brackets)
        *p++ = '[';
    memcpy(p, host, host_len);
    p += host_len;
    if (brackets)
        *p++ = ']';
    *p++ = ':';
    memcpy(p, port, port_len + 1);
    return buf;
}
