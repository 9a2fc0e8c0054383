/*
 * An address lies in a mapping (/proc/self/maps), the mapping is a part of a file, the file's
 * program headers say what address that part was linked for, and its symbols what function that is.
 * All that comes from a file is checked against its size: it may be anything by now.
 */
#include "base/symbol.h"

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "gonet/errno.h"

/* ---- /proc/self/maps ---- */

typedef struct {
    int fd;
    size_t at, len;
    char buf[1024];
} text_t;

/* The next byte; -1 at the end. */
static int next(text_t *t)
{
    if (t->at == t->len) {
        ssize_t n;

        do
            n = read(t->fd, t->buf, sizeof(t->buf));
        while (n < 0 && errno == EINTR);
        if (n <= 0)
            return -1;
        t->at = 0;
        t->len = (size_t)n;
    }
    return (unsigned char)t->buf[t->at++];
}

/* A hexadecimal number, and the byte behind it. */
static uint64_t number(text_t *t)
{
    uint64_t v = 0;

    for (;;) {
        int c = next(t);

        if (c >= '0' && c <= '9')
            v = v * 16 + (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            v = v * 16 + (uint64_t)(c - 'a' + 10);
        else
            return v;
    }
}

static void skip_word(text_t *t)
{
    int c;

    do
        c = next(t);
    while (c != ' ' && c != '\n' && c >= 0);
}

/* "start-end perms offset device inode      path"; false: that was the last line. */
static bool next_line(text_t *t, gonet__symbol_file_t *f)
{
    size_t n = 0;
    int c;

    f->start = (uintptr_t)number(t);
    f->end = (uintptr_t)number(t);
    skip_word(t);
    f->offset = number(t);
    skip_word(t);
    skip_word(t);
    do
        c = next(t);
    while (c == ' ');
    for (; c != '\n' && c >= 0; c = next(t)) {
        if (n < sizeof(f->path) - 1)
            f->path[n++] = (char)c;
    }
    f->path[n] = '\0';
    return c >= 0;
}

/* The mapping that holds pc. */
static bool find_mapping(gonet__symbol_file_t *f, uintptr_t pc)
{
    text_t t = {.fd = gonet__fd_open("/proc/self/maps")};
    bool found = false;

    if (t.fd < 0)
        return false;
    while (!found && next_line(&t, f))
        found = pc >= f->start && pc < f->end;
    close(t.fd);
    return found;
}

/* The program itself can be opened also when it was replaced, or lies outside of a chroot. */
static int open_file(const gonet__symbol_file_t *f)
{
    static const char self[] = "/proc/self/exe";
    char path[sizeof(f->path)];
    ssize_t n = readlink(self, path, sizeof(path) - 1);

    if (n > 0 && (size_t)n == strlen(f->path) && memcmp(path, f->path, (size_t)n) == 0)
        return gonet__fd_open(self);
    return f->path[0] == '/' ? gonet__fd_open(f->path) : -1;
}

static void map_file(gonet__symbol_file_t *f)
{
    struct stat st;
    int fd = open_file(f);
    void *p;

    f->image = NULL;
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        f->size = (size_t)st.st_size;
        p = mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, fd, 0);
        f->image = p != MAP_FAILED ? p : NULL;
    }
    close(fd);
}

/* ---- the file ---- */

/* size bytes at offset, count times; NULL if they are not there, or not aligned. */
static const void *part(const gonet__symbol_file_t *f, uint64_t offset, uint64_t count,
                        uint64_t size)
{
    uint64_t bytes;

    if (f->image == NULL || __builtin_mul_overflow(count, size, &bytes) || offset > f->size ||
        bytes > f->size - offset || offset % sizeof(uintptr_t) != 0)
        return NULL;
    return (const char *)f->image + offset;
}

static const ElfW(Ehdr) * header(const gonet__symbol_file_t *f)
{
    const ElfW(Ehdr) *e = part(f, 0, 1, sizeof(*e));
    unsigned char class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;

    return e != NULL && memcmp(e->e_ident, ELFMAG, SELFMAG) == 0 && e->e_ident[EI_CLASS] == class &&
                   e->e_phentsize == sizeof(ElfW(Phdr)) && e->e_shentsize == sizeof(ElfW(Shdr))
               ? e
               : NULL;
}

/* The address that the byte at offset was linked for; the offset itself if that is not told. */
static uint64_t linked_at(const gonet__symbol_file_t *f, uint64_t offset)
{
    const ElfW(Ehdr) *e = header(f);
    const ElfW(Phdr) *p = e != NULL ? part(f, e->e_phoff, e->e_phnum, sizeof(*p)) : NULL;

    for (unsigned i = 0; p != NULL && i < e->e_phnum; i++) {
        if (p[i].p_type == PT_LOAD && offset >= p[i].p_offset &&
            offset - p[i].p_offset < p[i].p_filesz)
            return offset - p[i].p_offset + p[i].p_vaddr;
    }
    return offset;
}

/* The name at that place in a table of strings; NULL if it does not end in there. */
static const char *name_at(const gonet__symbol_file_t *f, const ElfW(Shdr) * strings, uint64_t at)
{
    const char *all;

    if (strings->sh_size > f->size || strings->sh_offset > f->size - strings->sh_size ||
        at >= strings->sh_size)
        return NULL;
    all = (const char *)f->image + strings->sh_offset;
    return memchr(all + at, '\0', strings->sh_size - at) != NULL ? all + at : NULL;
}

/* The function of one table that holds address. */
static const char *look_in(const gonet__symbol_file_t *f, const ElfW(Shdr) * table,
                           const ElfW(Shdr) * strings, uint64_t address, uintptr_t *offset)
{
    uint64_t count = table->sh_size / sizeof(ElfW(Sym));
    const ElfW(Sym) *sym = part(f, table->sh_offset, count, sizeof(*sym));

    for (uint64_t i = 0; sym != NULL && i < count; i++) {
        unsigned type = sym[i].st_info & 0xf;

        if ((type == STT_FUNC || type == STT_GNU_IFUNC) && sym[i].st_shndx != SHN_UNDEF &&
            address >= sym[i].st_value &&
            (address == sym[i].st_value || address - sym[i].st_value < sym[i].st_size)) {
            *offset = (uintptr_t)(address - sym[i].st_value);
            return name_at(f, strings, sym[i].st_name);
        }
    }
    return NULL;
}

static const char *look_up(const gonet__symbol_file_t *f, uint64_t address, uintptr_t *offset)
{
    static const unsigned kinds[] = {SHT_SYMTAB, SHT_DYNSYM};
    const ElfW(Ehdr) *e = header(f);
    const ElfW(Shdr) *s = e != NULL ? part(f, e->e_shoff, e->e_shnum, sizeof(*s)) : NULL;
    const char *name = NULL;

    for (unsigned k = 0; s != NULL && name == NULL && k < 2; k++) {
        for (unsigned i = 0; name == NULL && i < e->e_shnum; i++) {
            if (s[i].sh_type == kinds[k] && s[i].sh_link < e->e_shnum)
                name = look_in(f, &s[i], &s[s[i].sh_link], address, offset);
        }
    }
    return name;
}

/* ---- questions ---- */

static void drop_file(gonet__symbols_t *s, gonet__symbol_file_t *f)
{
    if (f->image != NULL)
        munmap((void *)f->image, f->size);
    f->image = NULL;
    f->end = 0;
    memset(s->known, 0, sizeof(s->known));
}

/* The file that pc is a part of; NULL: none. */
static gonet__symbol_file_t *file_of(gonet__symbols_t *s, uintptr_t pc)
{
    gonet__symbol_file_t *f;

    for (unsigned i = 0; i < GONET__SYMBOL_FILES; i++) {
        if (pc >= s->file[i].start && pc < s->file[i].end)
            return &s->file[i];
    }
    f = &s->file[s->next];
    drop_file(s, f);
    if (!find_mapping(f, pc)) {
        f->end = 0;
        return NULL;
    }
    s->next = (s->next + 1) % GONET__SYMBOL_FILES;
    map_file(f);
    return f;
}

const gonet__symbol_t *gonet__symbol_find(gonet__symbols_t *s, uintptr_t pc)
{
    gonet__symbol_t *k = &s->known[pc / 4 % GONET__SYMBOL_KNOWN];
    gonet__symbol_file_t *f;
    uint64_t address;

    if (pc != 0 && k->pc == pc)
        return k;
    f = file_of(s, pc);
    *k = (gonet__symbol_t){.pc = pc, .file = f};
    if (f == NULL)
        return k;
    address = linked_at(f, pc - f->start + f->offset);
    k->name = look_up(f, address, &k->offset);
    if (k->name == NULL)
        k->offset = (uintptr_t)address;
    return k;
}

void gonet__symbol_put_name(gonet__line_t *line, gonet__symbols_t *s, uintptr_t fn)
{
    const gonet__symbol_t *k = gonet__symbol_find(s, fn);

    if (k->name != NULL) {
        gonet__line_puts(line, k->name);
        return;
    }
    gonet__line_puts(line, "0x");
    gonet__line_number(line, fn, 16);
}

void gonet__symbol_put_frame(gonet__line_t *line, gonet__symbols_t *s, uintptr_t pc, bool returns)
{
    uintptr_t back = returns && pc > 0 ? 1 : 0;
    const gonet__symbol_t *k = gonet__symbol_find(s, pc - back);

    if (k->file != NULL) {
        gonet__line_puts(line, k->file->path);
        gonet__line_puts(line, "(");
        if (k->name != NULL)
            gonet__line_puts(line, k->name);
        gonet__line_puts(line, "+0x");
        gonet__line_number(line, k->offset + back, 16);
        gonet__line_puts(line, ") ");
    }
    gonet__line_puts(line, "[0x");
    gonet__line_number(line, pc, 16);
    gonet__line_puts(line, "]");
}

void gonet__symbols_close(gonet__symbols_t *s)
{
    for (unsigned i = 0; i < GONET__SYMBOL_FILES; i++)
        drop_file(s, &s->file[i]);
}
