/*
 * The hosts file: what is in the table can be found in it, and every address is one.
 */
#include "fuzz.h"

#include "gonet/netip.h"
#include "resolve/hosts.h"
#include "resolve/hosts_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gonet__hosts_t *t = gonet__hosts_parse((const char *)data, size);
    char *text = c_string(data, size);

    MUST(t != NULL && t->by_name.n == t->by_addr.n);
    for (size_t i = 0; i < t->by_name.n && i < 64; i++) {
        gonet__hosts_found_t found = gonet__hosts_by_name(t, t->text.p + t->by_name.v[i].key);

        MUST(found.n > 0);
        MUST(gonet_netip_parse_addr(gonet__hosts_value(&found, 0), NULL).bits != 0);
        MUST(strlen(gonet__hosts_canonical(&found)) < size + 2);
        found = gonet__hosts_by_addr(t, t->text.p + t->by_addr.v[i].key);
        MUST(found.n > 0);
    }
    if (text != NULL) {
        (void)gonet__hosts_by_name(t, text);
        (void)gonet__hosts_by_addr(t, text);
        free(text);
    }
    gonet__hosts_unref(t);
    return 0;
}
