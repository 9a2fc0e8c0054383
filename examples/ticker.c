/*
 * ticker [MILLISECONDS [TICKS]]: does something from time to time, and gives up when nothing has
 * happened for a minute: a ticker, and a timer that is set again each time. Its main is a task.
 */
#include <gonet.h>
#include <stdio.h>
#include <stdlib.h>

static int tick(void *arg)
{
    char **argv = arg;
    int interval = argv[0] != NULL ? atoi(argv[0]) : 1000, n = 0;
    int most = argv[0] != NULL && argv[1] != NULL ? atoi(argv[1]) : 3;
    GONET_AUTO(gonet_ticker_t) ticker = gonet_ticker_new(interval * GONET_MILLISECOND);
    GONET_AUTO(gonet_timer_t) idle = gonet_timer_new(GONET_MINUTE);
    gonet_select_case_t wait[] = {{.ch = gonet_ticker_chan(ticker)},
                                  {.ch = gonet_timer_chan(idle)}};
    if (ticker == NULL || idle == NULL) {
        fputs("usage: ticker [MILLISECONDS [TICKS]]\n", stderr);
        return 1;
    }
    while (n < most && gonet_select(wait, 2, gonet_no_deadline) == 0) {
        printf("tick %d\n", ++n);
        gonet_timer_reset(idle, GONET_MINUTE); /* what was due before can't be received any more */
    }
    return n < most;
}

int main(int argc, char **argv)
{
    (void)argc;
    return gonet_run(tick, argv + 1);
}
