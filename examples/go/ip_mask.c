/* IP.Mask: what a mask leaves of an address. */
#include <stdio.h>
#include <gonet.h>

static void print(gonet_ip_t ip)
{
    char text[GONET_IP_STRLEN];
    puts(gonet_ip_string(ip, text, sizeof(text)));
}

int main(void)
{
    print(gonet_ip_mask(gonet_parse_ip("192.0.2.1"), gonet_cidr_mask(24, 32)));
    print(gonet_ip_mask(gonet_parse_ip("2001:db8:a0b:12f0::1"), gonet_cidr_mask(32, 128)));
    return fflush(stdout) != 0;
}

/*
 * Output:
 * 192.0.2.0
 * 2001:db8::
 */
