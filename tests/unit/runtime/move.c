/*
 * Two threads that hand one context to each other.
 */
#include "move.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>

#include "runtime/switch/annotate.h"
#include "runtime/ground/here.h"
#include "runtime/switch/switch.h"

enum { SIZE = 256 << 10 };

typedef struct {
    gonet__context_t context;
    gonet__annotation_t tool;
    sem_t turn;
    int *errno_at;
    gonet__local_t *words;
    char worker; /* its address stands for one */
} thread_t;

static thread_t threads[2];
static gonet__context_t context; /* the function's */
static gonet__annotation_t tool;
static gonet__annotation_t *left;
static int current;
static bool ended;
static void (*function)(void);

int *move_errno(void)
{
    return threads[current].errno_at;
}

void *move_words(void)
{
    return threads[current].words;
}

void *move_worker(void)
{
    return &threads[current].worker;
}

static void leave(int last)
{
    thread_t *to = &threads[current];

    left = &tool;
    gonet__annotate_leave(&tool, &to->tool, last);
    gonet__switch(&context, &to->context);
    gonet__annotate_enter(&tool, left);
}

void move(void)
{
    leave(0);
}

static void begin(void *arg)
{
    (void)arg;
    gonet__annotate_enter(&tool, left);
    function();
    ended = true;
    leave(1);
    abort();
}

static void *run(void *arg)
{
    thread_t *t = arg;

    t->errno_at = &errno;
    t->words = gonet__local();
    t->words->worker = (void *)&t->worker;
    gonet__annotate_worker(&t->tool);
    for (;;) {
        sem_wait(&t->turn);
        if (ended)
            break;
        current = (int)(t - threads);
        left = &t->tool;
        gonet__annotate_leave(&t->tool, &tool, 0);
        gonet__switch(&t->context, &context);
        gonet__annotate_enter(&t->tool, left);
        sem_post(&threads[t == threads].turn);
    }
    sem_post(&threads[t == threads].turn);
    t->words->worker = NULL;
    return NULL;
}

void move_run(void (*fn)(void))
{
    char *low = aligned_alloc(4096, SIZE);
    pthread_t ids[2];

    if (low == NULL)
        abort();
    function = fn;
    ended = false;
    gonet__annotate_task(&tool, low, low + SIZE);
    gonet__switch_make(&context, low, low + SIZE, begin, NULL);
    for (int i = 0; i < 2; i++)
        sem_init(&threads[i].turn, 0, i == 0);
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&ids[i], NULL, run, &threads[i]) != 0)
            abort();
    }
    for (int i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);
    gonet__annotate_gone(&tool);
    free(low);
}
