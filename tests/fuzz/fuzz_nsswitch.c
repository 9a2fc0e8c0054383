/*
 * nsswitch.conf: any text stands for one of four orders.
 */
#include "fuzz.h"

#include "resolve/nsswitch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gonet__order_t order = gonet__nsswitch_order((const char *)data, size);

    MUST(order == GONET__ORDER_FILES_DNS || order == GONET__ORDER_DNS_FILES ||
         order == GONET__ORDER_FILES || order == GONET__ORDER_DNS);
    return 0;
}
