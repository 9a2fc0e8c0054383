/* IP.IsMulticast: groups of any scope. */
#include <stdio.h>
#include <gonet.h>

static void ask(const char *address)
{
    puts(gonet_ip_is_multicast(gonet_parse_ip(address)) ? "true" : "false");
}

int main(void)
{
    ask("FF00::");
    ask("ff02::1");
    ask("::1");
    ask("239.0.0.0");
    ask("224.0.0.0");
    ask("127.0.0.0");
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
