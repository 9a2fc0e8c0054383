/*
 * GONETDEBUG=slowtask=TIME,dumponsigquit=1,deadlock=1, read once.
 */
#include "runtime/ground/debug_setting.h"

#include <pthread.h>
#include <string.h>

#include "base/digits.h"
#include "base/setting.h"
#include "gonet/time.h"

static gonet__debug_setting_t setting;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* "100ms", "2s", "1500us"; a bare number is milliseconds. 0: none of these. */
static int64_t parse_duration(const char *p, size_t len)
{
    int v;
    size_t used;
    size_t unit;

    if (!gonet__scan_decimal(p, len, &v, &used) || v > 1000000)
        return 0;
    unit = len - used;
    p += used;
    if (unit == 2 && memcmp(p, "us", 2) == 0)
        return v * GONET_MICROSECOND;
    if (unit == 1 && *p == 's')
        return v * GONET_SECOND;
    return unit == 0 || (unit == 2 && memcmp(p, "ms", 2) == 0) ? v * GONET_MILLISECOND : 0;
}

static void read_setting(void)
{
    static const char *const off_on[] = {"0", "1", NULL};
    size_t len;
    const char *slow = gonet__setting(GONET__SETTING_SLOWTASK, &len);

    if (slow != NULL)
        setting.slow = parse_duration(slow, len);
    if (slow != NULL && setting.slow == 0)
        gonet__setting_refuse(GONET__SETTING_SLOWTASK, "a time: 100ms, 1500us, 2s");
    setting.quit = gonet__setting_word(GONET__SETTING_DUMPONSIGQUIT, off_on) == 1;
    setting.deadlock = gonet__setting_word(GONET__SETTING_DEADLOCK, off_on) == 1;
}

const gonet__debug_setting_t *gonet__debug_setting(void)
{
    pthread_once(&once, read_setting);
    return &setting;
}

bool gonet__debug_asked(void)
{
    const gonet__debug_setting_t *s = gonet__debug_setting();

    return s->slow != 0 || s->quit || s->deadlock;
}
