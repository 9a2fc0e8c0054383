/* IP.IsPrivate: what RFC 1918 and RFC 4193 set aside for private networks. */
#include <stdio.h>
#include <gonet.h>

static void ask(const char *address)
{
    puts(gonet_ip_is_private(gonet_parse_ip(address)) ? "true" : "false");
}

int main(void)
{
    ask("fc00::");
    ask("fe00::");
    ask("10.255.0.0");
    ask("11.0.0.0");
    return fflush(stdout) != 0;
}

/*
 * Output:
 * true
 * false
 * true
 * false
 */
