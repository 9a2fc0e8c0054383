/*
 * Replies of every kind, and what the lookups make of them: texts, counts and errors as Go's.
 */
#include <gonet.h>
#include <stdio.h>
#include <string.h>

#include "script.h"
#include "support/check.h"
#include "support/leak.h"

enum { A = 1, NS = 2, CNAME = 5, PTR = 12, MX = 15, TXT = 16, AAAA = 28, SRV = 33 };

#define NAME  "\xc0\x0c" /* the question's */
#define IN(t) "\0" t "\0\1"
#define TTL   "\0\0\0\x3c"
#define ONE   "\0\1\0\0\0\0"
#define TWO   "\0\2\0\0\0\0"

/* A question and its reply; what comes of it: results, each with a blank behind, then the error. */
typedef struct {
    const char *what; /* "ip", "mx", ... */
    const char *name;
    unsigned type;
    const char *flags, *counts;
    const char *records;
    size_t len;
    const char *result;
    const char *error; /* %: " on " and the server */
} row_t;

#define ROW(what, name, type, counts, records, result, error)                       \
    {                                                                               \
        what, name, type, NULL, counts, records, sizeof(records) - 1, result, error \
    }
#define FLAGS(what, name, type, flags, counts, records, result, error)               \
    {                                                                                \
        what, name, type, flags, counts, records, sizeof(records) - 1, result, error \
    }

#define MALFORMED  ": DNS response contained records which contain invalid names"
#define UNREADABLE "%: cannot unmarshal DNS message"
#define NONE       "\1!\0" /* a name that is none */
#define ADDRESS    NAME IN("\1") TTL "\0\4\1\2\3\4"

static const row_t rows[] = {
    /* the root is a name */
    ROW("ns", ".", NS, ONE, NAME IN("\2") TTL "\0\3\1a\0", "a. ", NULL),
    ROW("txt", ".", TXT, ONE, NAME IN("\x10") TTL "\0\2\1t", "t ", NULL),

    /* an OPT record extends the code: its own version's alone, and whoever owns what is before */
    ROW("ip", "x.test", A, "\0\1\0\0\0\1", ADDRESS "\0\0\x29\4\xd0\1\0\0\0\0\0", NULL,
        "lookup x.test%: server misbehaving"),
    ROW("ip", "x.test", A, "\0\1\0\0\0\1", ADDRESS "\0\0\x29\4\xd0\1\1\0\0\0\0", "1.2.3.4 ", NULL),
    ROW("ip", "x.test", A, "\0\1\0\0\0\2",
        ADDRESS "\0\0\x29\4\xd0\1\1\0\0\0\0"
                "\0\0\x29\4\xd0\1\0\0\0\0\0",
        "1.2.3.4 ", NULL), /* the first one counts */
    ROW("ip", "x.test", A, "\0\1\0\1\0\1",
        ADDRESS "\3a.b\0" IN("\2") TTL "\0\0"
                                       "\0\0\x29\4\xd0\1\0\0\0\0\0",
        NULL, "lookup x.test%: server misbehaving"),
    ROW("ip", "x.test", A, "\0\1\0\0\0\1",
        "\3a.b\0" IN("\1") TTL "\0\4\1\2\3\4"
                               "\0\0\x29\4\xd0\1\0\0\0\0\0",
        NULL, "lookup x.test" UNREADABLE),
    FLAGS("ip", "x.test", A, "\x81\x82", "\0\1\0\0\0\1",
          "\xc0\xff" IN("\1") TTL "\0\4\1\2\3\4"
                                  "\0\0\x29\4\xd0\1\0\0\0\0\0",
          NULL, "lookup x.test" UNREADABLE),
    FLAGS("ip", "x.test", A, "\x81\x83", "\0\1\0\0\0\1",
          "\xc0\xff" IN("\1") TTL "\0\4\1\2\3\4"
                                  "\0\0\x29\4\xd0\1\0\0\0\0\0",
          NULL, "lookup x.test" UNREADABLE), /* 19, no longer NXDOMAIN */
    FLAGS("ip", "x.test", A, "\x81\x83", "\0\1\0\0\0\1",
          "\x40" IN("\1") TTL "\0\4\1\2\3\4"
                              "\0\0\x29\4\xd0\1\0\0\0\0\0",
          NULL, "lookup x.test%: no such host"), /* nobody can read on behind that one */

    /* the name in an error is the caller's, once there is an answer */
    ROW("addr", "192.0.2.7", PTR, ONE, NAME IN("\x0c") TTL "\0\2\xc0\xff", NULL,
        "lookup 192.0.2.7" UNREADABLE),
    ROW("addr", "192.0.2.7", PTR, ONE, "\xc0", NULL, "lookup 7.2.0.192.in-addr.arpa." UNREADABLE),
    ROW("addr", "192.0.2.7", PTR, "\0\0\0\0\0\0", "", NULL,
        "lookup 7.2.0.192.in-addr.arpa.%: no such host"),
    ROW("srv", "x.test", SRV, ONE, NAME IN("\x21") TTL "\0\2\0\1", NULL,
        "lookup x.test" UNREADABLE),
    ROW("srv", "x.test", SRV, ONE, "\xc0", NULL, "lookup _s._tcp.x.test" UNREADABLE),
    ROW("srv", "x.onion", SRV, ONE, "", NULL, "lookup x.onion: cannot unmarshal DNS message"),
    ROW("mx", "x.Onion.", MX, ONE, "", NULL, "lookup x.Onion.: cannot unmarshal DNS message"),
    ROW("mx", "x.test", MX, ONE, NAME IN("\x0f") TTL "\0\2\0\1", NULL, "lookup x.test" UNREADABLE),

    /* records with names that are none are left out, be it all of them */
    ROW("srv", "x.test", SRV, ONE, NAME IN("\x21") TTL "\0\x09\0\1\0\2\0\3" NONE,
        "(_s._tcp.x.test.) ", "lookup x.test" MALFORMED),
    ROW("srv", "x.test", SRV, TWO,
        NAME IN("\x21") TTL "\0\x09\0\1\0\2\0\3" NONE NAME IN("\x21") TTL "\0\x09\0\1\0\2\0\3\1a\0",
        "(_s._tcp.x.test.) a.:3 ", "lookup x.test" MALFORMED),
    ROW("srv", "x.test", SRV, ONE, NONE IN("\x21") TTL "\0\x09\0\1\0\2\0\3\1a\0", NULL,
        "lookup x.test: SRV header name is invalid"),
    ROW("mx", "x.test", MX, ONE, NAME IN("\x0f") TTL "\0\5\0\1" NONE, "",
        "lookup x.test" MALFORMED),
    ROW("ns", "x.test", NS, ONE, NAME IN("\2") TTL "\0\3" NONE, "", "lookup x.test" MALFORMED),
    ROW("addr", "192.0.2.7", PTR, ONE, NAME IN("\x0c") TTL "\0\3" NONE, "",
        "lookup 192.0.2.7" MALFORMED),
    ROW("cname", "x.test", CNAME, ONE, NAME IN("\5") TTL "\0\3" NONE, NULL,
        "lookup x.test" MALFORMED),

    /* RDLENGTH says where the next record is, not where this one ends */
    ROW("ip", "x.test", A, ONE, NAME IN("\1") TTL "\0\2\1\2\3\4", "1.2.3.4 ", NULL),
    ROW("ip", "x.test", A, ONE, NAME IN("\1") TTL "\0\2\1\2", NULL, "lookup x.test" UNREADABLE),
    ROW("ip", "x.test", A, ONE, NAME IN("\1") TTL "\0\xff\1\2\3\4", "1.2.3.4 ", NULL),
    ROW("ip", "x.test", A, TWO, NAME IN("\1") TTL "\0\xff\1\2\3\4" ADDRESS, "1.2.3.4 ", NULL),
    ROW("ip", "x.test", A, TWO, NAME IN("\1") TTL "\0\6\1\2\3\4zz" ADDRESS, "1.2.3.4 1.2.3.4 ",
        NULL),
    ROW("ip", "x.test", A, TWO, NAME IN("\x63") TTL "\0\2zz" ADDRESS, "1.2.3.4 ", NULL),
    ROW("ip", "x.test", A, TWO, ADDRESS NAME IN("\x63") TTL "\0\3zz", "1.2.3.4 ", NULL),
    ROW("ip", "x.test", A, ONE, NAME IN("\x63") TTL "\0\3zz", NULL, "lookup x.test" UNREADABLE),
    ROW("ns", "x.test", NS, TWO, NAME IN("\2") TTL "\0\0" NAME IN("\2") TTL "\0\3\1a\0",
        "x.test. a. ", NULL), /* the first one's is read from the second one's owner */
    ROW("ns", "x.test", NS, TWO, NAME IN("\2") TTL "\0\3\1a\0" NAME IN("\x63") TTL "\0\1", NULL,
        "lookup x.test" UNREADABLE), /* one that is passed over must be there */
    ROW("mx", "x.test", MX, ONE, NAME IN("\x0f") TTL "\0\1\0\7\1a\0", "a.:7 ", NULL),
    ROW("srv", "x.test", SRV, ONE, NAME IN("\x21") TTL "\0\1\0\1\0\2\0\3\1a\0",
        "(_s._tcp.x.test.) a.:3 ", NULL),
    ROW("txt", "x.test", TXT, ONE, NAME IN("\x10") TTL "\0\4\1a\1b", "ab ", NULL),
    ROW("txt", "x.test", TXT, ONE, NAME IN("\x10") TTL "\0\3\1a\1b", NULL,
        "lookup x.test" UNREADABLE),
    ROW("txt", "x.test", TXT, ONE, NAME IN("\x10") TTL "\0\5\1a\1b", NULL,
        "lookup x.test" UNREADABLE),
};

static void *look_up(const row_t *row, const gonet_resolver_t *r, char *text, size_t *n,
                     gonet_error_t **err)
{
    const char *cname = NULL;
    void *array = NULL;

    if (strcmp(row->what, "ip") == 0) {
        gonet_ip_t *v = array = gonet_resolver_lookup_ip(r, NULL, "ip4", row->name, n, err);

        for (size_t i = 0; i < *n; i++) {
            gonet_ip_string(v[i], text, GONET_IP_STRLEN);
            strcat(text, " ");
            text += strlen(text);
        }
    } else if (strcmp(row->what, "ns") == 0) {
        gonet_ns_t *v = array = gonet_resolver_lookup_ns(r, NULL, row->name, n, err);

        for (size_t i = 0; i < *n; i++)
            text += sprintf(text, "%s ", v[i].host);
    } else if (strcmp(row->what, "txt") == 0) {
        gonet_txt_t *v = array = gonet_resolver_lookup_txt(r, NULL, row->name, n, err);

        for (size_t i = 0; i < *n; i++)
            text += sprintf(text, "%s ", v[i].text);
    } else if (strcmp(row->what, "mx") == 0) {
        gonet_mx_t *v = array = gonet_resolver_lookup_mx(r, NULL, row->name, n, err);

        for (size_t i = 0; i < *n; i++)
            text += sprintf(text, "%s:%d ", v[i].host, v[i].pref);
    } else if (strcmp(row->what, "addr") == 0) {
        const char **v = gonet_resolver_lookup_addr(r, NULL, row->name, n, err);

        array = (void *)v;
        for (size_t i = 0; i < *n; i++)
            text += sprintf(text, "%s ", v[i]);
    } else if (strcmp(row->what, "cname") == 0) {
        array = gonet_resolver_lookup_cname(r, NULL, row->name, err);
        *n = array != NULL;
    } else {
        gonet_srv_t *v = gonet_resolver_lookup_srv(r, NULL, "s", "tcp", row->name, &cname, n, err);

        array = v;
        if (cname != NULL)
            text += sprintf(text, "(%s) ", cname);
        for (size_t i = 0; i < *n; i++)
            text += sprintf(text, "%s:%d ", v[i].target, v[i].port);
    }
    return array;
}

static void reply(void **state)
{
    const row_t *row = *state;
    const reply_t said = {row->type, row->flags, row->counts, row->records, row->len};
    GONET_AUTO(gonet_error_t) err = NULL;
    char text[4096] = "", want[256] = "";
    script_t script;
    size_t n = 0;
    void *array;

    script_start(&script, &said, 1);
    array = look_up(row, &script.r, text, &n, &err);
    if (row->error != NULL) {
        size_t len = strcspn(row->error, "%");
        bool server = row->error[len] == '%';

        snprintf(want, sizeof(want), "%.*s%s%s", (int)len, row->error,
                 server ? " on " SCRIPT_SERVER : "", row->error + len + server);
    }
    assert_string_equal(gonet_error_string(err), row->error == NULL ? "<nil>" : want);
    assert_int_equal(array != NULL, row->result != NULL);
    assert_string_equal(text, row->result == NULL ? "" : row->result);
    gonet_free(array);
}

/* An owner's and a target's name of that many characters, its dots counted. */
static size_t put_name(char *p, size_t len)
{
    char *at = p;

    while (len > 0) {
        size_t label = len > 64 ? 63 : len - 1;

        *at++ = (char)label;
        memset(at, 'a', label);
        at += label;
        len -= label + 1;
    }
    *at++ = '\0';
    return (size_t)(at - p);
}

static void long_names(void **state)
{
    (void)state;
    for (size_t len = 250; len < 257; len++) {
        char records[600] = NAME;
        size_t n = 0, at = 2;
        reply_t said = {NS, NULL, ONE, records, 0};
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_ns_t *ns;
        script_t script;

        memcpy(records + at, IN("\2") TTL "\1", 9);
        at += 10;
        records[at - 1] = (char)len;
        at += put_name(records + at, len);
        said.len = at;
        script_start(&script, &said, 1);
        ns = gonet_resolver_lookup_ns(&script.r, NULL, "x.test", &n, &err);
        if (len <= 254) {
            assert_string_equal(gonet_error_string(err), "<nil>");
            assert_int_equal(strlen(ns[0].host), len);
        } else {
            assert_string_equal(gonet_error_string(err),
                                "lookup x.test on " SCRIPT_SERVER ": cannot unmarshal DNS message");
        }
        gonet_free(ns);
    }
}

static void root_is_asked(void **state)
{
    const reply_t said = {NS, NULL, ONE, NAME IN("\2") TTL "\0\3\1a\0", 15};
    script_t script;
    size_t n = 0;

    (void)state;
    script_start(&script, &said, 1);
    gonet_free(gonet_resolver_lookup_ns(&script.r, NULL, ".", &n, NULL));
    assert_int_equal(script.asked, 1);
    assert_string_equal(script.name, ".");
    assert_int_equal(n, 1);
}

/* Records and the time that the answer holds, of A and of AAAA. */
typedef struct {
    const char *counts[2];
    const char *records[2];
    size_t len[2];
    int64_t ttl;
    int asked; /* by a second lookup with a cache */
} ttl_row_t;

#define TTLS(counts4, records4, counts6, records6, ttl, asked)                                  \
    {                                                                                           \
        {counts4, counts6}, {records4, records6}, {sizeof(records4) - 1, sizeof(records6) - 1}, \
            ttl, asked                                                                          \
    }
#define V4(ttl) NAME IN("\1") ttl "\0\4\1\2\3\4"
#define V6(ttl)                  \
    NAME IN("\x1c") ttl "\0\x10" \
                        "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define ALIAS(ttl) NAME IN("\5") ttl "\0\3\1a\0"
#define DNAME(ttl) NAME IN("\x27") ttl "\0\3\1a\0"
#define NOTHING    "\0\0\0\0\0\0"

static const ttl_row_t ttls[] = {
    TTLS(ONE, V4("\0\0\0\x3c"), ONE, V6("\0\0\0\x1e"), 30, 0),
    TTLS(ONE, V4("\0\0\0\x1e"), ONE, V6("\0\0\0\x3c"), 30, 0),
    TTLS(TWO, V4("\0\0\0\x3c") V4("\0\0\0\x0a"), NOTHING, "", 10, 0),
    TTLS(TWO, ALIAS("\0\0\0\5") V4("\0\0\0\x3c"), NOTHING, "", 5, 0),
    TTLS(TWO, ALIAS("\0\0\1\0") V4("\0\0\0\x3c"), NOTHING, "", 60, 0),
    TTLS(TWO, V4("\0\0\0\x3c") ALIAS("\0\0\0\5"), NOTHING, "", 5, 0),
    TTLS("\0\3\0\0\0\0", ALIAS("\0\0\0\x3c") ALIAS("\0\0\0\2") V4("\0\0\0\x3c"), NOTHING, "", 2, 0),
    TTLS("\0\3\0\0\0\0", DNAME("\0\0\0\7") ALIAS("\0\0\0\x3c") V4("\0\0\0\x3c"), NOTHING, "", 7, 0),
    TTLS(ONE, V4("\0\0\0\x3c"), TWO, ALIAS("\0\0\0\3") V6("\0\0\0\x3c"), 3, 0),
    TTLS(TWO, ALIAS("\0\0\0\0") V4("\0\0\0\x3c"), NOTHING, "", 0, 2),
    TTLS(ONE, V4("\x80\0\0\0"), NOTHING, "", 0, 2),
    TTLS(ONE, V4("\xff\xff\xff\xff"), NOTHING, "", 0, 2),
    TTLS(ONE, V4("\0\0\0\x3c"), ONE, V6("\x80\0\0\x3c"), 0, 2),
    TTLS(TWO, ALIAS("\x80\0\0\1") V4("\0\0\0\x3c"), NOTHING, "", 0, 2),
    TTLS(ONE, V4("\x7f\xff\xff\xff"), NOTHING, "", 0x7fffffff, 0),
};

static void ttl(void **state)
{
    const ttl_row_t *row = *state;
    const reply_t said[2] = {{A, NULL, row->counts[0], row->records[0], row->len[0]},
                             {AAAA, NULL, row->counts[1], row->records[1], row->len[1]}};
    gonet_duration_t left = -7;
    gonet_time_t start = gonet_now();
    script_t script;
    size_t n = 0;

    script_start(&script, said, 2);
    script.r.cache = true;
    gonet_free(gonet_resolver_lookup_ip_ttl(&script.r, NULL, "ip", "x.test.", &n, &left, NULL));
    assert_true(n > 0);
    assert_int_equal(left, row->ttl * GONET_SECOND);
    assert_int_equal(script.asked, 2);
    gonet_free(gonet_resolver_lookup_ip_ttl(&script.r, NULL, "ip", "x.test.", &n, &left, NULL));
    if (row->ttl == 0 ||
        gonet_since(start) < row->ttl * GONET_SECOND) /* not on a very slow machine */
        assert_int_equal(script.asked, 2 + row->asked);
    assert_true(left <= row->ttl * GONET_SECOND);
}

/* Half an answer is not kept: the other half may be had the next time. */
static void half(void **state)
{
    static const char *const flags[] = {"\x81\x82", "\x81\x85", "\x81\x83", "\x81\x80"};

    (void)state;
    for (int i = 0; i < 4; i++) {
        const reply_t said[2] = {{A, NULL, ONE, ADDRESS, sizeof(ADDRESS) - 1},
                                 {AAAA, flags[i], NOTHING, "", 0}};
        bool told = i >= 2; /* that there is no address of that kind */
        gonet_duration_t left = -7;
        script_t script;
        int asked;
        size_t n = 0;

        assert_int_equal(gonet_shutdown(-1), 0);
        script_start(&script, said, 2);
        script.r.cache = true;
        gonet_free(gonet_resolver_lookup_ip_ttl(&script.r, NULL, "ip", "x.test.", &n, &left, NULL));
        assert_int_equal(n, 1);
        assert_int_equal(left, told ? 60 * GONET_SECOND : 0);
        asked = script.asked;
        gonet_free(gonet_resolver_lookup_ip_ttl(&script.r, NULL, "ip", "x.test.", &n, &left, NULL));
        assert_int_equal(n, 1);
        assert_int_equal(script.asked > asked, !told);
    }
}

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* Each row is a test; the cache ends with the runtime, so the rows do not meet. */
int main(void)
{
    struct CMUnitTest tests[COUNT(rows) + COUNT(ttls) + 3];
    static char names[COUNT(rows) + COUNT(ttls)][64];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(rows); i++, n++) {
        snprintf(names[n], sizeof(names[n]), "%s row %zu", rows[i].what, i);
        tests[n] = (struct CMUnitTest){names[n], reply, leak_setup, leak_teardown,
                                       (void *)(uintptr_t)&rows[i]};
    }
    for (size_t i = 0; i < COUNT(ttls); i++, n++) {
        snprintf(names[n], sizeof(names[n]), "ttl row %zu", i);
        tests[n] = (struct CMUnitTest){names[n], ttl, leak_setup, leak_teardown,
                                       (void *)(uintptr_t)&ttls[i]};
    }
    tests[n++] = (struct CMUnitTest)LEAK_TEST(long_names);
    tests[n++] = (struct CMUnitTest)LEAK_TEST(root_is_asked);
    tests[n++] = (struct CMUnitTest)LEAK_TEST(half);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
