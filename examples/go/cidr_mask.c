/* CIDRMask: masks made of the number of their one bits. */
#include <stdio.h>
#include <gonet.h>

static void print(gonet_ip_mask_t mask)
{
    char text[GONET_IP_MASK_STRLEN];
    puts(gonet_ip_mask_string(mask, text, sizeof(text)));
}

int main(void)
{
    print(gonet_cidr_mask(31, 32));  /* the mask of a /31 network of IPv4 */
    print(gonet_cidr_mask(64, 128)); /* and of a /64 network of IPv6 */
    return fflush(stdout) != 0;
}

/*
 * Output:
 * fffffffe
 * ffffffffffffffff0000000000000000
 */
