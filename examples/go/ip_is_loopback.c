/* IP.IsLoopback: addresses of this host itself. */
#include <stdio.h>
#include <gonet.h>

static void ask(const char *address)
{
    puts(gonet_ip_is_loopback(gonet_parse_ip(address)) ? "true" : "false");
}

int main(void)
{
    ask("::1");
    ask("ff02::1");
    ask("127.0.0.0");
    ask("128.0.0.0");
    return fflush(stdout) != 0;
}

/*
 * Output:
 * true
 * false
 * true
 * false
 */
