/*
 * Guards: MADV_GUARD_INSTALL (Linux 6.13) costs no mapping, and 8 bytes of page table a page, in
 * page tables that the stacks above and below need anyway. Before that mprotect splits the mapping
 * in two per stack, so half of vm.max_map_count is spent at most, and later stacks have none.
 */
#include "runtime/switch/guard.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/setting.h"
#include "gonet/errno.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

#define GUARD_SIZE ((size_t)64 << 10)

static enum { UNKNOWN, MARK, PROTECT, NEVER } method;
static bool believed; /* a marked guard has been looked at */
static long budget;   /* how many more may be mapped */

size_t gonet__guard_size(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return page > GUARD_SIZE ? page : GUARD_SIZE;
}

static long read_max_map_count(void)
{
    FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
    long n = 65530;

    if (f != NULL) {
        if (fscanf(f, "%ld", &n) != 1)
            n = 65530;
        fclose(f);
    }
    return n;
}

/* The first guard decides. */
static void choose(void)
{
    static const char *const words[] = {"madvise", "mprotect", "canary", NULL};

    switch (gonet__setting_word(GONET__SETTING_GUARD, words)) {
    case 1:
        method = PROTECT;
        break;
    case 2:
        method = NEVER;
        break;
    default:
        method = MARK;
    }
    budget = read_max_map_count() / 4; /* each adds two mappings */
}

/* Whether the kernel refuses to touch the guard's first and last page. Where advice is not known
 * some emulators say yes and do nothing: to both. */
static bool holds(char *base, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return madvise(base, page, MADV_POPULATE_READ) != 0 && errno == EFAULT &&
           madvise(base + size - page, page, MADV_POPULATE_READ) != 0 && errno == EFAULT;
}

gonet__guard_t gonet__guard_make(char *base)
{
    size_t size = gonet__guard_size();

    if (method == UNKNOWN)
        choose();
    if (method == MARK) {
        if (madvise(base, size, MADV_GUARD_INSTALL) == 0 && (believed || holds(base, size))) {
            believed = true;
            return GONET__GUARD_MARKED;
        }
        method = PROTECT; /* an old kernel, or locked memory */
    }
    if (method == PROTECT && budget > 0 && mprotect(base, size, PROT_NONE) == 0) {
        budget--;
        return GONET__GUARD_MAPPED;
    }
    return GONET__GUARD_NONE;
}

void gonet__guard_unmapped(gonet__guard_t guard)
{
    if (guard == GONET__GUARD_MAPPED)
        budget++;
}

void gonet__guard_forget(void)
{
    method = UNKNOWN;
    believed = false;
}
