/* ParseCIDR: the address and the network that "address/length" tells. */
#include <stdio.h>
#include <gonet.h>

static int show(const char *text)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char buf[GONET_ADDR_STRLEN];
    gonet_ip_net_t network;
    gonet_ip_t ip = gonet_parse_cidr(text, &network, &err);
    if (err != NULL)
        return fprintf(stderr, "%s\n", gonet_error_string(err)), 1;
    puts(gonet_ip_string(ip, buf, sizeof(buf)));
    puts(gonet_ip_net_string(&network, buf, sizeof(buf)));
    return 0;
}

int main(void)
{
    return show("192.0.2.1/24") || show("2001:db8:a0b:12f0::1/32") || fflush(stdout) != 0;
}

/*
 * Output:
 * 192.0.2.1
 * 192.0.2.0/24
 * 2001:db8:a0b:12f0::1
 * 2001:db8::/32
 */
