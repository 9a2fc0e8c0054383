/*
 * GONETDEBUG=multipathtcp=N, read once: 0 neither, 1 both, 2 listeners (the default), 3 dialers.
 */
#include "dial/mptcp.h"

#include <stdatomic.h>

#include "base/setting.h"

static int read_setting(void)
{
    static const char *const values[] = {"0", "1", "2", "3", NULL};
    int setting = gonet__setting_word(GONET__SETTING_MULTIPATHTCP, values);

    return setting >= 0 ? setting : 2;
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
