/*
 * resolv.conf: the facts of Go's reader.
 */
#include "resolve/resolv_conf.h"

#include "gonet/time.h"
#include "support.h"

typedef struct {
    const char *text;
    const char *hostname;
    const char *servers; /* separated by blanks */
    const char *search;
    int ndots;
    int seconds;
    int attempts;
    const char *flags; /* rotate r, single-request s, TCP t, AD a, no reload n, unknown u */
} row_t;

#define LOCAL "127.0.0.1:53 [::1]:53 "

static const row_t rows[] = {
    {"", "vm", LOCAL, "", 1, 5, 2, ""},
    {"", "host.long.domain.local", LOCAL, "long.domain.local. ", 1, 5, 2, ""},
    {"", "foo.", LOCAL, "", 1, 5, 2, ""},
    {"nameserver 8.8.8.8\nnameserver 2001:4860:4860::8888\nnameserver fe80::1%lo0\n"
     "options ndots:5 timeout:10 attempts:3 rotate\noptions attempts 3\n",
     "", "8.8.8.8:53 [2001:4860:4860::8888]:53 [fe80::1%lo0]:53 ", "", 5, 10, 3, "ru"},
    {"nameserver 1.1.1.1\nnameserver x\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4",
     "", "1.1.1.1:53 2.2.2.2:53 3.3.3.3:53 ", "", 1, 5, 2, ""},
    {"nameserver 127.0.0.01\nnameserver\n", "", LOCAL, "", 1, 5, 2, ""},
    {"nameserver 1.1.1.1 # no comment\n#nameserver 2.2.2.2\n;x\n ;x", "", "1.1.1.1:53 ", "", 1, 5,
     2, "u"},
    {"options ndots:invalid", "", LOCAL, "", 0, 5, 2, ""},
    {"options ndots:16 ndots:", "", LOCAL, "", 0, 5, 2, ""},
    {"options ndots:16", "", LOCAL, "", 15, 5, 2, ""},
    {"options ndots:-1 timeout:0 attempts:-3", "", LOCAL, "", 0, 1, 1, ""},
    {"options ndots:99999999999 timeout:16777216", "", LOCAL, "", 15, 16777215, 2, ""},
    {"search .", "a.b.c", LOCAL, "b.c. ", 1, 5, 2, ""},
    {"search x . y.z\tq.\n", "a.b.c", LOCAL, "x. y.z. q. ", 1, 5, 2, ""},
    {"search x y\ndomain local d2", "", LOCAL, "local. ", 1, 5, 2, ""},
    {"domain local\nsearch x y\n", "", LOCAL, "x. y. ", 1, 5, 2, ""},
    {"domain x\nsearch\n", "a.b", LOCAL, "b. ", 1, 5, 2, ""},
    {"options single-request", "", LOCAL, "", 1, 5, 2, "s"},
    {"options single-request-reopen use-vc", "", LOCAL, "", 1, 5, 2, "st"},
    {"options usevc trust-ad edns0", "", LOCAL, "", 1, 5, 2, "ta"},
    {"options tcp no-reload", "", LOCAL, "", 1, 5, 2, "tn"},
    {"lookup file bind", "", LOCAL, "", 1, 5, 2, ""},
    {"sortlist 10.0.0.0", "", LOCAL, "", 1, 5, 2, "u"},
    {"nameserver 1.2.3.4\r\noptions rotate\r\n", "", "1.2.3.4:53 ", "", 1, 5, 2, "r"},
};

static void words(char *out, const char *strings, size_t n)
{
    for (*out = '\0'; n > 0; n--) {
        strcat(strcat(out, strings), " ");
        strings += strlen(strings) + 1;
    }
}

static void check(const gonet__resolv_conf_t *c, const row_t *row)
{
    char servers[512] = "", search[512], flags[8] = "";

    for (size_t i = 0; i < c->server_count; i++)
        strcat(strcat(servers, c->servers[i].text), " ");
    words(search, c->search, c->search_count);
    strcat(flags, c->rotate ? "r" : "");
    strcat(flags, c->single_request ? "s" : "");
    strcat(flags, c->use_tcp ? "t" : "");
    strcat(flags, c->trust_ad ? "a" : "");
    strcat(flags, c->no_reload ? "n" : "");
    strcat(flags, c->unknown ? "u" : "");
    assert_string_equal(servers, row->servers);
    assert_string_equal(search, row->search);
    assert_string_equal(flags, row->flags);
    assert_int_equal(c->ndots, row->ndots);
    assert_int_equal(c->attempts, row->attempts);
    assert_int_equal(c->timeout, row->seconds * GONET_SECOND);
}

static void parse(void **state)
{
    const row_t *row = *state;
    gonet__resolv_conf_t *c = gonet__resolv_conf_parse(row->text, strlen(row->text), row->hostname);

    assert_non_null(c);
    check(c, row);
    gonet__resolv_conf_unref(c);
}

typedef struct {
    const char *list;
    const char *servers; /* NULL: refused */
} list_t;

static const list_t lists[] = {
    {"127.0.0.1:5300,[::1]:53", "127.0.0.1:5300 [::1]:53 "},
    {"192.0.2.1", "192.0.2.1:53 "},
    {" 192.0.2.1 , ::1 ", "192.0.2.1:53 [::1]:53 "},
    {"", NULL},
    {",", NULL},
    {"192.0.2.1,,192.0.2.2", NULL},
    {"192.0.2.1:65536", NULL},
    {"localhost:53", NULL},
};

static void set_servers(void **state)
{
    const list_t *row = *state;
    const char *text = "search a b\noptions ndots:3 rotate\nnameserver 1.1.1.1";
    gonet__resolv_conf_t *c = gonet__resolv_conf_parse(text, strlen(text), "");
    gonet__resolv_conf_t *other;
    bool bad;

    assert_non_null(c);
    other = gonet__resolv_conf_set_servers(c, row->list, &bad);
    gonet__resolv_conf_unref(c);
    assert_int_equal(bad, row->servers == NULL);
    if (other != NULL) {
        row_t want = {.servers = row->servers,
                      .search = "a. b. ",
                      .ndots = 3,
                      .seconds = 5,
                      .attempts = 2,
                      .flags = "r"};
        check(other, &want);
    }
    assert_int_equal(other == NULL, row->servers == NULL);
    gonet__resolv_conf_unref(other);
}

int main(void)
{
    return RUN_ROWS(rows, parse) + RUN_ROWS(lists, set_servers);
}
