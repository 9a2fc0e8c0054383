/*
 * Finding __cxa_get_globals in whatever is loaded, RTLD_LOCAL or not. The objects' symbol tables
 * are read under the lock of dl_iterate_phdr, where dlopen and dlsym must not be called; and those
 * wait for whoever is loading something, who may wait for a task.
 *
 * What another thread is just loading is among the objects, too, and can't be called yet. So a
 * runtime counts only for a thread that has memory for its thread-local variables: before that, the
 * thread has not used it, and handles no exception of its.
 *
 * glibc does not renew the lock of dl_iterate_phdr in a forked child, who would wait for ever for a
 * worker that had it. So nobody looks while a process forks: a fork waits for those who do, and who
 * comes then looks the next time.
 */
#include "runtime/switch/cxx.h"

#include <link.h>
#include <stdatomic.h>
#include <string.h>

#include "runtime/ground/fork.h"
#include "runtime/ground/spin.h"

#define NAME "__cxa_get_globals"

typedef gonet__cxx_globals_t *(*getter_t)(void);

static _Atomic unsigned looking, forking;

/* Where the linker knows it when the program is linked, which may then not export it. */
extern gonet__cxx_globals_t *__cxa_get_globals(void) __attribute__((weak));

typedef struct {
    getter_t get[GONET__CXX_RUNTIMES];
    unsigned count;
    size_t module[GONET__CXX_RUNTIMES]; /* of others, which the thread has not used */
    unsigned unused;
    getter_t loaded[2 * GONET__CXX_RUNTIMES]; /* of all */
    unsigned loaded_count;
} found_t;

static getter_t known[GONET__CXX_RUNTIMES]; /* by their numbers */
static _Atomic uint32_t known_lock;

/* What an object's dynamic section says of its symbols. */
typedef struct {
    const ElfW(Sym) * symbols;
    const char *names;
    const uint32_t *hash; /* DT_GNU_HASH */
} tables_t;

static uint32_t hash_of(const char *name)
{
    uint32_t h = 5381;

    for (; *name != '\0'; name++)
        h = h * 33 + (unsigned char)*name;
    return h;
}

/* A function of that name which the object defines, or NULL. The table's layout: four numbers, a
 * filter, which is not needed here, the buckets, and the hashes of the symbols from the first
 * hashed one on, in which the end of a bucket has the lowest bit. */
static const ElfW(Sym) * find(const tables_t *t, const char *name)
{
    const uint32_t buckets = t->hash[0], first = t->hash[1], filter = t->hash[2];
    const uint32_t *bucket =
        (const uint32_t *)(const void *)((const ElfW(Addr) *)(const void *)(t->hash + 4) + filter);
    const uint32_t *chain = bucket + buckets;
    const uint32_t h = hash_of(name);
    uint32_t i = buckets == 0 ? 0 : bucket[h % buckets];

    if (i < first)
        return NULL;
    for (;; i++) {
        const ElfW(Sym) *s = &t->symbols[i];
        uint32_t theirs = chain[i - first];

        if ((theirs | 1) == (h | 1) && s->st_shndx != SHN_UNDEF && (s->st_info & 15) == STT_FUNC &&
            strcmp(t->names + s->st_name, name) == 0)
            return s;
        if ((theirs & 1) != 0)
            return NULL;
    }
}

/* An address in the dynamic section: the loader has made it one, but not in every object. */
static const void *address(const struct dl_phdr_info *info, ElfW(Addr) a)
{
    return (const void *)(a < info->dlpi_addr ? a + info->dlpi_addr : a); // NOLINT
}

static bool read_tables(const struct dl_phdr_info *info, tables_t *t)
{
    const ElfW(Dyn) *d = NULL;

    memset(t, 0, sizeof(*t));
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            d = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    }
    for (; d != NULL && d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_SYMTAB)
            t->symbols = address(info, d->d_un.d_ptr);
        else if (d->d_tag == DT_STRTAB)
            t->names = address(info, d->d_un.d_ptr);
        else if (d->d_tag == DT_GNU_HASH)
            t->hash = address(info, d->d_un.d_ptr);
    }
    return t->symbols != NULL && t->names != NULL && t->hash != NULL;
}

static void note_loaded(found_t *found, getter_t get)
{
    if (found->loaded_count < 2 * GONET__CXX_RUNTIMES)
        found->loaded[found->loaded_count++] = get;
}

static int look_in(struct dl_phdr_info *info, size_t size, void *arg)
{
    found_t *found = arg;
    tables_t t;
    const ElfW(Sym) * s;
    getter_t get;
    uintptr_t at;

    (void)size;
    s = read_tables(info, &t) ? find(&t, NAME) : NULL;
    if (s == NULL)
        return 0;
    at = info->dlpi_addr + s->st_value;
    memcpy(&get, &at, sizeof(at));
    note_loaded(found, get);
    if (info->dlpi_tls_data != NULL)
        found->get[found->count++] = get;
    else if (found->unused < GONET__CXX_RUNTIMES)
        found->module[found->unused++] = info->dlpi_tls_modid;
    return found->count == GONET__CXX_RUNTIMES;
}

static bool has(gonet__cxx_globals_t *const *all, unsigned n, const gonet__cxx_globals_t *g)
{
    for (unsigned i = 0; i < n; i++) {
        if (all[i] == g)
            return true;
    }
    return false;
}

static bool is_loaded(const found_t *found, getter_t get)
{
    for (unsigned i = 0; i < found->loaded_count; i++) {
        if (found->loaded[i] == get)
            return true;
    }
    return false;
}

/* Which number the runtime has, in all threads: a task that parks in a catch block goes on in any.
 * One that was unloaded gives its number up. */
static unsigned number_of(const found_t *found, getter_t get)
{
    unsigned free = GONET__CXX_RUNTIMES;

    gonet__spin_lock(&known_lock);
    for (unsigned i = 0; i < GONET__CXX_RUNTIMES; i++) {
        if (known[i] == get) {
            free = i;
            break;
        }
        if (free == GONET__CXX_RUNTIMES && (known[i] == NULL || !is_loaded(found, known[i])))
            free = i;
    }
    if (free < GONET__CXX_RUNTIMES)
        known[free] = get;
    gonet__spin_unlock(&known_lock);
    return free;
}

/* One runtime may be found under two addresses: the lower number counts. */
static void arrange(gonet__cxx_t *cxx, const found_t *found)
{
    gonet__cxx_globals_t *now[GONET__CXX_RUNTIMES] = {NULL};

    for (unsigned i = 0; i < found->count; i++) {
        unsigned number = number_of(found, found->get[i]);

        if (number < GONET__CXX_RUNTIMES)
            now[number] = found->get[i]();
    }
    cxx->count = 0;
    for (unsigned i = 0; i < GONET__CXX_RUNTIMES; i++) {
        cxx->globals[i] = has(now, i, now[i]) ? NULL : now[i];
        if (cxx->globals[i] != NULL)
            cxx->count = i + 1;
    }
}

#ifdef GONET__CXX_BY_TURN
static void watch(gonet__cxx_t *cxx, const found_t *found)
{
    cxx->unused = found->unused;
}

static bool stirs(const gonet__cxx_t *cxx)
{
    return cxx->unused > 0;
}
#else
/* Those whose modules are newer than the thread's table change the count. */
static void watch(gonet__cxx_t *cxx, const found_t *found)
{
    const volatile uint64_t *table = gonet__cxx_table();

    cxx->seen = table[0];
    cxx->unused = 0;
    for (unsigned i = 0; i < found->unused; i++) {
        if (found->module[i] > table[-2])
            continue;
        cxx->watched[cxx->unused].entry = &table[2 * found->module[i]];
        cxx->watched[cxx->unused].was = table[2 * found->module[i]];
        cxx->unused++;
    }
}

/* Whether the thread may have begun to use one of the unused. */
static bool stirs(const gonet__cxx_t *cxx)
{
    for (unsigned i = 0; i < cxx->unused; i++) {
        if (*cxx->watched[i].entry != cxx->watched[i].was)
            return true;
    }
    return false;
}
#endif

static void wait_for_lookers(void)
{
    unsigned turns = 0;

    atomic_fetch_add(&forking, 1);
    while (atomic_load(&looking) != 0)
        gonet__relax(&turns);
}

static void let_look(void)
{
    atomic_fetch_sub(&forking, 1);
}

static void forget_forks(void)
{
    atomic_store(&forking, 0);
    atomic_store(&looking, 0);
}

GONET__FORK_HOOKS(forget_forks, wait_for_lookers, let_look)

/* dl_iterate_phdr; false: not now. */
static bool look_at_all(int (*f)(struct dl_phdr_info *info, size_t size, void *arg), void *arg)
{
    bool may;

    atomic_fetch_add(&looking, 1);
    may = atomic_load(&forking) == 0;
    if (may)
        dl_iterate_phdr(f, arg);
    atomic_fetch_sub(&looking, 1);
    return may;
}

bool gonet__cxx_look(gonet__cxx_t *cxx)
{
    found_t found = {.count = 0};

    if (__cxa_get_globals != NULL) {
        found.get[found.count++] = __cxa_get_globals;
        note_loaded(&found, __cxa_get_globals);
    }
    if (!look_at_all(look_in, &found)) {
        cxx->seen = UINT64_MAX; /* no count is that high: the next time */
        return false;
    }
    arrange(cxx, &found);
    watch(cxx, &found);
    cxx->known = cxx->count + cxx->unused;
    return true;
}

bool gonet__cxx_asks(gonet__cxx_t *cxx)
{
    if (gonet__cxx_news(cxx) || stirs(cxx)) /* in this order: with the news the table may move */
        (void)gonet__cxx_look(cxx);
    for (unsigned i = 0; i < cxx->count; i++) {
        const gonet__cxx_globals_t *g = cxx->globals[i];
        if (g != NULL && (g->caught != NULL || g->uncaught != 0))
            return true;
    }
    return false;
}

#ifdef GONET__CXX_BY_TURN
static int count_loads(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    *(uint64_t *)arg = info->dlpi_adds + info->dlpi_subs; /* of all objects */
    return 1;
}

void gonet__cxx_turn(gonet__cxx_t *cxx)
{
    uint64_t loads = 0;

    if (!look_at_all(count_loads, &loads) || loads == cxx->seen)
        return;
    if (gonet__cxx_look(cxx))
        cxx->seen = loads;
}
#endif

void gonet__cxx_store(const gonet__cxx_t *cxx, gonet__cxx_globals_t *kept)
{
    for (unsigned i = 0; i < GONET__CXX_RUNTIMES; i++) {
        kept[i] = (gonet__cxx_globals_t){NULL, 0};
        if (cxx->globals[i] == NULL)
            continue;
        kept[i] = *cxx->globals[i];
        *cxx->globals[i] = (gonet__cxx_globals_t){NULL, 0}; /* the next task handles none */
    }
}

void gonet__cxx_load(gonet__cxx_t *cxx, const gonet__cxx_globals_t *kept)
{
    for (unsigned i = 0; i < GONET__CXX_RUNTIMES; i++) {
        if (cxx->globals[i] == NULL && (kept[i].caught != NULL || kept[i].uncaught != 0)) {
            cxx->globals[i] = known[i](); /* this thread has not used it yet */
            if (cxx->count <= i)
                cxx->count = i + 1;
        }
        if (cxx->globals[i] != NULL)
            *cxx->globals[i] = kept[i];
    }
}
