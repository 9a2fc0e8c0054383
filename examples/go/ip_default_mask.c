/* IP.DefaultMask: the mask of the class that an IPv4 address once was in. */
#include <stdio.h>
#include <gonet.h>

static void print(gonet_ip_mask_t mask)
{
    char text[GONET_IP_MASK_STRLEN];
    puts(gonet_ip_mask_string(mask, text, sizeof(text)));
}

int main(void)
{
    print(gonet_ip_default_mask(gonet_parse_ip("192.0.2.1")));
    return fflush(stdout) != 0;
}

/*
 * Output:
 * ffffff00
 */
