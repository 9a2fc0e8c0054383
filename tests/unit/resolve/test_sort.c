/*
 * The order of addresses (RFC 6724): Go's own cases, and the rules one by one.
 */
#include "resolve/sort.h"

#include "support.h"

typedef struct {
    const char *addrs[6];
    const char *sources[6]; /* "": none */
    const char *sorted[6];
} row_t;

static const row_t rows[] = {
    {{"2001:db8:1::1", "198.51.100.121"},
     {"2001:db8:1::2", "169.254.13.78"},
     {"2001:db8:1::1", "198.51.100.121"}},
    {{"2001:db8:1::1", "198.51.100.121"},
     {"fe80::1", "198.51.100.117"},
     {"198.51.100.121", "2001:db8:1::1"}},
    {{"2001:db8:1::1", "10.1.2.3"}, {"2001:db8:1::2", "10.1.2.4"}, {"2001:db8:1::1", "10.1.2.3"}},
    {{"2001:db8:1::1", "fe80::1"}, {"2001:db8:1::2", "fe80::2"}, {"fe80::1", "2001:db8:1::1"}},
    {{"54.83.193.112", "184.72.238.214", "23.23.172.185", "75.101.148.21", "23.23.134.56",
      "23.21.50.150"},
     {"10.2.3.4", "10.2.3.4", "10.2.3.4", "10.2.3.4", "10.2.3.4", "10.2.3.4"},
     {"54.83.193.112", "184.72.238.214", "23.23.172.185", "75.101.148.21", "23.23.134.56",
      "23.21.50.150"}},
    {{"192.0.2.1", "192.0.2.2"}, {"", "192.0.2.9"}, {"192.0.2.2", "192.0.2.1"}}, /* rule 1 */
    {{"192.0.2.1", "2001:db8::1"}, {"", ""}, {"192.0.2.1", "2001:db8::1"}},
    {{"2002::1", "2001:db8::1"}, {"2002::2", "2001:db8::2"}, {"2001:db8::1", "2002::1"}}, /* 6 */
    {{"2001:db8::1", "127.0.0.1"}, {"2001:db8::2", "127.0.0.1"}, {"2001:db8::1", "127.0.0.1"}},
    {{"2001:db8:2::1", "2001:db8:1::1"},
     {"2001:db8:1::9", "2001:db8:1::9"},
     {"2001:db8:1::1", "2001:db8:2::1"}}, /* rule 9 */
    {{"2001:db8::1:0:0:1", "2001:db8::1"},
     {"2001:db8::9", "2001:db8::9"},
     {"2001:db8::1:0:0:1", "2001:db8::1"}}, /* beyond 64 bits nothing counts */
    {{"::1", "192.0.2.1"}, {"::1", "192.0.2.9"}, {"::1", "192.0.2.1"}},
};

static void sort(void **state)
{
    const row_t *row = *state;
    gonet_ip_addr_t addrs[6];
    gonet_ip_t sources[6];
    size_t n = 0;

    memset(addrs, 0, sizeof(addrs));
    memset(sources, 0, sizeof(sources));
    for (; n < 6 && row->addrs[n] != NULL; n++) {
        addrs[n].ip = gonet_parse_ip(row->addrs[n]);
        sources[n] = gonet_parse_ip(row->sources[n]);
    }
    gonet__sort_with(addrs, sources, n);
    for (size_t i = 0; i < n; i++) {
        char text[GONET_IP_STRLEN];

        assert_string_equal(gonet_ip_string(addrs[i].ip, text, sizeof(text)), row->sorted[i]);
    }
}

int main(void)
{
    return RUN_ROWS(rows, sort);
}
