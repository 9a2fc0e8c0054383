/*
 * A plug-in in C++ for a program in C: tasks that park while they handle exceptions, of which each
 * has to find its own again.
 */
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

typedef struct {
    int (*go)(void (*fn)(void *), void *);
    void (*yield)(void);
    void (*done)(void);
} host_t;

static const host_t *host;
static int wrong;

static std::string text_of(int id, int depth)
{
    return "task " + std::to_string(id) + " depth " + std::to_string(depth);
}

static void check(const std::exception &e, int id, int depth)
{
    if (e.what() != text_of(id, depth) || std::uncaught_exceptions() != 0)
        __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

static void handle(int id, int depth)
{
    try {
        throw std::runtime_error(text_of(id, depth));
    } catch (const std::exception &e) {
        for (int i = 0; i < id % 5 + 1; i++)
            host->yield();
        if (depth < 3)
            handle(id, depth + 1);
        host->yield();
        try {
            throw;
        } catch (const std::exception &again) {
            for (int i = 0; i < id % 3 + 1; i++)
                host->yield();
            check(again, id, depth);
        }
        try {
            std::rethrow_exception(std::current_exception());
        } catch (const std::exception &third) {
            check(third, id, depth);
        }
    }
}

static void task(void *arg)
{
    int id = (int)(intptr_t)arg;

    for (int i = 0; i < 10; i++) {
        if (std::current_exception() != nullptr) /* a task begins with none, also behind others */
            __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
        handle(id, 0);
        host->yield();
    }
    host->done();
}

extern "C" __attribute__((visibility("default"))) int start(const host_t *h, int tasks)
{
    host = h;
    for (int i = 0; i < tasks; i++) {
        if (h->go(task, (void *)(intptr_t)i) != 0)
            return -1;
    }
    return 0;
}

extern "C" __attribute__((visibility("default"))) int wrong_ones(void)
{
    return wrong;
}

/* In the calling task. */
extern "C" __attribute__((visibility("default"))) void run_here(const host_t *h, int id)
{
    host = h;
    for (int i = 0; i < 10; i++)
        handle(id, 0);
}
