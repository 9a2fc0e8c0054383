/*
 * Domain names: which can be asked for, which are asked for one lookup, reverse names.
 */
#include "resolve/domain.h"

#include "support.h"

#define L10  "abcdefghij"
#define L60  L10 L10 L10 L10 L10 L10
#define N61  L60 "."
#define N244 N61 N61 N61 N61

typedef struct {
    const char *name;
    int valid;
} valid_t;

static const valid_t names[] = {
    {"_xmpp-server._tcp.google.com", 1},
    {"foo.com", 1},
    {"1foo.com", 1},
    {"26.0.0.73.com", 1},
    {"10-0-0-1", 1},
    {"fo-o.com", 1},
    {"b.com.", 1},
    {".", 1},
    {L60 "abc", 1},
    {L60 "abcd", 0},
    {"a.b..com", 0},
    {"a.b-.com", 0},
    {"a.b.com-", 0},
    {"a.b..", 0},
    {"1.2.3", 0},
    {"12345", 0},
    {"", 0},
    {"..", 0},
    {"a b", 0},
    {"a\xc3\xa9", 0},
    {N244 "12345678", 1},
    {N244 "123456789", 1},
    {N244 "1234567890", 0},
    {N244 "123456789.", 1},
    {N244 "1234567890.", 0},
    {"-", 0},
    {"_", 1},
};

static void is_domain_name(void **state)
{
    const valid_t *row = *state;

    assert_int_equal(gonet__is_domain_name(row->name), row->valid);
}

typedef struct {
    const char *conf;
    const char *name;
    const char *list;
} search_t;

static const search_t searches[] = {
    {"search s1.test s2.test\noptions ndots:2", "a", "a.s1.test. a.s2.test. a. "},
    {"search s1.test s2.test\noptions ndots:2", "a.b", "a.b.s1.test. a.b.s2.test. a.b. "},
    {"search s1.test s2.test\noptions ndots:2", "a.b.c", "a.b.c. a.b.c.s1.test. a.b.c.s2.test. "},
    {"search s1.test s2.test\noptions ndots:2", "a.b.c.", "a.b.c. "},
    {"search go.dev onion\noptions ndots:0", "www", "www. www.go.dev. "},
    {"search go.dev onion\noptions ndots:0", "www.onion", "www.onion.go.dev. "},
    {"search go.dev", "foo.onion.", ""},
    {"", "foo.onion", ""},
    {"", "FOO.ONION.", ""},
    {"", "onion", "onion. "},
    {"", "foo.local", "foo.local. "},
    {"search " L60 "." L60 "." L60 "." L60, "a.b", "a.b. a.b." L60 "." L60 "." L60 "." L60 ". "},
    {"search " L60 "." L60 "." L60 "." L60, "a.b" L10, "a.b" L10 ". "},
    {"", N244 "1234567890", ""},
};

static void search_list(void **state)
{
    const search_t *row = *state;
    gonet__resolv_conf_t *c = gonet__resolv_conf_parse(row->conf, strlen(row->conf), "");
    char list[1024] = "", name[GONET__DOMAIN_SIZE];
    size_t i = 0;

    assert_non_null(c);
    while (gonet__search_name(c, row->name, &i, name))
        strcat(strcat(list, name), " ");
    gonet__resolv_conf_unref(c);
    assert_string_equal(list, row->list);
}

typedef struct {
    const char *addr;
    const char *name; /* NULL: none */
} reverse_t;

static const reverse_t reverses[] = {
    {"1.2.3.4", "4.3.2.1.in-addr.arpa."},
    {"245.110.36.114", "114.36.110.245.in-addr.arpa."},
    {"::ffff:12.34.56.78", "78.56.34.12.in-addr.arpa."},
    {"::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."},
    {"1::", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.ip6.arpa."},
    {"fe80::1%lo", NULL},
    {"bogus", NULL},
    {"", NULL},
};

static void reverse_name(void **state)
{
    const reverse_t *row = *state;
    char name[GONET__DOMAIN_SIZE];

    assert_int_equal(gonet__reverse_name(row->addr, name), row->name != NULL);
    if (row->name != NULL)
        assert_string_equal(name, row->name);
}

int main(void)
{
    return RUN_ROWS(names, is_domain_name) + RUN_ROWS(searches, search_list) +
           RUN_ROWS(reverses, reverse_name);
}
