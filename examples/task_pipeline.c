/*
 * Tasks and channels: one task makes numbers, three square them, and main, an ordinary thread, adds
 * up what comes out at the end of the pipeline. The twin of Go's pipelines of goroutines.
 */
#include <stdio.h>
#include <gonet.h>

enum { numbers = 1000, squarers = 3 };

struct pipeline {
    gonet_chan_t *in, *out;
};

static void make(void *arg)
{
    const struct pipeline *p = arg;
    for (int64_t i = 1; i <= numbers; i++)
        if (!gonet_chan_send(p->in, &i))
            break;
    gonet_chan_close(p->in); /* ends the squarers' loops */
}

static void square(void *arg)
{
    const struct pipeline *p = arg;
    int64_t i;
    while (gonet_chan_recv(p->in, &i)) {
        i *= i;
        if (!gonet_chan_send(p->out, &i))
            break;
    }
}

int main(void)
{
    GONET_AUTO(gonet_chan_t) in = gonet_chan_new(sizeof(int64_t), 0);
    GONET_AUTO(gonet_chan_t) out = gonet_chan_new(sizeof(int64_t), 16);
    struct pipeline p = {in, out};
    int started = in != NULL && out != NULL && gonet_go(make, &p) == 0;
    for (int n = 0; n < squarers; n++)
        started = started && gonet_go(square, &p) == 0;
    if (!started) {
        fputs("task_pipeline: no memory\n", stderr);
        return 1;
    }
    int64_t sum = 0, i;
    for (int n = 0; n < numbers && gonet_chan_recv(out, &i); n++)
        sum += i;
    printf("the squares of 1 to %d add up to %lld\n", numbers, (long long)sum);
    return gonet_shutdown(GONET_SECOND) != 0;
}
