/*
 * A chat: what one says, all others hear. Who is silent has a connection, and neither a task nor a
 * stack: a task is born for each message. Usage: chat_server [host:port]; talk to it with nc.
 */
#include <stdio.h>
#include <gonet.h>

#define MEMBERS 10000
static gonet_mutex_t lock;
static gonet_conn_t *member[MEMBERS];

static void replace(gonet_conn_t *who, gonet_conn_t *c)
{
    int i = 0;
    gonet_mutex_lock(&lock);
    while (i < MEMBERS - 1 && member[i] != who)
        i++;
    member[i] = c;
    gonet_mutex_unlock(&lock);
}

static void join(gonet_conn_t *c, void *arg)
{
    (void)arg;
    replace(NULL, c); /* NULL: a free place */
}

static bool hear(gonet_conn_t *c, void **state, void *arg)
{
    char said[1024];
    ssize_t n = gonet_conn_read(c, said, sizeof(said), NULL);
    (void)state, (void)arg;
    if (n <= 0) {
        replace(c, NULL);
        return false;
    }
    gonet_mutex_lock(&lock);
    for (int i = 0; i < MEMBERS; i++) { /* who takes nothing for a second is sent away */
        if (member[i] == NULL || member[i] == c)
            continue;
        gonet_conn_set_write_deadline(member[i], gonet_after(GONET_SECOND), NULL);
        if (gonet_conn_write(member[i], said, (size_t)n, NULL) < 0)
            gonet_conn_close(member[i], NULL);
    }
    gonet_mutex_unlock(&lock);
    return true;
}

int main(int argc, char **argv)
{
    const gonet_serve_options_t options = {.readable = hear, .max_conns = MEMBERS};
    char text[GONET_ADDR_STRLEN];
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_listener_t *ln = gonet_listen("tcp", argc > 1 ? argv[1] : "127.0.0.1:7000", &err);
    if (ln == NULL ||
        printf("%s\n", gonet_addr_string(gonet_listener_addr(ln), text, sizeof(text))) < 0 ||
        fflush(stdout) != 0 || gonet_serve(ln, join, NULL, &options, &err) != 0)
        fprintf(stderr, "chat_server: %s\n", gonet_error_string(err));
    return 1;
}
