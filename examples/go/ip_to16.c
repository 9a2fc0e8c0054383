/* IP.To16: the form of 16 bytes, which any address has. */
#include <stdio.h>
#include <gonet.h>

static void print(gonet_ip_t ip)
{
    char text[GONET_IP_STRLEN];
    puts(gonet_ip_string(ip, text, sizeof(text)));
}

int main(void)
{
    gonet_ip_t v6 = {.len = GONET_IPV6_LEN, .b = {0xfc}};
    gonet_ip_t v4 = gonet_ipv4(10, 255, 0, 0);

    print(gonet_ip_to16(v6));
    print(gonet_ip_to16(v4));
    return fflush(stdout) != 0;
}

/*
 * Output:
 * fc00::
 * 10.255.0.0
 */
