/* IPv4Mask: a mask made of its four bytes. */
#include <stdio.h>
#include <gonet.h>

static void print(gonet_ip_mask_t mask)
{
    char text[GONET_IP_MASK_STRLEN];
    puts(gonet_ip_mask_string(mask, text, sizeof(text)));
}

int main(void)
{
    print(gonet_ipv4_mask(255, 255, 255, 0));
    return fflush(stdout) != 0;
}

/*
 * Output:
 * ffffff00
 */
