/* ParseIP: addresses read from text; what is none gives the zero value, Go's nil. */
#include <stdio.h>
#include <gonet.h>

static void print(gonet_ip_t ip)
{
    char text[GONET_IP_STRLEN];
    puts(gonet_ip_string(ip, text, sizeof(text)));
}

int main(void)
{
    print(gonet_parse_ip("192.0.2.1"));
    print(gonet_parse_ip("2001:db8::68"));
    print(gonet_parse_ip("192.0.2"));
    return fflush(stdout) != 0;
}

/*
 * Output:
 * 192.0.2.1
 * 2001:db8::68
 * <nil>
 */
