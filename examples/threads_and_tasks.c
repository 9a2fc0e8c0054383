/*
 * One connection, used by a task and by a POSIX thread at the same moment: both write lines to it,
 * and main, a thread too, reads them at the other end. A call parks the task, or blocks the thread.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <gonet.h>

enum { lines = 1000 };

static void *write_lines(gonet_conn_t *conn, const char *who)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    for (int i = 1; i <= lines; i++)
        if (gonet_conn_printf(conn, &err, "%s %d\n", who, i) < 0)
            return fprintf(stderr, "%s: %s\n", who, gonet_error_string(err)), NULL;
    return conn;
}

static void task(void *arg)
{
    GONET_AUTO(gonet_conn_t) conn = arg; /* a reference of its own */
    write_lines(conn, "task");
}

static void *thread(void *arg)
{
    return write_lines(arg, "thread");
}

int main(void)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_listener_t) ln = gonet_listen("tcp", "127.0.0.1:0", &err);
    char at[GONET_ADDR_STRLEN] = "";
    if (ln != NULL)
        gonet_addr_string(gonet_listener_addr(ln), at, sizeof(at));
    GONET_AUTO(gonet_conn_t) near = ln != NULL ? gonet_dial("tcp", at, &err) : NULL;
    GONET_AUTO(gonet_conn_t) far = near != NULL ? gonet_listener_accept(ln, &err) : NULL;
    pthread_t id;
    if (far == NULL || gonet_go(task, gonet_conn_ref(near)) != 0 ||
        pthread_create(&id, NULL, thread, near) != 0) {
        fprintf(stderr, "threads_and_tasks: cannot start: %s\n", gonet_error_string(err));
        return 1;
    }
    GONET_AUTO(gonet_bufreader_t) r = gonet_bufreader_new(gonet_conn_as_reader(far), 0);
    int got[2] = {0, 0};
    while (r != NULL && got[0] + got[1] < 2 * lines) {
        GONET_AUTO_FREE char *line = gonet_bufreader_read_string(r, '\n', NULL, &err);
        if (line == NULL)
            break;
        got[strncmp(line, "task ", 5) == 0 ? 0 : 1]++;
    }
    pthread_join(id, NULL);
    printf("%d lines from the task, %d from the thread\n", got[0], got[1]);
    return gonet_shutdown(GONET_SECOND) != 0 || got[0] != lines || got[1] != lines;
}
