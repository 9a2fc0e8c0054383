/*
 * The hosts file: names to addresses, and back. The table is an immutable, counted object; the
 * current one is looked at again every five seconds (behaviour 22.5 to 22.10).
 */
#ifndef GONET_RESOLVE_HOSTS_H
#define GONET_RESOLVE_HOSTS_H

#include <stddef.h>
#include <stdint.h>

/* One address of a name, or one name of an address. */
typedef struct {
    uint32_t key;   /* offsets into the table's text */
    uint32_t value; /* the address, or the name */
    uint32_t canonical;
    uint32_t order; /* in the file */
} gonet__host_t;

typedef struct gonet__hosts gonet__hosts_t;

/* What was found: n entries in the file's order; they live as long as the table. */
typedef struct {
    const gonet__hosts_t *table;
    const gonet__host_t *v;
    size_t n;
} gonet__hosts_found_t;

/* gonet__hosts_parse makes a table of a file's text. NULL: out of memory. */
gonet__hosts_t *gonet__hosts_parse(const char *text, size_t len);

/* gonet__hosts_current returns the table of the hosts file of now, to be dropped by
 * gonet__hosts_unref. NULL: out of memory. */
gonet__hosts_t *gonet__hosts_current(void);

void gonet__hosts_unref(gonet__hosts_t *table);

/* gonet__hosts_by_name finds the addresses of a name, whatever its case. */
gonet__hosts_found_t gonet__hosts_by_name(const gonet__hosts_t *table, const char *name);

/* gonet__hosts_by_addr finds the names of an address literal. */
gonet__hosts_found_t gonet__hosts_by_addr(const gonet__hosts_t *table, const char *addr);

/* The i-th address or name, and the canonical name of the first line that has the name. */
const char *gonet__hosts_value(const gonet__hosts_found_t *found, size_t i);
const char *gonet__hosts_canonical(const gonet__hosts_found_t *found);

#endif
