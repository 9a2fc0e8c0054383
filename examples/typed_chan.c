/*
 * Channels with types of their own: a job, an open connection, a bare signal. A pointer to anything
 * else does not compile, and a connection that nobody has received is released with its channel.
 */
#include <stdio.h>
#include <gonet.h>

struct job {
    int64_t from, to;
};
GONET_DEFINE_CHAN(job_chan, struct job);
GONET_DEFINE_CHAN(sum_chan, int64_t);
GONET_DEFINE_OWNING_CHAN(conn_chan, gonet_conn_t *, gonet_conn_free);
GONET_DEFINE_SIGNAL_CHAN(stop_chan);

struct adder {
    job_chan_t *jobs;
    sum_chan_t *sums;
    stop_chan_t *stop;
};

static void add(void *arg)
{
    const struct adder *a = arg;
    struct job j;
    gonet_select_case_t cases[] = {job_chan_recv_case(a->jobs, &j), stop_chan_recv_case(a->stop)};

    while (gonet_select(cases, 2, gonet_no_deadline) == 0) {
        int64_t sum = 0;
        for (int64_t i = j.from; i < j.to; i++)
            sum += i;
        sum_chan_send(a->sums, &sum);
    }
    stop_chan_send(a->stop); /* it has stopped */
}

int main(void)
{
    GONET_AUTO(job_chan_t) jobs = job_chan_new(0);
    GONET_AUTO(sum_chan_t) sums = sum_chan_new(4);
    GONET_AUTO(stop_chan_t) stop = stop_chan_new(0);
    GONET_AUTO(conn_chan_t) idle = conn_chan_new(2);
    struct adder a = {jobs, sums, stop};
    gonet_conn_t *ends[2];

    if (jobs == NULL || sums == NULL || stop == NULL || idle == NULL ||
        gonet_pipe(&ends[0], &ends[1]) != 0 || gonet_go(add, &a) != 0)
        return 1;
    conn_chan_send(idle, &ends[0]); /* nobody takes them: conn_chan_free releases both */
    conn_chan_send(idle, &ends[1]);
    int64_t total = 0, sum;
    for (int64_t i = 0; i < 4; i++)
        job_chan_send(jobs, &(struct job){i * 250, (i + 1) * 250});
    for (int i = 0; i < 4 && sum_chan_recv(sums, &sum); i++)
        total += sum;
    printf("0 to 999 add up to %lld\n", (long long)total);
    return !stop_chan_send(stop) || !stop_chan_recv(stop);
}
