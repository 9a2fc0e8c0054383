/*
 * One system call moves at most 1 GiB (behaviour 9.12, 9.15). Nothing that large is moved here: the
 * memory is only promised, and this program stands in for the calls to see what they are asked for.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "tcp/tcp.h"

#define GIB ((size_t)1 << 30)

static _Atomic size_t largest_send, largest_recv;

static void *original(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static void note(_Atomic size_t *largest, size_t len)
{
    if (len > *largest)
        *largest = len;
}

ssize_t send(int fd, const void *p, size_t len, int flags)
{
    ssize_t (*real)(int, const void *, size_t, int);

    *(void **)&real = original("send");
    note(&largest_send, len);
    return real(fd, p, len, flags);
}

ssize_t recv(int fd, void *p, size_t len, int flags)
{
    ssize_t (*real)(int, void *, size_t, int);

    *(void **)&real = original("recv");
    note(&largest_recv, len);
    return real(fd, p, len, flags);
}

/* The library calls the kernel past libc where it can. */
long syscall(long number, ...);

long syscall(long number, ...)
{
    long (*real)(long, ...), a[6];
    va_list args;

    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_sendto)
        note(&largest_send, (size_t)a[2]);
    if (number == SYS_recvfrom)
        note(&largest_recv, (size_t)a[2]);
    *(void **)&real = original("syscall");
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void check_largest(size_t largest)
{
#ifdef GONET_INLINE_SYSCALLS
    (void)largest;
    puts("how much each call is asked for is not seen: the system calls are inline");
#else
    CHECK_INT(largest, GIB);
#endif
}

static void chunks(actor_mode_t mode)
{
    const size_t len = 2 * GIB + 4096;
    char *p =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    op_t o;

    REQUIRE(p != MAP_FAILED);
    OPEN_PAIR(a, b);
    largest_send = largest_recv = 0;
    op_write(&o, actor_helper(mode), a, p, len);
    AWAIT(tcp_parked(a, GONET__SIDE_WRITE));
    check_largest(largest_send);
    CHECK_INT(gonet_conn_set_write_deadline(a, TCP_PAST, NULL), 0);
    OP_FAILS(&o, "write tcp <L>-><R>: i/o timeout");
    CHECK(o.count > 0 && o.count < len);
    op_free(&o);
    CHECK(gonet_conn_read(b, p, len, NULL) > 0);
    check_largest(largest_recv);
    munmap(p, len);
    close_pair(a, b);
}

int main(void)
{
    static const tcp_test_t tests[] = {TCP_TEST(chunks)};

    return tcp_run(tests, COUNT(tests));
}
