/*
 * A name server that misbehaves on request: the first label of the name says how. It serves UDP and
 * TCP on one address until it is killed. Usage: server ADDRESS PORT
 *
 * It prints "ready" when it serves. TXT of count-LABEL.… tells how many questions with that first
 * label it has had.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { A = 1, CNAME = 5, PTR = 12, TXT = 16, AAAA = 28 };

typedef struct {
    const uint8_t *p; /* the query */
    size_t len;
    size_t end; /* of the question */
    unsigned type;
    char label[64];
    bool tcp;
    int seen; /* how often this label was asked for, this time included */
} query_t;

typedef struct {
    uint8_t p[4096];
    size_t len;
} reply_t;

static int udp, other_udp;
static struct sockaddr_in peer;

static int count(const char *label, int add)
{
    static struct {
        char label[64];
        int n;
    } table[256];

    for (int i = 0; i < 256; i++) {
        if (table[i].label[0] == '\0')
            strcpy(table[i].label, label);
        if (strcmp(table[i].label, label) == 0)
            return table[i].n += add;
    }
    return 0;
}

static bool parse(query_t *q, const uint8_t *p, size_t len, bool tcp)
{
    size_t at = 12;

    memset(q, 0, sizeof(*q));
    q->p = p;
    q->len = len;
    q->tcp = tcp;
    if (len < 17 || p[12] > 63)
        return false;
    for (size_t i = 0; i < p[12]; i++)
        q->label[i] = (char)tolower(p[13 + i]);
    while (at < len && p[at] != 0)
        at += p[at] + 1u;
    if (at + 5 > len)
        return false;
    q->type = (unsigned)p[at + 1] << 8 | p[at + 2];
    q->end = at + 5;
    q->seen = count(q->label, 1);
    return true;
}

/* The header and the question; flags are the bytes 2 and 3. */
static void begin(reply_t *r, const query_t *q, unsigned flags)
{
    memcpy(r->p, q->p, q->end);
    r->p[2] = (uint8_t)(flags >> 8);
    r->p[3] = (uint8_t)flags;
    memset(r->p + 6, 0, 6);
    r->len = q->end;
}

static void put(reply_t *r, const void *p, size_t len)
{
    memcpy(r->p + r->len, p, len);
    r->len += len;
}

/* A record for the name of the question. */
static void record(reply_t *r, unsigned type, const void *data, size_t len)
{
    uint8_t head[] = {0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60, 0, (uint8_t)len};

    put(r, head, sizeof(head));
    put(r, data, len);
    r->p[7]++;
}

static void good(reply_t *r, const query_t *q)
{
    static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

    begin(r, q, 0x8180);
    if (q->type == A)
        record(r, A, "\xc0\0\2\1", 4);
    if (q->type == AAAA)
        record(r, AAAA, v6, 16);
    if (q->type == TXT)
        record(r, TXT, "\4text", 5);
    if (q->type == PTR)
        record(r, PTR, "\4host\7example", 14);
}

static void send_reply(const reply_t *r, const query_t *q, int fd)
{
    uint8_t length[2] = {(uint8_t)(r->len >> 8), (uint8_t)r->len};

    if (!q->tcp) {
        sendto(fd, r->p, r->len, 0, (struct sockaddr *)&peer, sizeof(peer));
    } else if (write(fd, length, 2) != 2 || write(fd, r->p, r->len) != (ssize_t)r->len) {
        perror("write");
    }
}

static bool is(const query_t *q, const char *label)
{
    return strcmp(q->label, label) == 0;
}

/* Replies that are made of a code alone. */
static bool coded(const query_t *q, reply_t *r)
{
    static const struct {
        const char *label;
        unsigned flags;
    } codes[] = {{"nx", 0x8183},      {"nodata", 0x8180},   {"nodata-aa", 0x8500},
                 {"lame", 0x8100},    {"servfail", 0x8182}, {"refused", 0x8185},
                 {"formerr", 0x8181}, {"notimp", 0x8184},   {"notauth", 0x8189}};

    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        if (is(q, codes[i].label)) {
            begin(r, q, codes[i].flags);
            return true;
        }
    }
    return false;
}

/* Something wrong first, then the right answer. */
static void noise(const query_t *q, reply_t *r, int fd)
{
    good(r, q);
    if (is(q, "garbage"))
        memset(r->p, 0xa5, r->len);
    else if (is(q, "wrongid"))
        r->p[0] ^= 0x55;
    else if (is(q, "noqr"))
        r->p[2] &= 0x7f;
    else if (is(q, "wrongtype"))
        r->p[q->end - 3] ^= 2;
    else if (is(q, "wrongname"))
        r->p[13] ^= 1;
    else if (is(q, "noquestion"))
        r->p[5] = 0;
    else if (is(q, "tiny"))
        r->len = 5;
    else if (is(q, "empty"))
        r->len = 0;
    else if (is(q, "wrongport"))
        fd = other_udp;
    else
        return;
    send_reply(r, q, fd);
}

/* Good replies, twisted. */
static void twist(const query_t *q, reply_t *r)
{
    static const uint8_t badvers[] = {0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0};

    if (is(q, "badvers")) {
        begin(r, q, 0x8180);
        put(r, badvers, sizeof(badvers));
        r->p[11] = 1;
    } else if (is(q, "short")) {
        begin(r, q, 0x8180);
        record(r, q->type, "\1\2", 2);
    } else if (is(q, "cut")) {
        r->len -= 3;
    } else if (is(q, "cuthead")) {
        r->len = q->end + 5;
    } else if (is(q, "loop")) {
        r->p[q->end + 1] = (uint8_t)q->end;
    } else if (is(q, "twoq")) {
        r->p[5] = 2;
    } else if (is(q, "upper")) {
        for (size_t i = 13; i < q->end - 5; i++)
            r->p[i] = (uint8_t)toupper(r->p[i]);
    } else if (is(q, "cname") || is(q, "cname-addr")) {
        begin(r, q, 0x8180);
        record(r, CNAME, "\6target\7example", 16);
        if (is(q, "cname-addr") && q->type == A)
            record(r, A, "\xc0\0\2\7", 4);
    } else if (is(q, "a-only") && q->type != A) {
        begin(r, q, 0x8180);
    } else if (is(q, "a-fails") && q->type == A) {
        begin(r, q, 0x8182);
    } else if (is(q, "flaky") && q->seen == 1) {
        begin(r, q, 0x8182);
    } else if (is(q, "second") && q->seen <= 2) {
        r->len = 0; /* silence */
    }
}

static void answer(const query_t *q, int fd)
{
    reply_t r;
    char text[32];

    if (is(q, "silent") || (is(q, "tcsilent") && q->tcp))
        return;
    if (!q->tcp)
        noise(q, &r, fd);
    good(&r, q);
    twist(q, &r);
    coded(q, &r);
    if (r.len == 0)
        return;
    if (strncmp(q->label, "tc", 2) == 0 && !q->tcp)
        begin(&r, q, 0x8380);
    if (is(q, "tcwrongid") && q->tcp)
        r.p[0] ^= 0x55;
    if (is(q, "tcgarbage") && q->tcp)
        r.len = 7;
    if (strncmp(q->label, "count-", 6) == 0) {
        int n = snprintf(text + 1, sizeof(text) - 1, "%d", count(q->label + 6, 0));

        text[0] = (char)n;
        begin(&r, q, 0x8180);
        record(&r, TXT, text, (size_t)n + 1);
    }
    if (is(q, "slow"))
        usleep(200000);
    send_reply(&r, q, fd);
}

/* One question on a connection. */
static void serve_tcp(int listener)
{
    uint8_t p[4096], half[] = {0, 100, 1, 2, 3};
    int fd = accept(listener, NULL, NULL);
    ssize_t n = fd < 0 ? -1 : recv(fd, p, sizeof(p), 0);
    query_t q;

    if (n > 2 && parse(&q, p + 2, (size_t)n - 2, true)) {
        if (is(&q, "tchalf"))
            n = write(fd, half, sizeof(half));
        else if (is(&q, "tcone"))
            n = write(fd, half, 1);
        else if (is(&q, "tcreset"))
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        else if (!is(&q, "tceof"))
            answer(&q, fd);
        if (is(&q, "tcsilent"))
            return; /* the connection stays */
    }
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    int listener, on = 1;
    uint8_t p[4096];
    query_t q;

    if (argc != 3 || inet_pton(AF_INET, argv[1], &addr.sin_addr) != 1)
        return 2;
    addr.sin_port = htons((uint16_t)atoi(argv[2]));
    udp = socket(AF_INET, SOCK_DGRAM, 0);
    other_udp = socket(AF_INET, SOCK_DGRAM, 0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(udp, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        bind(listener, (struct sockaddr *)&addr, sizeof(addr)) != 0 || listen(listener, 100) != 0) {
        perror("server");
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        struct pollfd fds[] = {{udp, POLLIN, 0}, {listener, POLLIN, 0}};
        socklen_t len = sizeof(peer);
        ssize_t n;

        poll(fds, 2, -1);
        if (fds[1].revents != 0)
            serve_tcp(listener);
        if (fds[0].revents == 0)
            continue;
        n = recvfrom(udp, p, sizeof(p), 0, (struct sockaddr *)&peer, &len);
        if (n > 0 && parse(&q, p, (size_t)n, false))
            answer(&q, udp);
    }
}
