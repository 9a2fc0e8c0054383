/* IPv4: an address made of its four bytes. */
#include <stdio.h>
#include <gonet.h>

static void print(gonet_ip_t ip)
{
    char text[GONET_IP_STRLEN];
    puts(gonet_ip_string(ip, text, sizeof(text)));
}

int main(void)
{
    print(gonet_ipv4(8, 8, 8, 8));
    return fflush(stdout) != 0;
}

/*
 * Output:
 * 8.8.8.8
 */
