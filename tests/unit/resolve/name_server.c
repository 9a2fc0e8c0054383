/*
 * The server: one thread, poll(2), answers in place.
 */
#include "name_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNS 64
#define MAX_LATE  256
#define MAX_HELD  64
#define MAX_LOG   1024
#define MAX_SIZE  2048
#define MAX_ASKED 512 /* of a question; what is left is for the answer */

typedef struct {
    uint8_t p[MAX_SIZE];
    size_t len;
    struct sockaddr_in peer;
    int64_t due;
} late_t;

struct name_server {
    int udp, tcp, other, wake[2];
    pthread_mutex_t lock; /* of the log and the ports */
    name_question_t log[MAX_LOG];
    _Atomic int from; /* the count when the log was emptied */
    late_t first;     /* of a pair */
    int pair;
    bool once[65536]; /* ports that "once" was asked from */
    uint16_t dead;    /* the port of the first "dead"; 0: none yet */
    int conns[MAX_CONNS];
    int conn_count;
    char text[32];
    pthread_t thread;
    _Atomic int count;
    late_t late[MAX_LATE];
    int late_count;
    late_t held[MAX_HELD];
    int held_count;
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void put(uint8_t *p, size_t *len, const void *data, size_t n)
{
    memcpy(p + *len, data, n);
    *len += n;
}

/* Turns the question at p into its answer; the answer's length, 0 for none. */
static size_t answer(uint8_t *p, size_t len, bool udp)
{
    static const char text[] = "\xc0\x0c\0\x10\0\1\0\0\0\x78\0\5\4text";
    static const char mx[] = "\xc0\x0c\0\x0f\0\1\0\0\0\x78\0\4\0\7\xc0\x0c";
    static const char v4[] = "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1";
    static const char v6[] =
        "\xc0\x0c\0\x1c\0\1\0\0\0\x1e\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1";
    size_t end = 12;
    const char *label = (const char *)p + 13;

    if (len < 17)
        return 0;
    while (end < len && p[end] != 0)
        end += p[end] + 1u;
    if (end + 5 > len || strncmp(label, "silent", 6) == 0 ||
        (strncmp(label, "tcsilent", 8) == 0 && !udp))
        return 0;
    end += 5;
    p[2] = 0x81;
    p[3] = 0x80;
    if (strncmp(label, "nx", 2) == 0)
        p[3] = 0x83;
    else if (strncmp(label, "servfail", 8) == 0)
        p[3] = 0x82;
    else if (strncmp(label, "refused", 7) == 0)
        p[3] = 0x85;
    memset(p + 6, 0, 6);
    if (strncmp(label, "tc", 2) == 0 && udp) {
        p[2] |= 2;
        return end;
    }
    if (p[3] != 0x80)
        return end;
    p[7] = strncmp(label, "big", 3) == 0 ? 100 : 1;
    switch (p[end - 3]) {
    case 1:
        for (int i = p[7]; i > 0; i--)
            put(p, &end, v4, sizeof(v4) - 1);
        break;
    case 28:
        put(p, &end, v6, sizeof(v6) - 1);
        break;
    case 15:
        p[7] = 3;
        for (int i = p[7]; i > 0; i--)
            put(p, &end, mx, sizeof(mx) - 1);
        break;
    case 16:
        put(p, &end, text, sizeof(text) - 1);
        break;
    default:
        p[7] = 0;
    }
    return end;
}

/* Notes a question; its name in dotted form. */
static void note(name_server_t *s, const uint8_t *p, size_t len, uint16_t port, bool tcp)
{
    static const uint8_t opt[] = {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0};
    name_question_t q = {.port = port, .tcp = tcp};
    size_t at = 12, n = 0;
    int i = atomic_load(&s->count) - atomic_load(&s->from);

    while (at < len && p[at] != 0 && n + p[at] + 1u < sizeof(q.name) && at + p[at] < len) {
        memcpy(q.name + n, p + at + 1, p[at]);
        n += p[at] + 1u;
        q.name[n - 1] = '.';
        at += p[at] + 1u;
    }
    if (at + 5 <= len) {
        q.id = (uint16_t)(p[0] << 8 | p[1]);
        q.flags = (uint16_t)(p[2] << 8 | p[3]);
        q.type = p[at + 2];
        q.plain = len != at + 5 + sizeof(opt) || memcmp(p + at + 5, opt, sizeof(opt)) != 0;
    }
    pthread_mutex_lock(&s->lock);
    if (i < MAX_LOG)
        s->log[i] = q;
    pthread_mutex_unlock(&s->lock);
    atomic_fetch_add(&s->count, 1);
}

static void reply(int fd, const late_t *l)
{
    if (l->len > 0)
        sendto(fd, l->p, l->len, 0, (const void *)&l->peer, sizeof(l->peer));
}

/* A forged answer, with another address in it, wrong in the way that the label says. */
static void forge(const name_server_t *s, const late_t *l)
{
    const char *label = (const char *)l->p + 13;
    int fd = strncmp(label, "wrongport", 9) == 0 ? s->other : s->udp;
    late_t f = *l;

    if (f.len == 0)
        return;
    f.p[f.len - 1] ^= 0x55;
    if (strncmp(label, "wrongid", 7) == 0)
        f.p[0] ^= 1;
    else if (strncmp(label, "garbage", 7) == 0)
        memset(f.p, 0xc0, f.len);
    else if (strncmp(label, "noqr", 4) == 0)
        f.p[2] &= 0x7f;
    else if (strncmp(label, "othername", 9) == 0)
        f.p[13]++;
    else if (fd == s->udp)
        return;
    reply(fd, &f);
}

/* The first of two waits for the second. */
static void serve_pair(name_server_t *s, const late_t *l)
{
    if (s->pair++ % 2 == 0) {
        s->first = *l;
        return;
    }
    reply(s->udp, &s->first);
    reply(s->udp, l);
}

/* Whether a question from that port stays without an answer. */
static bool is_deaf_to(name_server_t *s, const char *label, uint16_t port)
{
    bool again = false;

    pthread_mutex_lock(&s->lock);
    if (strncmp(label, "once", 4) == 0) {
        again = s->once[port];
        s->once[port] = true;
    } else if (strncmp(label, "dead", 4) == 0) {
        if (s->dead == 0)
            s->dead = port;
        again = s->dead == port;
    }
    pthread_mutex_unlock(&s->lock);
    return again;
}

static void serve_udp(name_server_t *s)
{
    late_t l;
    socklen_t size = sizeof(l.peer);
    ssize_t n = recvfrom(s->udp, l.p, MAX_ASKED, MSG_DONTWAIT, (void *)&l.peer, &size);
    const char *label = (char *)l.p + 13;

    if (n <= 0)
        return;
    note(s, l.p, (size_t)n, ntohs(l.peer.sin_port), false);
    l.len = answer(l.p, (size_t)n, true);
    l.due = now_ms() + 200;
    forge(s, &l);
    if ((strncmp(label, "slow", 4) == 0 || strncmp(label, "tcsilentslow", 12) == 0) &&
        s->late_count < MAX_LATE)
        s->late[s->late_count++] = l;
    else if (strncmp(label, "held", 4) == 0 && s->held_count < MAX_HELD)
        s->held[s->held_count++] = l;
    else if (strncmp(label, "pair", 4) == 0)
        serve_pair(s, &l);
    else if (!is_deaf_to(s, label, ntohs(l.peer.sin_port)))
        reply(s->udp, &l);
}

static void serve_late(name_server_t *s)
{
    while (s->late_count > 0 && s->late[0].due <= now_ms()) {
        late_t *l = &s->late[0];

        reply(s->udp, l);
        memmove(l, l + 1, (size_t)--s->late_count * sizeof(*l));
    }
}

/* Whoever writes to the pipe wants the held ones answered, or the end; false: the end. */
static bool serve_wake(name_server_t *s)
{
    char what;

    if (read(s->wake[0], &what, 1) != 1 || what == '\0')
        return false;
    for (int i = 0; i < s->held_count; i++)
        reply(s->udp, &s->held[i]);
    s->held_count = 0;
    return true;
}

/* A question on a new connection; those that get no answer stay open. */
static void serve_tcp(name_server_t *s)
{
    uint8_t p[2 + MAX_SIZE];
    int fd = accept(s->tcp, NULL, NULL);
    ssize_t n = fd < 0 ? -1 : recv(fd, p, MAX_ASKED, 0);
    size_t len = 0;

    if (n > 2) {
        note(s, p + 2, (size_t)n - 2, 0, true);
        len = answer(p + 2, (size_t)n - 2, false);
    }
    p[0] = (uint8_t)(len >> 8);
    p[1] = (uint8_t)len;
    if (len > 0)
        send(fd, p, len + 2, MSG_NOSIGNAL);
    else if (fd >= 0 && s->conn_count < MAX_CONNS) {
        s->conns[s->conn_count++] = fd;
        return;
    }
    if (fd >= 0)
        close(fd);
}

static void *serve(void *arg)
{
    name_server_t *s = arg;

    for (;;) {
        struct pollfd fds[] = {{s->udp, POLLIN, 0}, {s->tcp, POLLIN, 0}, {s->wake[0], POLLIN, 0}};

        poll(fds, 3, s->late_count > 0 ? 10 : -1);
        if (fds[0].revents != 0)
            serve_udp(s);
        else if (fds[2].revents != 0 && !serve_wake(s)) /* after all that has come */
            return NULL;
        if (fds[1].revents != 0)
            serve_tcp(s);
        serve_late(s);
    }
}

name_server_t *name_server_start(const char **text)
{
    name_server_t *s = calloc(1, sizeof(*s));
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    int size = 32 << 20; /* for thousands of questions at once */

    if (s == NULL || pipe(s->wake) != 0)
        abort();
    s->tcp = socket(AF_INET, SOCK_STREAM, 0);
    s->udp = socket(AF_INET, SOCK_DGRAM, 0);
    s->other = socket(AF_INET, SOCK_DGRAM, 0);
    pthread_mutex_init(&s->lock, NULL);
    setsockopt(s->udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    if (bind(s->tcp, (void *)&addr, len) != 0 || listen(s->tcp, 100) != 0 ||
        getsockname(s->tcp, (void *)&addr, &len) != 0 || bind(s->udp, (void *)&addr, len) != 0)
        abort();
    snprintf(s->text, sizeof(s->text), "127.0.0.1:%d", ntohs(addr.sin_port));
    *text = s->text;
    if (pthread_create(&s->thread, NULL, serve, s) != 0)
        abort();
    return s;
}

int name_server_count(name_server_t *s)
{
    return atomic_load(&s->count);
}

name_question_t name_server_question(name_server_t *s, int i)
{
    name_question_t q = {.type = 0};

    pthread_mutex_lock(&s->lock);
    if (i < MAX_LOG && i < atomic_load(&s->count) - atomic_load(&s->from))
        q = s->log[i];
    pthread_mutex_unlock(&s->lock);
    return q;
}

void name_server_forget(name_server_t *s)
{
    pthread_mutex_lock(&s->lock);
    memset(s->once, 0, sizeof(s->once));
    s->dead = 0;
    pthread_mutex_unlock(&s->lock);
    atomic_store(&s->from, atomic_load(&s->count));
}

void name_server_release(name_server_t *s)
{
    if (write(s->wake[1], "r", 1) != 1)
        abort();
}

void name_server_stop(name_server_t *s)
{
    if (write(s->wake[1], "", 1) != 1)
        abort();
    pthread_join(s->thread, NULL);
    for (int i = 0; i < s->conn_count; i++)
        close(s->conns[i]);
    pthread_mutex_destroy(&s->lock);
    close(s->other);
    close(s->udp);
    close(s->tcp);
    close(s->wake[0]);
    close(s->wake[1]);
    free(s);
}
