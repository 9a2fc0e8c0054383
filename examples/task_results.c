/* Counts the primes below a number, in four tasks whose results it waits for; the small primes that
 * all of them need are found once, by whoever comes first. Usage: task_results [number] */
#include <stdio.h>
#include <stdlib.h>
#include <gonet.h>

enum { parts = 4, small = 4096 };
static int primes[small], found;
static gonet_once_t found_once;

static bool is_prime(int n)
{
    for (int i = 0; i < found && primes[i] * primes[i] <= n; i++)
        if (n % primes[i] == 0)
            return false;
    return n > 1;
}

static void find_small(void *arg)
{
    (void)arg;
    for (int n = 2; n < small; n++)
        if (is_prime(n))
            primes[found++] = n;
}

struct part {
    gonet_future_t future;
    int from, to, count;
};

static void *count(void *arg)
{
    struct part *p = arg;
    gonet_once_do(&found_once, find_small, NULL);
    for (int n = p->from; n < p->to; n++)
        p->count += is_prime(n);
    return &p->count;
}

int main(int argc, char **argv)
{
    int end = argc > 1 ? atoi(argv[1]) : 1000000, total = 0;
    if (end < 0 || end >= small * small)
        return fprintf(stderr, "usage: task_results [number below %d]\n", small * small), 2;
    struct part part[parts] = {{.from = 0}};
    for (int i = 0; i < parts; i++) {
        part[i].from = (int)((int64_t)end * i / parts);
        part[i].to = (int)((int64_t)end * (i + 1) / parts);
        if (gonet_future_go(&part[i].future, count, &part[i]) != 0)
            count(&part[i]); /* without memory for a task: here */
    }
    for (int i = 0; i < parts; i++) {
        while (!gonet_future_wait_until(&part[i].future, gonet_after(5 * GONET_SECOND), NULL))
            fprintf(stderr, "task_results: still at part %d\n", i + 1);
        total += part[i].count;
    }
    printf("%d primes below %d\n", total, end);
    return 0;
}
