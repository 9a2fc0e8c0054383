/*
 * exceptions_host PLUGIN HOW: a program in C, whose tasks run already, loads a plug-in in C++ with
 * all its libraries to itself (RTLD_LOCAL): "thread" before it starts tasks of it, "task" in a task
 * that goes on in it at once, next to others on the same worker; "first" before there is a worker.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "gonet/sync.h"
#include "gonet/task.h"
#include "support/need.h"

enum { TASKS = 60 };

typedef struct {
    int (*go)(void (*fn)(void *), void *);
    void (*yield)(void);
    void (*done)(void);
} host_t;

static gonet_wait_group_t group;

static int go(void (*fn)(void *), void *arg)
{
    gonet_wait_group_add(&group, 1);
    return gonet_go(fn, arg);
}

static void done(void)
{
    gonet_wait_group_done(&group);
}

static const host_t host = {go, gonet_yield, done};

static int (*start)(const host_t *h, int tasks);
static int (*wrong_ones)(void);
static void (*run_here)(const host_t *h, int id);

static void load(const char *path)
{
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (plugin == NULL)
        fprintf(stderr, "%s\n", dlerror());
    NEED(plugin != NULL);
    *(void **)&start = dlsym(plugin, "start");
    *(void **)&wrong_ones = dlsym(plugin, "wrong_ones");
    *(void **)&run_here = dlsym(plugin, "run_here");
    NEED(start != NULL && wrong_ones != NULL && run_here != NULL);
}

static const char *to_load;
static gonet_mutex_t loading;

/* The first one loads; each goes on in C++ without a turn of its worker in between. */
static void load_and_run(void *arg)
{
    gonet_mutex_lock(&loading);
    if (run_here == NULL)
        load(to_load);
    gonet_mutex_unlock(&loading);
    run_here(&host, (int)(intptr_t)arg);
    gonet_wait_group_done(&group);
}

static void nothing(void *arg)
{
    (void)arg;
    gonet_wait_group_done(&group);
}

int main(int argc, char **argv)
{
    NEED(argc == 3);
    NEED(dlsym(RTLD_DEFAULT, "__cxa_get_globals") == NULL); /* nothing of C++ is there */
    for (intptr_t i = 0; i < 8 && strcmp(argv[2], "first") != 0; i++)
        NEED(go(nothing, NULL) == 0); /* the workers run */
    gonet_wait_group_wait(&group);
    if (strcmp(argv[2], "task") != 0) {
        load(argv[1]);
        NEED(start(&host, TASKS) == 0);
    } else {
        to_load = argv[1];
        for (intptr_t i = 0; i < TASKS; i++)
            NEED(go(load_and_run, (void *)i) == 0);
    }
    gonet_wait_group_wait(&group);
    NEED(gonet_shutdown(-1) == 0);
    printf("%d wrong exceptions\n", wrong_ones());
    return wrong_ones() == 0 ? 0 : 1;
}
