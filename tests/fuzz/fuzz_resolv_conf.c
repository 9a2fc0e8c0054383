/*
 * resolv.conf, and the names that it makes one name into: whatever the file says, the values are in
 * their ranges, and the names can be asked for.
 */
#include "fuzz.h"

#include "resolve/domain.h"
#include "resolve/message.h"
#include "resolve/resolv_conf.h"

static void check_names(const gonet__resolv_conf_t *c, const char *name)
{
    char out[GONET__DOMAIN_SIZE];
    uint8_t question[GONET__QUESTION_SIZE];
    size_t i = 0, n = 0;

    while (gonet__search_name(c, name, &i, out)) {
        size_t len = strlen(out);

        MUST(len > 0 && len <= 254 && out[len - 1] == '.');
        MUST(gonet__question_make(question, out, 1, 7, true, false) <= sizeof(question));
        n++;
    }
    MUST(n <= c->search_count + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gonet__resolv_conf_t *c = gonet__resolv_conf_parse((const char *)data, size, "host.a.b");
    char *text = c_string(data, size);

    MUST(c != NULL);
    MUST(c->server_count >= 1 && c->server_count <= GONET__FILE_SERVERS);
    MUST(c->ndots >= 0 && c->ndots <= 15 && c->attempts >= 1 && c->timeout >= 1000000000);
    check_names(c, "www");
    check_names(c, "www.example.com");
    if (text != NULL) {
        bool bad;
        gonet__resolv_conf_t *other = gonet__resolv_conf_set_servers(c, text, &bad);

        check_names(c, text);
        MUST((other == NULL) == bad);
        gonet__resolv_conf_unref(other);
        free(text);
    }
    gonet__resolv_conf_unref(c);
    return 0;
}
