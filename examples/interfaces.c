/*
 * Prints the machine's network interfaces with their addresses and multicast groups.
 * Usage: interfaces [name]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gonet.h>

static void die(const char *text)
{
    fprintf(stderr, "interfaces: %s\n", text);
    exit(1);
}

/* Prints a list of addresses, which it releases. */
static void print_addrs(const char *what, gonet_addr_t *addrs, size_t n, const gonet_error_t *err)
{
    char text[GONET_ADDR_STRLEN];

    if (addrs == NULL)
        die(gonet_error_string(err));
    for (size_t i = 0; i < n; i++)
        printf("    %s %s\n", what, gonet_addr_string(&addrs[i], text, sizeof(text)));
    gonet_free(addrs);
}

static void print_interface(const gonet_interface_t *ifi)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char flags[GONET_FLAGS_STRLEN], hardware[GONET_HARDWARE_ADDR_STRLEN];
    gonet_addr_t *addrs;
    size_t n;

    printf("%d %s mtu %d %s %s\n", ifi->index, ifi->name, ifi->mtu,
           gonet_flags_string(ifi->flags, flags, sizeof(flags)),
           gonet_hardware_addr_string(ifi->hardware_addr, hardware, sizeof(hardware)));
    addrs = gonet_interface_unicast_addrs(ifi, &n, &err);
    print_addrs("address", addrs, n, err);
    addrs = gonet_interface_multicast_addrs(ifi, &n, &err);
    print_addrs("group", addrs, n, err);
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_interface_t one;
    size_t n = 1;

    if (argc > 1 && gonet_interface_by_name(argv[1], &one, &err) != 0)
        die(gonet_error_string(err));
    GONET_AUTO_FREE gonet_interface_t *all = argc > 1 ? NULL : gonet_interfaces(&n, &err);
    if (argc <= 1 && all == NULL)
        die(gonet_error_string(err));
    for (size_t i = 0; i < n; i++)
        print_interface(argc > 1 ? &one : &all[i]);
    return fflush(stdout) != 0;
}
