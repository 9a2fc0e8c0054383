/* IP.Equal: an IPv4 address equals itself in its IPv6 form. */
#include <stdio.h>
#include <gonet.h>

static void print(bool answer)
{
    puts(answer ? "true" : "false");
}

int main(void)
{
    gonet_ip_t dns = gonet_parse_ip("8.8.8.8");
    gonet_ip_t loopback = gonet_parse_ip("127.0.0.1");
    gonet_ip_t dns_mapped = gonet_parse_ip("0:0:0:0:0:FFFF:0808:0808");

    print(gonet_ip_equal(dns, dns));
    print(gonet_ip_equal(dns, loopback));
    print(gonet_ip_equal(dns, dns_mapped));
    return fflush(stdout) != 0;
}

/*
 * Output:
 * true
 * false
 * true
 */
