/*
 * The shared library loaded by a program that doesn't link it: used, ended, closed and loaded
 * again, and closed while tasks run.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef int go_t(void (*fn)(void *arg), void *arg);
typedef int shutdown_t(int64_t wait);
typedef void sleep_t(int64_t ns);

static sleep_t *task_sleep;
static volatile int ran;

static void *load(const char *path, const char *name, void **library)
{
    void *f;

    *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    f = *library == NULL ? NULL : dlsym(*library, name);
    if (f == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    return f;
}

static void runs(void *arg)
{
    task_sleep(1000000);
    *(volatile int *)arg = 1;
}

static void for_ever(void *arg)
{
    (void)arg;
    for (;;)
        task_sleep(1000000);
}

int main(int argc, char **argv)
{
    go_t *go;
    shutdown_t *end;
    void *library;

    if (argc != 2)
        return 2;
    for (int i = 0; i < 20; i++) {
        *(void **)&task_sleep = load(argv[1], "gonet_sleep", &library);
        *(void **)&go = dlsym(library, "gonet_go");
        *(void **)&end = dlsym(library, "gonet_shutdown");
        ran = 0;
        if (go(runs, (void *)(uintptr_t)&ran) != 0 || end(INT64_C(60000000000)) != 0)
            return 3;
        if (dlclose(library) != 0)
            return 4;
    }
    *(void **)&task_sleep = load(argv[1], "gonet_sleep", &library);
    *(void **)&go = dlsym(library, "gonet_go");
    if (go(for_ever, NULL) != 0 || dlclose(library) != 0)
        return 5;
    usleep(20000); /* its threads still have their code */
    printf("loaded and closed 21 times\n");
    return 0;
}
