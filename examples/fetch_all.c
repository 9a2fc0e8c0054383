/*
 * Asks several web servers at once, but at most four at a time, and tells how much each has sent.
 * The first that fails ends the whole. Usage: fetch_all host:port...
 */
#include <stdio.h>
#include <stdlib.h>
#include <gonet.h>

struct page {
    const char *address;
    gonet_context_t *ctx; /* the group's */
    int64_t bytes;
};

static int fetch(void *arg, gonet_error_t **err)
{
    struct page *page = arg;
    gonet_dialer_t dialer = {.timeout = 10 * GONET_SECOND};
    char buf[4096];
    GONET_AUTO(gonet_conn_t)
    c = gonet_dialer_dial_context(&dialer, page->ctx, "tcp", page->address, err);
    if (c == NULL || gonet_conn_set_deadline(c, gonet_after(10 * GONET_SECOND), err) != 0 ||
        gonet_conn_printf(c, err, "GET / HTTP/1.0\r\n\r\n") < 0)
        return -1;
    for (ssize_t n; (n = gonet_conn_read(c, buf, sizeof(buf), err)) != 0;) {
        if (n < 0)
            return -1;
        page->bytes += n;
    }
    gonet_error_set(err, NULL); /* the end is none */
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return fputs("usage: fetch_all host:port...\n", stderr), 2;
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_group_t group = {0};
    GONET_AUTO(gonet_context_t) ctx = gonet_group_with_context(&group, NULL);
    struct page *pages = calloc((size_t)argc, sizeof(*pages));
    gonet_group_set_limit(&group, 4);
    for (int i = 1; i < argc && pages != NULL; i++) {
        pages[i] = (struct page){argv[i], ctx, 0};
        if (gonet_group_go(&group, fetch, &pages[i]) != 0)
            break; /* the group has failed, and the wait says why */
    }
    if (gonet_group_wait(&group, &err) != 0)
        fprintf(stderr, "fetch_all: %s\n", gonet_error_string(err));
    for (int i = 1; i < argc && pages != NULL && err == NULL; i++)
        printf("%lld bytes from %s\n", (long long)pages[i].bytes, pages[i].address);
    free(pages);
    return err == NULL ? 0 : 1;
}
