/* IP.IsGlobalUnicast: private addresses count, the broadcast address does not. */
#include <stdio.h>
#include <gonet.h>

static void ask(const char *address)
{
    puts(gonet_ip_is_global_unicast(gonet_parse_ip(address)) ? "true" : "false");
}

int main(void)
{
    ask("2000::");
    ask("2000::");
    ask("FF00::");
    ask("10.255.0.0");
    ask("8.8.8.8");
    ask("255.255.255.255");
    return fflush(stdout) != 0;
}

/*
 * Output:
 * true
 * true
 * false
 * true
 * true
 * false
 */
