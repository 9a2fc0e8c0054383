/* IP.IsUnspecified: the address of all zeros, of either family. */
#include <stdio.h>
#include <gonet.h>

static void ask(const char *address)
{
    puts(gonet_ip_is_unspecified(gonet_parse_ip(address)) ? "true" : "false");
}

int main(void)
{
    ask("::");
    ask("fe00::");
    ask("0.0.0.0");
    ask("8.8.8.8");
    return fflush(stdout) != 0;
}

/*
 * Output:
 * true
 * false
 * true
 * false
 */
