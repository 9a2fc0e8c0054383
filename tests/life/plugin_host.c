/*
 * plugin_host PLUGIN: a program that has never heard of gonet loads a plug-in with a
 * copy of its own, uses it by a thread, lets it end, and unloads it. From then on nothing of it may
 * be called: not when the thread ends, not when the process forks, gets signals or exits.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/need.h"

typedef int (*function_t)(void);

static pthread_barrier_t used, unloaded;

static function_t function(void *plugin, const char *name)
{
    function_t f;
    void *p = dlsym(plugin, name);

    NEED(p != NULL);
    memcpy(&f, &p, sizeof(f));
    return f;
}

static void *thread_main(void *arg)
{
    NEED(function(arg, "plugin_wait")() == 0);
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&unloaded);
    return NULL; /* its end */
}

static int mapped(const char *path)
{
    char line[4096];
    FILE *f = fopen("/proc/self/maps", "r");
    int found = 0;

    NEED(f != NULL);
    while (fgets(line, sizeof(line), f) != NULL)
        found = found || strstr(line, strrchr(path, '/')) != NULL;
    fclose(f);
    return found;
}

static void fork_and_wait(void)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    NEED(waitpid(child, &status, 0) == child && status == 0);
}

static void check_signals(void)
{
    static const int all[] = {SIGSEGV, SIGBUS, SIGURG, SIGQUIT};
    struct sigaction a;

    for (int i = 0; i < 4; i++)
        NEED(sigaction(all[i], NULL, &a) == 0 && a.sa_handler == SIG_DFL);
    raise(SIGURG);
}

static void round_with(const char *path)
{
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    pthread_t thread;

    if (plugin == NULL)
        fprintf(stderr, "%s\n", dlerror());
    NEED(plugin != NULL);
    pthread_barrier_init(&used, NULL, 2);
    pthread_barrier_init(&unloaded, NULL, 2);
    NEED(pthread_create(&thread, NULL, thread_main, plugin) == 0);
    pthread_barrier_wait(&used);
    NEED(function(plugin, "plugin_talk")() == 0);
    NEED(function(plugin, "plugin_end")() == 0);
    NEED(dlclose(plugin) == 0);
    NEED(!mapped(path));
    fork_and_wait();
    check_signals();
    pthread_barrier_wait(&unloaded);
    NEED(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
    NEED(argc == 2);
    setenv("GONETDEBUG", "dumponsigquit=1,slowtask=10s", 1); /* it takes signals for these */
    for (int i = 0; i < 3; i++)
        round_with(argv[1]);
    puts("unloaded, and nothing was left");
    return 0;
}
