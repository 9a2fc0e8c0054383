/*
 * Hardware addresses: what parses prints to a text that parses to the same.
 */
#include "fuzz.h"

#include "gonet/hardware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gonet_error_t *err = NULL;
    gonet_hardware_addr_t a = gonet_parse_mac_n((const char *)data, size, &err);

    MUST((a.len == 0) == (err != NULL));
    char *s = c_string(data, size);
    if (s != NULL) {
        gonet_error_t *err2 = NULL;
        gonet_hardware_addr_t b = gonet_parse_mac(s, &err2);
        MUST(SAME(a, b));
        same_error(gonet_error_ref(err), err2);
        free(s);
    }
    if (err == NULL) {
        char text[GONET_HARDWARE_ADDR_STRLEN];
        MUST(a.len == 6 || a.len == 8 || a.len == 20);
        MUST(gonet_hardware_addr_string(a, text, sizeof(text)) == text);
        gonet_hardware_addr_t b = gonet_parse_mac(text, NULL);
        MUST(SAME(a, b));
    }
    gonet_error_free(err);
    return 0;
}
