/* IP.IsInterfaceLocalMulticast: groups that stay on one interface; none of IPv4. */
#include <stdio.h>
#include <gonet.h>

static void ask(const char *address)
{
    puts(gonet_ip_is_interface_local_multicast(gonet_parse_ip(address)) ? "true" : "false");
}

int main(void)
{
    ask("ff01::1");
    ask("2000::");
    ask("255.0.0.0");
    return fflush(stdout) != 0;
}

/*
 * Output:
 * true
 * false
 * false
 */
