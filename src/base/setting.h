/*
 * The settings in the environment: variables of their own, and the keys of GONETDEBUG, which stand
 * between commas ("netdns=go,slowtask=100ms"; of two with the same key the last one counts).
 *
 * The environment of a privileged program (setuid, setgid, file capabilities) comes from whoever
 * started it, who has less rights: it has no settings. A value that can't be used, and a key of
 * GONETDEBUG that there is not, is said on standard error, each once.
 */
#ifndef GONET_BASE_SETTING_H
#define GONET_BASE_SETTING_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    GONET__SETTING_MAXPROCS,   /* GONET_MAXPROCS */
    GONET__SETTING_STACK_SIZE, /* GONET_STACK_SIZE */
    GONET__SETTING_GUARD,      /* GONET_GUARD */
    GONET__SETTING_RSEQ,       /* GONET_RSEQ */
#ifdef GONET_TEST_HOOKS
    GONET__SETTING_STEAL, /* GONET_STEAL */
#endif
    GONET__SETTING_SLOWTASK, /* the others are keys of GONETDEBUG */
    GONET__SETTING_DUMPONSIGQUIT,
    GONET__SETTING_DEADLOCK,
    GONET__SETTING_NETDNS,
    GONET__SETTING_NETEDNS0,
    GONET__SETTING_MULTIPATHTCP
} gonet__setting_t;

/* gonet__setting returns the value, which has *len bytes and no NUL behind it; NULL if it is not
 * set, or an empty variable. It is valid until the environment changes. */
const char *gonet__setting(gonet__setting_t which, size_t *len);

/* gonet__setting_word returns the place of the value in a list of words that ends with NULL; -1 if
 * it is not set, or none of them: that is said. */
int gonet__setting_word(gonet__setting_t which, const char *const *words);

/* gonet__setting_number reads a number (0x for a hexadecimal one): false if it is not set, or no
 * number above 0. One that is outside of min and max is taken as these. */
bool gonet__setting_number(gonet__setting_t which, unsigned long min, unsigned long max,
                           unsigned long *n);

/* gonet__setting_refuse says that the value is ignored, and what it might be. */
void gonet__setting_refuse(gonet__setting_t which, const char *wanted);

#endif
