/*
 * A plug-in that holds the static library: what it does for its host, and its end before dlclose.
 */
#include <stdatomic.h>
#include <string.h>

#include "gonet/conn.h"
#include "gonet/dial.h"
#include "gonet/task.h"
#include "gonet/udp.h"

GONET_API int plugin_wait(void);
GONET_API int plugin_talk(void);
GONET_API int plugin_end(void);

/* A call that waits, made by a thread of the host's. */
int plugin_wait(void)
{
    char c;
    gonet_udp_conn_t *u = gonet_listen_udp("udp", NULL, NULL);
    bool failed = u == NULL ||
                  gonet_udp_conn_set_read_deadline(u, gonet_after(GONET_MILLISECOND), NULL) != 0 ||
                  gonet_udp_conn_read(u, &c, 1, NULL) != -1;

    gonet_udp_conn_free(u);
    return failed ? -1 : 0;
}

static void serve(void *arg)
{
    gonet_conn_t *c = gonet_listener_accept(arg, NULL);

    if (c != NULL)
        gonet_conn_write(c, "hello", 5, NULL);
    gonet_conn_free(c);
}

static void *nothing(void *arg)
{
    return arg;
}

static void use_pool(void *arg)
{
    (void)gonet_blocking(nothing, arg);
}

/* Tasks, workers, the pool and a connection. */
int plugin_talk(void)
{
    char text[GONET_ADDR_STRLEN], got[5];
    gonet_listener_t *l = gonet_listen("tcp", "127.0.0.1:0", NULL);
    gonet_conn_t *c;
    int result = -1;

    if (l == NULL || gonet_go(serve, l) != 0 || gonet_go(use_pool, NULL) != 0)
        return -1;
    c = gonet_dial("tcp", gonet_addr_string(gonet_listener_addr(l), text, sizeof(text)), NULL);
    if (c != NULL && gonet_conn_read(c, got, 5, NULL) == 5 && memcmp(got, "hello", 5) == 0)
        result = 0;
    gonet_conn_free(c);
    gonet_listener_free(l);
    return result;
}

int plugin_end(void)
{
    return gonet_shutdown(-1);
}
