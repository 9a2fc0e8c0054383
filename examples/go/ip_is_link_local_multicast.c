/* IP.IsLinkLocalMulticast: groups that stay on one link. */
#include <stdio.h>
#include <gonet.h>

static void ask(const char *address)
{
    puts(gonet_ip_is_link_local_multicast(gonet_parse_ip(address)) ? "true" : "false");
}

int main(void)
{
    ask("ff02::2");
    ask("fe80::");
    ask("224.0.0.0");
    ask("169.254.0.0");
    return fflush(stdout) != 0;
}

/*
 * Output:
 * true
 * false
 * true
 * false
 */
