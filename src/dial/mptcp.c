/*
 * GONETDEBUG=multipathtcp=N, read once: 0 neither, 1 both, 2 listeners (the default), 3 dialers.
 */
#include "dial/mptcp.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static int read_setting(void)
{
    static const char key[] = "multipathtcp=";
    const char *p = getenv("GONETDEBUG");
    int setting = 2;

    /* Settings are separated by commas; the last one counts. */
    while (p != NULL) {
        if (strncmp(p, key, sizeof(key) - 1) == 0) {
            const char *value = p + sizeof(key) - 1;

            if (value[0] >= '0' && value[0] <= '3' && (value[1] == ',' || value[1] == '\0'))
                setting = value[0] - '0';
        }
        p = strchr(p, ',');
        if (p != NULL)
            p++;
    }
    return setting;
}

static int debug_setting(void)
{
    static _Atomic int known; /* 1 + the setting */
    int setting = atomic_load_explicit(&known, memory_order_relaxed);

    if (setting == 0) {
        setting = 1 + read_setting();
        atomic_store_explicit(&known, setting, memory_order_relaxed);
    }
    return setting - 1;
}

bool gonet__mptcp_for_dialer(int setting)
{
    if (setting != 0)
        return setting == 1;
    return debug_setting() == 1 || debug_setting() == 3;
}

bool gonet__mptcp_for_listener(int setting)
{
    if (setting != 0)
        return setting == 1;
    return debug_setting() == 1 || debug_setting() == 2;
}
