/*
 * Reading the lists of multicast groups. Plain blocking reads: the files are the kernel's memory.
 */
#include "iface/igmp.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/digits.h"
#include "base/fd.h"
#include "gonet/errno.h"
#include "iface/interfaces.h"

#define MAX_FIELDS 6
#define READ_SIZE  ((size_t)8 * 1024)

typedef struct {
    const char *p;
    size_t len;
} span_t;

/* The line that *rest begins with, which is moved on behind it. */
static span_t next_line(span_t *rest)
{
    const char *end = memchr(rest->p, '\n', rest->len);
    span_t line = {rest->p, end == NULL ? rest->len : (size_t)(end - rest->p)};
    size_t used = line.len + (end != NULL);

    rest->p += used;
    rest->len -= used;
    return line;
}

static bool is_separator(char c, char extra)
{
    return c == ' ' || c == '\t' || c == '\r' || c == extra;
}

/* Cuts a line into its first fields; a colon separates too if extra is one. */
static size_t split(span_t line, char extra, span_t field[MAX_FIELDS])
{
    size_t n = 0, i = 0;

    while (n < MAX_FIELDS) {
        size_t from;

        while (i < line.len && is_separator(line.p[i], extra))
            i++;
        if (i == line.len)
            break;
        from = i;
        while (i < line.len && !is_separator(line.p[i], extra))
            i++;
        field[n++] = (span_t){line.p + from, i - from};
    }
    return n;
}

static bool is_text(span_t s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

/* size bytes written as twice as many digits. */
static bool get_hex(span_t s, uint8_t *b, size_t size)
{
    if (s.len != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        uint8_t high = gonet__hex_value[(uint8_t)s.p[2 * i]];
        uint8_t low = gonet__hex_value[(uint8_t)s.p[2 * i + 1]];

        if (high > 15 || low > 15)
            return false;
        b[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool append(gonet__groups_t *groups, gonet_ip_t ip)
{
    gonet_ip_addr_t addr;

    if (groups->n == groups->size) {
        size_t size = groups->size == 0 ? 8 : groups->size * 2;
        gonet_addr_t *v = gonet__realloc(groups->v, size, sizeof(*v));

        if (v == NULL)
            return false;
        groups->v = v;
        groups->size = size;
    }
    memset(&addr, 0, sizeof(addr));
    addr.ip = gonet_ip_to16(ip);
    groups->v[groups->n++] = gonet_ip_addr_as_addr(&addr);
    return true;
}

/* The digits are those of a word of this machine, whose bytes lie in network order. */
static bool get_word(span_t s, gonet_ip_t *ip)
{
    uint8_t b[4];
    uint32_t word;

    if (!get_hex(s, b, sizeof(b)))
        return false;
    word = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    *ip = (gonet_ip_t){.len = 4};
    memcpy(ip->b, &word, sizeof(word));
    return true;
}

bool gonet__igmp_parse(const char *text, size_t len, const char *name, gonet__groups_t *groups)
{
    span_t rest = {text, len};
    bool mine = false;

    (void)next_line(&rest); /* the headings */
    while (rest.len > 0) {
        span_t line = next_line(&rest), field[MAX_FIELDS];
        gonet_ip_t ip;

        if (split(line, ':', field) < 4)
            continue;
        if (line.p[0] != ' ' && line.p[0] != '\t')
            mine = is_text(field[1], name);
        else if (mine && get_word(field[0], &ip) && !append(groups, ip))
            return false;
    }
    return true;
}

bool gonet__igmp6_parse(const char *text, size_t len, const char *name, gonet__groups_t *groups)
{
    span_t rest = {text, len};

    while (rest.len > 0) {
        span_t line = next_line(&rest), field[MAX_FIELDS];
        gonet_ip_t ip = {.len = 16};

        if (split(line, ' ', field) == MAX_FIELDS && is_text(field[1], name) &&
            get_hex(field[2], ip.b, sizeof(ip.b)) && !append(groups, ip))
            return false;
    }
    return true;
}

/* Reads a whole file; one that can't be read is empty. False when memory is out. */
static bool read_file(const char *path, gonet__buf_t *text)
{
    int fd = gonet__fd_open(path);
    ssize_t n = 0;

    if (fd < 0)
        return true;
    do {
        if (!gonet__buf_reserve(text, READ_SIZE))
            break;
        n = read(fd, text->p + text->len, READ_SIZE);
        text->len += n > 0 ? (size_t)n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    (void)close(fd);
    return !text->failed;
}

static bool add_file(const char *path,
                     bool (*parse)(const char *, size_t, const char *, gonet__groups_t *),
                     const char *name, gonet__groups_t *groups)
{
    gonet__buf_t text = {.p = NULL};
    bool ok = read_file(path, &text) && (text.len == 0 || parse(text.p, text.len, name, groups));

    gonet__buf_free(&text);
    return ok;
}

gonet_error_t *gonet__iface_multicast(const char *name, gonet_addr_t **list, size_t *n)
{
    gonet__groups_t groups = {.size = 8};

    *list = NULL;
    *n = 0;
    groups.v = gonet__calloc(groups.size, sizeof(*groups.v));
    if (groups.v == NULL || !add_file("/proc/net/igmp", gonet__igmp_parse, name, &groups) ||
        !add_file("/proc/net/igmp6", gonet__igmp6_parse, name, &groups)) {
        gonet__free(groups.v);
        return gonet_err_no_memory;
    }
    *list = groups.v;
    *n = groups.n;
    return NULL;
}
