/*
 * Answers a stream of inputs with the library's results, for comparison with go/main.go's.
 */
#include "answers.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "gonet/addr.h"
#include "gonet/hardware.h"
#include "gonet/hostport.h"

static char buf[4 * ANSWERS_MAX];

static void put(const char *s)
{
    putchar('\t');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x21 || c > 0x7e || c == '%')
            printf("%%%02X", c);
        else
            putchar(c);
    }
}

static void put_error(gonet_error_t *err)
{
    put("error");
    put(gonet_error_string(err));
    gonet_error_free(err);
}

static void net_answers(const char *s)
{
    char port[2 * ANSWERS_MAX];
    gonet_error_t *err = NULL;
    gonet_ip_net_t net;
    gonet_ip_t ip = gonet_parse_ip(s);

    put(gonet_ip_string(ip, buf, sizeof(buf)));
    ip = gonet_parse_cidr(s, &net, &err);
    if (err == NULL) {
        put(gonet_ip_string(ip, buf, sizeof(buf)));
        put(gonet_ip_net_string(&net, buf, sizeof(buf)));
    } else {
        put_error(err);
    }
    err = NULL;
    gonet_hardware_addr_t mac = gonet_parse_mac(s, &err);
    if (err == NULL)
        put(gonet_hardware_addr_string(mac, buf, sizeof(buf)));
    else
        put_error(err);
    err = NULL;
    if (gonet_split_host_port(s, buf, sizeof(buf), port, sizeof(port), &err) == 0) {
        put(buf);
        put(port);
    } else {
        put_error(err);
    }
    put(gonet_join_host_port(s, s, buf, sizeof(buf)));
    ip = (gonet_ip_t){.len = (uint8_t)strnlen(s, 16)};
    memcpy(ip.b, s, ip.len);
    put(gonet_ip_string(ip, buf, sizeof(buf)));
}

/* netip's error texts have changed since Go 1.19: only that there is one is compared. */
static void netip_answers(const char *s)
{
    gonet_netip_addr_t a = gonet_netip_parse_addr(s, NULL);
    put(gonet_netip_addr_string(a, buf, sizeof(buf)));
    put(gonet_netip_addr_string_expanded(a, buf, sizeof(buf)));
    put(gonet_netip_addr_string(gonet_netip_addr_next(a), buf, sizeof(buf)));
    put(gonet_netip_addr_string(gonet_netip_addr_prev(a), buf, sizeof(buf)));
    put(gonet_netip_addr_string(gonet_netip_addr_unmap(a), buf, sizeof(buf)));
    gonet_netip_addr_port_t ap = gonet_netip_parse_addr_port(s, NULL);
    put(gonet_netip_addr_port_string(ap, buf, sizeof(buf)));
    gonet_netip_prefix_t p = gonet_netip_parse_prefix(s, NULL);
    put(gonet_netip_prefix_string(p, buf, sizeof(buf)));
    put(gonet_netip_prefix_string(gonet_netip_prefix_masked(p), buf, sizeof(buf)));
}

int main(void)
{
    static char line[2 * ANSWERS_MAX + 2];
    static char text[ANSWERS_MAX + 1];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        size_t n = 0;
        unsigned byte;
        while (n < ANSWERS_MAX && sscanf(line + 2 * n, "%2x", &byte) == 1)
            text[n++] = (char)byte;
        text[n] = '\0';
        printf("%.*s", (int)strcspn(line, "\n"), line);
        net_answers(text);
        netip_answers(text);
        putchar('\n');
    }
    return 0;
}
