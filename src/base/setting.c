/*
 * Reading the environment, and saying once what can't be used of it.
 */
#include "base/setting.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/say.h"

#define DEBUG    "GONETDEBUG"
#define MAX_SAID 200 /* bytes of a value that are repeated */

static const struct {
    const char *variable;
    const char *key; /* in the variable, or NULL: its value is the setting */
} settings[] = {
    [GONET__SETTING_MAXPROCS] = {"GONET_MAXPROCS", NULL},
    [GONET__SETTING_STACK_SIZE] = {"GONET_STACK_SIZE", NULL},
    [GONET__SETTING_GUARD] = {"GONET_GUARD", NULL},
    [GONET__SETTING_RSEQ] = {"GONET_RSEQ", NULL},
#ifdef GONET_TEST_HOOKS
    [GONET__SETTING_STEAL] = {"GONET_STEAL", NULL},
#endif
    [GONET__SETTING_SLOWTASK] = {DEBUG, "slowtask"},
    [GONET__SETTING_DUMPONSIGQUIT] = {DEBUG, "dumponsigquit"},
    [GONET__SETTING_DEADLOCK] = {DEBUG, "deadlock"},
    [GONET__SETTING_NETDNS] = {DEBUG, "netdns"},
    [GONET__SETTING_NETEDNS0] = {DEBUG, "netedns0"},
    [GONET__SETTING_MULTIPATHTCP] = {DEBUG, "multipathtcp"},
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static bool is(const char *p, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(p, word, len) == 0;
}

static bool is_key(const char *p, size_t len)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (settings[i].key != NULL && is(p, len, settings[i].key))
            return true;
    }
    return false;
}

/* Says which keys of GONETDEBUG there are not, the first time that any setting is read. */
static void check_keys(void)
{
    static _Atomic bool done;
    const char *p;

    if (atomic_load_explicit(&done, memory_order_relaxed) || atomic_exchange(&done, true))
        return;
    for (p = secure_getenv(DEBUG); p != NULL && *p != '\0'; p += *p == ',') {
        size_t key = strcspn(p, "=,");

        if (key > 0 && !is_key(p, key))
            gonet__say("gonet: " DEBUG " has no setting \"%.*s\"\n",
                       key < MAX_SAID ? (int)key : MAX_SAID, p);
        p += strcspn(p, ",");
    }
}

/* The value of the last setting with that key. */
static const char *find_key(const char *p, const char *key, size_t *len)
{
    const char *found = NULL;

    for (; *p != '\0'; p += *p == ',') {
        size_t all = strcspn(p, ",");
        size_t name = strcspn(p, "=,");

        if (is(p, name, key)) {
            found = p + name + (p[name] == '=');
            *len = (size_t)(p + all - found);
        }
        p += all;
    }
    return found;
}

const char *gonet__setting(gonet__setting_t which, size_t *len)
{
    const char *value = secure_getenv(settings[which].variable);

    check_keys();
    *len = 0;
    if (value == NULL || *value == '\0')
        return NULL;
    if (settings[which].key != NULL)
        return find_key(value, settings[which].key, len);
    *len = strlen(value);
    return value;
}

/* Says something about the value of a setting, once. */
static void say(gonet__setting_t which, const char *verdict, const char *wanted)
{
    static _Atomic uint32_t said;
    const char *key = settings[which].key;
    size_t len;
    const char *value = gonet__setting(which, &len);

    if ((atomic_fetch_or(&said, UINT32_C(1) << which) >> which & 1) != 0 || value == NULL)
        return;
    gonet__say("gonet: %s=%s%s%.*s %s: it can be %s\n", settings[which].variable,
               key != NULL ? key : "", key != NULL ? "=" : "", len < MAX_SAID ? (int)len : MAX_SAID,
               value, verdict, wanted);
}

void gonet__setting_refuse(gonet__setting_t which, const char *wanted)
{
    say(which, "is ignored", wanted);
}

int gonet__setting_word(gonet__setting_t which, const char *const *words)
{
    size_t len;
    const char *value = gonet__setting(which, &len);
    char wanted[100];
    size_t n = 0;

    if (value == NULL)
        return -1;
    for (int i = 0; words[i] != NULL; i++) {
        if (is(value, len, words[i]))
            return i;
        n +=
            (size_t)snprintf(wanted + n, sizeof(wanted) - n, "%s%s", i > 0 ? " or " : "", words[i]);
    }
    gonet__setting_refuse(which, wanted);
    return -1;
}

bool gonet__setting_number(gonet__setting_t which, unsigned long min, unsigned long max,
                           unsigned long *n)
{
    size_t len;
    const char *value = gonet__setting(which, &len);
    char wanted[80];
    char *end;

    if (value == NULL)
        return false;
    snprintf(wanted, sizeof(wanted), "a number from %lu to %lu", min, max);
    *n = strtoul(value, &end, 0); /* ULONG_MAX if it is too big for any */
    if (end != value + len || *n == 0 || value[strspn(value, " \t")] == '-') {
        gonet__setting_refuse(which, wanted);
        return false;
    }
    if (*n < min || *n > max) {
        say(which,
            *n < min ? "is too small, and taken as the least" : "is too big, and taken as the most",
            wanted);
        *n = *n < min ? min : max;
    }
    return true;
}
