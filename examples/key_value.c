/* A table of keys and values: "set KEY VALUE", "get KEY" or "list", one request a line. Many look
 * at it, one writes; an answer of many lines is one system call. Usage: key_value host:port */
#include <stdio.h>
#include <string.h>
#include <gonet.h>

enum { max_keys = 1000, text = 64 };
static char key[max_keys][text], value[max_keys][text];
static size_t used;
static gonet_rwmutex_t lock; /* of all this */

static void set(const char *k, const char *v)
{
    size_t i = 0;
    gonet_rwmutex_lock(&lock);
    while (i < used && strcmp(key[i], k) != 0)
        i++;
    if (i < max_keys)
        strcpy(key[i], k), strcpy(value[i], v), used += i == used;
    gonet_rwmutex_unlock(&lock);
}

static void answer(const char *line, gonet_bufwriter_t *w)
{
    char verb[8] = "", k[text] = "", v[text] = "";
    if (sscanf(line, "%7s %63s %63[^\n]", verb, k, v) == 3 && strcmp(verb, "set") == 0)
        set(k, v);
    gonet_rwmutex_rlock(&lock); /* the buffer has room for all: nobody waits with the lock */
    for (size_t i = 0; i < used; i++)
        if (strcmp(verb, "list") == 0 || strcmp(key[i], k) == 0)
            gonet_bufwriter_printf(w, NULL, "%s %s\n", key[i], value[i]);
    gonet_rwmutex_runlock(&lock);
    gonet_write_string(gonet_bufwriter_as_writer(w), ".\n", NULL);
}

static void serve(void *arg)
{
    GONET_AUTO(gonet_conn_t) c = arg;
    GONET_AUTO(gonet_bufreader_t) r = gonet_bufreader_new(gonet_conn_as_reader(c), 0);
    size_t size = 4 * sizeof(key);
    GONET_AUTO(gonet_bufwriter_t) w = gonet_bufwriter_new(gonet_conn_as_writer(c), size);
    gonet_bufreader_set_max_line(r, 256);
    for (char *line; (line = gonet_bufreader_read_line(r, NULL, NULL)) != NULL; gonet_free(line)) {
        answer(line, w);
        gonet_bufwriter_flush(w, NULL); /* who does not listen any more does not ask any more */
    }
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_listener_t) ln = gonet_listen("tcp", argc > 1 ? argv[1] : ":7000", &err);
    char at[GONET_ADDR_STRLEN];
    if (ln != NULL && puts(gonet_addr_string(gonet_listener_addr(ln), at, sizeof(at))) >= 0)
        fflush(stdout);
    for (gonet_conn_t *c; ln != NULL && (c = gonet_listener_accept(ln, &err)) != NULL;)
        if (gonet_go(serve, c) != 0)
            gonet_conn_free(c);
    return fprintf(stderr, "key_value: %s\n", gonet_error_string(err)), 1;
}
