/*
 * The life of the channels: a worker's is made at its first question, and released when the runtime
 * ends. A forked child forgets its parent's.
 */
#include "resolve/channels.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "runtime/end_hook.h"

typedef gonet__channel_t channel_t;

static _Thread_local channel_t *mine;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static channel_t *channels; /* all of them */

static void release_all(void);
static gonet__end_hook_t end_hook = {.fn = release_all};

static void take_lock(void)
{
    pthread_mutex_lock(&lock);
}

static void drop_lock(void)
{
    pthread_mutex_unlock(&lock);
}

/* The parent's channels are not the child's to touch. */
static void forget(void)
{
    channels = NULL;
    mine = NULL;
    pthread_mutex_unlock(&lock);
}

static void guard_fork(void)
{
    pthread_atfork(take_lock, drop_lock, forget);
}

/* No task is left, so nobody uses a channel, and the readers have closed their sockets. */
static void release_all(void)
{
    pthread_mutex_lock(&lock);
    while (channels != NULL) {
        channel_t *ch = channels;

        channels = ch->next;
        gonet__cares_free(ch->cares);
        gonet__free(ch);
    }
    pthread_mutex_unlock(&lock);
}

channel_t *gonet__channel_mine(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    channel_t *ch = mine;

    if (ch != NULL)
        return ch;
    ch = gonet__zalloc(sizeof(*ch));
    if (ch == NULL || !gonet__channel_set_up(ch)) {
        gonet__free(ch);
        return NULL;
    }
    pthread_once(&once, guard_fork);
    gonet__end_hook_add(&end_hook);
    pthread_mutex_lock(&lock);
    ch->next = channels;
    channels = ch;
    pthread_mutex_unlock(&lock);
    mine = ch;
    return ch;
}

/* The other way to random bytes, where there is no such system call, or it is not allowed. */
static bool read_device(uint8_t *p, size_t n)
{
    int fd = gonet__fd_open("/dev/urandom");
    size_t got = 0;
    ssize_t more = -1;

    while (fd >= 0 && got < n) {
        more = read(fd, p + got, n - got);
        if (more > 0)
            got += (size_t)more;
        else if (more == 0 || errno != EINTR)
            break;
    }
    if (fd >= 0)
        close(fd);
    return got == n;
}

static bool fill(uint8_t *p, size_t n)
{
    size_t got = 0;

    while (got < n) {
        ssize_t more = getrandom(p + got, n - got, 0);

        if (more > 0)
            got += (size_t)more;
        else if (errno != EINTR)
            return read_device(p, n);
    }
    return true;
}

gonet_error_t *gonet__channel_random(channel_t *ch, uint8_t *p, size_t n)
{
    if (ch->random_left < n) {
        if (!fill(ch->random, sizeof(ch->random)))
            return gonet_error_new("no random numbers");
        ch->random_left = sizeof(ch->random);
    }
    ch->random_left -= n;
    memcpy(p, ch->random + ch->random_left, n);
    return NULL;
}

gonet_error_t *gonet__random(uint8_t *p, size_t n)
{
    channel_t *ch = gonet__channel_mine();

    return ch == NULL ? gonet_err_no_memory : gonet__channel_random(ch, p, n);
}
