/*
 * Runs several commands at once and prints their output line by line, each with its command's
 * number. A task follows each pipe, and waits for it without a thread.
 * Usage: child_output COMMAND...
 */
#include <stdio.h>
#include <gonet.h>

typedef struct {
    FILE *pipe;
    int number;
    gonet_wait_group_t *group;
} command_t;

static void *wait_for_end(void *pipe)
{
    pclose(pipe);
    return NULL;
}

static void follow(void *arg)
{
    command_t *command = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_conn_t) c = gonet_fd_conn(fileno(command->pipe), &err);
    GONET_AUTO(gonet_bufreader_t) r = gonet_bufreader_new(gonet_conn_as_reader(c), 0);
    char *line;
    /* whatever is silent for a minute is given up */
    gonet_conn_set_read_deadline(c, gonet_after(GONET_MINUTE), NULL);
    while (c != NULL && (line = gonet_bufreader_read_line(r, NULL, &err)) != NULL) {
        printf("%d: %s\n", command->number, line);
        gonet_free(line);
        gonet_conn_set_read_deadline(c, gonet_after(GONET_MINUTE), NULL);
    }
    if (!gonet_error_is(err, gonet_eof))
        fprintf(stderr, "child_output: %d: %s\n", command->number, gonet_error_string(err));
    gonet_blocking(wait_for_end, command->pipe); /* it may live on without its output */
    gonet_wait_group_done(command->group);
}

int main(int argc, char **argv)
{
    command_t commands[64];
    gonet_wait_group_t group = {0};
    if (argc < 2 || argc > 65) {
        fprintf(stderr, "usage: child_output COMMAND...\n");
        return 2;
    }
    for (int i = 0; i < argc - 1; i++) {
        commands[i] = (command_t){popen(argv[i + 1], "re"), i + 1, &group};
        gonet_wait_group_add(&group, 1);
        if (commands[i].pipe == NULL || gonet_go(follow, &commands[i]) != 0) {
            perror("child_output");
            return 1;
        }
    }
    gonet_wait_group_wait(&group);
    return 0;
}
