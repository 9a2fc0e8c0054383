/*
 * host:port: what splits joins to a text that splits into the same, into buffers of any size.
 */
#include "fuzz.h"

#include "gonet/hostport.h"

/* With just enough room it works, with less it says so. */
static void check_room(const char *s, size_t len, const char *host, const char *port)
{
    gonet_error_t *err = NULL;
    size_t host_size = strlen(host) + 1;
    size_t port_size = strlen(port) + 1;
    char *h = malloc(host_size);
    char *p = malloc(port_size);

    MUST(h != NULL && p != NULL);
    MUST(gonet_split_host_port_n(s, len, h, host_size, p, port_size, &err) == 0);
    MUST(strcmp(h, host) == 0 && strcmp(p, port) == 0);
    MUST(gonet_split_host_port_n(s, len, NULL, 0, p, port_size, &err) == 0);
    MUST(gonet_split_host_port_n(s, len, h, host_size - 1, p, port_size, &err) == -1);
    MUST(err == gonet_err_short_buffer && p[0] == '\0');
    MUST(gonet_split_host_port_n(s, len, h, host_size, p, port_size - 1, &err) == -1);
    MUST(err == gonet_err_short_buffer && h[0] == '\0');
    free(h);
    free(p);
}

static void check_join(const char *host, const char *port)
{
    size_t host_size = strlen(host) + 1;
    size_t port_size = strlen(port) + 1;
    size_t size = host_size + port_size + 2;
    char *joined = malloc(size);
    char *h = malloc(host_size);
    char *p = malloc(port_size);

    MUST(joined != NULL && h != NULL && p != NULL);
    MUST(gonet_join_host_port(host, port, joined, size) == joined);
    MUST(gonet_join_host_port(host, port, joined, strlen(joined)) == NULL);
    MUST(gonet_join_host_port(host, port, joined, size) == joined);
    MUST(gonet_split_host_port(joined, h, host_size, p, port_size, NULL) == 0);
    MUST(strcmp(h, host) == 0 && strcmp(p, port) == 0);
    free(joined);
    free(h);
    free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gonet_error_t *err = NULL;
    const char *s = (const char *)data;
    char *host = malloc(size + 1);
    char *port = malloc(size + 1);

    MUST(host != NULL && port != NULL);
    int ok = gonet_split_host_port_n(s, size, host, size + 1, port, size + 1, &err);
    MUST((ok == 0) == (err == NULL));
    MUST(err == NULL || gonet_error_string(err)[0] != '\0');
    char *c = c_string(data, size);
    if (c != NULL) {
        gonet_error_t *err2 = NULL;
        char *h = malloc(size + 1);
        char *p = malloc(size + 1);
        MUST(h != NULL && p != NULL);
        MUST(gonet_split_host_port(c, h, size + 1, p, size + 1, &err2) == ok);
        MUST(strcmp(h, host) == 0 && strcmp(p, port) == 0);
        same_error(gonet_error_ref(err), err2);
        free(h);
        free(p);
        free(c);
    }
    if (ok == 0) {
        check_room(s, size, host, port);
        check_join(host, port);
    }
    gonet_error_free(err);
    free(host);
    free(port);
    return 0;
}
