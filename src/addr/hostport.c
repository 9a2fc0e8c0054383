/*
 * host:port, taken apart and put together. One pass over the text notes where its colons and
 * brackets are; what is wrong with it follows from these (behaviour 2.1 to 2.4).
 */
#include "gonet/hostport.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "addr/addr_error.h"
#include "addr/literal_parse.h"
#include "gonet/errno.h"

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

/* The characters that end a plain run: SEPARATORS everywhere, BRACKETS inside brackets; and every
 * NUL. */
enum { SEPARATORS = 1, BRACKETS = 2 };
static const uint8_t stops[256] = {
    ['\0'] = SEPARATORS | BRACKETS,
    [':'] = SEPARATORS,
    ['['] = SEPARATORS | BRACKETS,
    [']'] = SEPARATORS | BRACKETS,
};

/*
 * Copies from s up to a stop, which is returned, with a NUL; NULL if it does not fit. Four at a
 * time where there is room, so that the room is not asked for at every character.
 */
GONET__INLINE const char *copy_run(const char *s, const char *end, uint8_t stop, char *out,
                                   size_t size)
{
    while (size > 0) {
        size_t n = size >= 4 ? 4 : 1;
        for (size_t i = 0; i < n; i++) {
            char c = gonet__peek(s, end);
            if ((stops[(unsigned char)c] & stop) != 0) {
                *out = '\0';
                return s;
            }
            *out++ = c;
            s++;
        }
        size -= n;
    }
    return NULL;
}

/* What is right and fits is copied while it is read. Otherwise the outputs hold rubbish. */
GONET__INLINE bool split_plain(const char *s, const char *end, char *host, size_t host_size,
                               char *port, size_t port_size)
{
    if (gonet__peek(s, end) == '[') {
        s = copy_run(s + 1, end, BRACKETS, host, host_size);
        if (s == NULL || gonet__peek(s, end) != ']')
            return false;
        s++;
    } else {
        s = copy_run(s, end, SEPARATORS, host, host_size);
        if (s == NULL)
            return false;
    }
    if (gonet__peek(s, end) != ':')
        return false;
    s = copy_run(s + 1, end, SEPARATORS, port, port_size);
    return s != NULL && gonet__at_end(s, end);
}

/*
 * Everything else: an error, a result that is not wanted, an error variable to clear. Not inlined,
 * so that the quick way needs no stack frame.
 */
GONET__NOINLINE static int split_slowly(const char *s, size_t len, char *host, size_t host_size,
                                        char *port, size_t port_size, gonet_error_t **err)
{
    const char *end = s + len;
    parts_t parts = split(s, end);

    gonet__error_clear(err);
    if (parts.why == NULL && memchr(s, '\0', len) != NULL)
        parts.why = "NUL byte in address";
    if (parts.why == NULL && copy_out(host, host_size, parts.host, parts.host_end) &&
        copy_out(port, port_size, parts.port, end))
        return 0;
    empty(host, host_size);
    empty(port, port_size);
    if (err != NULL)
        *err = parts.why != NULL ? gonet__addr_error_n(parts.why, s, len) : gonet_err_short_buffer;
    return -1;
}

GONET__NOINLINE static int split_string_slowly(const char *s, char *host, size_t host_size,
                                               char *port, size_t port_size, gonet_error_t **err)
{
    return split_slowly(s, strlen(s), host, host_size, port, port_size, err);
}

/* Whether the quick way can be tried: both results are wanted, and err needs no clearing. */
static inline bool is_usual(const char *host, const char *port, gonet_error_t **err)
{
    return host != NULL && port != NULL && (err == NULL || *err == NULL);
}

#ifdef __SSE2__
/*
 * Where v has a colon, a bracket or, if asked for, a NUL, as bits. Everything from ':' to ']' is
 * found, capital letters too: a text with these takes the other way.
 */
GONET__INLINE uint32_t find_special(__m128i v, bool nuls)
{
    /* moved so that ':' is the least signed byte: one comparison sees the end of the range */
    __m128i moved = _mm_add_epi8(v, _mm_set1_epi8((char)(128 - ':')));
    __m128i found = _mm_cmplt_epi8(moved, _mm_set1_epi8((char)(']' + 1 - ':' - 128)));

    if (nuls)
        found = _mm_or_si128(found, _mm_cmpeq_epi8(v, _mm_setzero_si128()));
    return (uint32_t)_mm_movemask_epi8(found);
}

/*
 * "host:port" of 16 to 32 characters, by two overlapping vectors that stay inside the text: one
 * colon, among the last 8 characters, no bracket, and, if nuls says that there may be one, no NUL.
 * The host's buffer gets the whole text before its NUL is set; the port's what follows the colon,
 * and zeros.
 */
GONET__INLINE bool split_vector(const char *s, size_t len, bool nuls, char *host, size_t host_size,
                                char *port, size_t port_size)
{
    uint64_t last;

    if (len < 16 || len > 32 || host_size < len || port_size < sizeof(last))
        return false;
    __m128i a = _mm_loadu_si128((const __m128i *)(const void *)s);
    __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(s + len - 16));
    uint32_t found_b = find_special(b, nuls);
    uint32_t found = find_special(a, nuls) | found_b << (len - 16);
    if ((found & (found - 1)) != 0 || found_b < 1u << 8)
        return false;
    unsigned colon = (unsigned)__builtin_ctz(found_b);
    memcpy(&last, s + len - sizeof(last), sizeof(last));
    last >>= 8 * (colon - 8);
    if ((char)last != ':')
        return false;
    last >>= 8;
    _mm_storeu_si128((__m128i *)(void *)host, a);
    _mm_storeu_si128((__m128i *)(void *)(host + len - 16), b);
    host[len - 16 + colon] = '\0';
    memcpy(port, &last, sizeof(last));
    return true;
}
#else
GONET__INLINE bool split_vector(const char *s, size_t len, bool nuls, char *host, size_t host_size,
                                char *port, size_t port_size)
{
    (void)s;
    (void)len;
    (void)nuls;
    (void)host;
    (void)host_size;
    (void)port;
    (void)port_size;
    return false;
}
#endif

int gonet_split_host_port_n(const char *hostport, size_t len, char *host, size_t host_size,
                            char *port, size_t port_size, gonet_error_t **err)
{
    hostport = gonet__text(hostport);
    if (is_usual(host, port, err) &&
        (split_vector(hostport, len, true, host, host_size, port, port_size) ||
         split_plain(hostport, hostport + len, host, host_size, port, port_size)))
        return 0;
    return split_slowly(hostport, len, host, host_size, port, port_size, err);
}

int gonet_split_host_port(const char *hostport, char *host, size_t host_size, char *port,
                          size_t port_size, gonet_error_t **err)
{
    if (is_usual(host, port, err) &&
        (split_vector(hostport, strlen(hostport), false, host, host_size, port, port_size) ||
         split_plain(hostport, NULL, host, host_size, port, port_size)))
        return 0;
    return split_string_slowly(hostport, host, host_size, port, port_size, err);
}

const char *gonet_join_host_port(const char *host, const char *port, char *buf, size_t size)
{
    const char *colon = host;

    while (*colon != '\0' && *colon != ':')
        colon++;
    bool brackets = *colon != '\0';
    size_t host_len = (size_t)(colon - host) + (brackets ? strlen(colon) : 0);
    size_t used = host_len + (brackets ? 3 : 1);
    if (used >= size)
        goto too_small;
    char *p = buf;
    if (brackets)
        *p++ = '[';
    memcpy(p, host, host_len);
    p += host_len;
    if (brackets)
        *p++ = ']';
    *p++ = ':';
    for (char *end = buf + size; p < end; p++) {
        if ((*p = *port++) == '\0')
            return buf;
    }
too_small:
    errno = ENOSPC;
    return NULL;
}
