/*
 * A program with a libuv loop of its own, which looks up names in tasks: the loop never blocks, and
 * takes the answers from a channel, whose descriptor it watches.
 * Usage: uv_loop NAME...
 */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>
#include <gonet.h>

typedef struct {
    const char *name;
    char text[128];
} answer_t;

static gonet_chan_t *answers;
static int awaited;

static void look_up(void *arg) /* in a task */
{
    answer_t answer = {.name = arg};
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO_FREE const char **hosts = gonet_lookup_host(arg, NULL, &err);
    snprintf(answer.text, sizeof(answer.text), "%s", hosts ? hosts[0] : gonet_error_string(err));
    gonet_chan_send(answers, &answer);
}

static void on_answers(uv_poll_t *poll, int status, int events) /* in the loop */
{
    answer_t answer;
    (void)status, (void)events;
    while (gonet_chan_try_recv(answers, &answer) == GONET_CHAN_OK) {
        printf("%s %s\n", answer.name, answer.text);
        awaited--;
    }
    if (awaited == 0)
        uv_close((uv_handle_t *)poll, NULL); /* before the channel, whose descriptor it is, goes */
}

int main(int argc, char **argv)
{
    uv_loop_t loop;
    uv_poll_t poll;
    answers = gonet_chan_new(sizeof(answer_t), 16);
    if (answers == NULL || gonet_chan_fd(answers) < 0 || uv_loop_init(&loop) != 0 ||
        uv_poll_init(&loop, &poll, gonet_chan_fd(answers)) != 0 ||
        uv_poll_start(&poll, UV_READABLE, on_answers) != 0)
        abort();
    for (int i = 1; i < argc; i++) {
        if (gonet_go(look_up, argv[i]) == 0)
            awaited++;
    }
    if (awaited == 0)
        uv_close((uv_handle_t *)&poll, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    gonet_shutdown(-1);
    gonet_chan_free(answers);
    return 0;
}
