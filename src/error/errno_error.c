/*
 * Bare errno values. Those of Linux are static objects with Go's texts: the C locale's, their first
 * letter in lower case (behaviour 1.11). Any other number, which only a faulty caller has, gets an
 * object of its own that prints as "errno N".
 */
#include "error/errno_error.h"

#include <stdio.h>

#include "gonet/errno.h"

typedef struct {
    gonet_error_t base;
    int errnum;
} errno_error_t;

static int number(const gonet_error_t *err)
{
    return ((const errno_error_t *)err)->errnum;
}

static bool errno_is(const gonet_error_t *err, const gonet_error_t *target)
{
    int n = number(err);
    int m;

    if (gonet__errno_of(target, &m))
        return n == m;
    if (target == gonet_err_permission)
        return n == EACCES || n == EPERM;
    if (target == gonet_err_not_exist)
        return n == ENOENT;
    if (target == gonet_err_exist)
        return n == EEXIST || n == ENOTEMPTY;
    if (target == gonet_err_unsupported)
        return n == ENOSYS || n == EOPNOTSUPP;
    return false;
}

static bool errno_timeout(const gonet_error_t *err)
{
    int n = number(err);

    return n == EAGAIN || n == ETIMEDOUT; /* EWOULDBLOCK is EAGAIN on Linux */
}

static bool errno_temporary(const gonet_error_t *err)
{
    int n = number(err);

    return n == EINTR || n == EMFILE || n == ENFILE || errno_timeout(err);
}

static const gonet__error_vtable_t errno_vtable = {
    .type = "Errno",
    .is = errno_is,
    .timeout = errno_timeout,
    .temporary = errno_temporary,
};

bool gonet__errno_of(const gonet_error_t *err, int *errnum)
{
    if (err == gonet_err_no_memory) {
        *errnum = ENOMEM;
        return true;
    }
    if (err == NULL || err->vtable != &errno_vtable)
        return false;
    *errnum = number(err);
    return true;
}

/* clang-format off */
#define E(n, words) [n] = {.base = GONET__ERROR_INIT(&errno_vtable, words), .errnum = n}
static errno_error_t known[] = {
    E(0, "errno 0"),
    E(1, "operation not permitted"),
    E(2, "no such file or directory"),
    E(3, "no such process"),
    E(4, "interrupted system call"),
    E(5, "input/output error"),
    E(6, "no such device or address"),
    E(7, "argument list too long"),
    E(8, "exec format error"),
    E(9, "bad file descriptor"),
    E(10, "no child processes"),
    E(11, "resource temporarily unavailable"),
    E(12, "cannot allocate memory"),
    E(13, "permission denied"),
    E(14, "bad address"),
    E(15, "block device required"),
    E(16, "device or resource busy"),
    E(17, "file exists"),
    E(18, "invalid cross-device link"),
    E(19, "no such device"),
    E(20, "not a directory"),
    E(21, "is a directory"),
    E(22, "invalid argument"),
    E(23, "too many open files in system"),
    E(24, "too many open files"),
    E(25, "inappropriate ioctl for device"),
    E(26, "text file busy"),
    E(27, "file too large"),
    E(28, "no space left on device"),
    E(29, "illegal seek"),
    E(30, "read-only file system"),
    E(31, "too many links"),
    E(32, "broken pipe"),
    E(33, "numerical argument out of domain"),
    E(34, "numerical result out of range"),
    E(35, "resource deadlock avoided"),
    E(36, "file name too long"),
    E(37, "no locks available"),
    E(38, "function not implemented"),
    E(39, "directory not empty"),
    E(40, "too many levels of symbolic links"),
    E(41, "errno 41"),
    E(42, "no message of desired type"),
    E(43, "identifier removed"),
    E(44, "channel number out of range"),
    E(45, "level 2 not synchronized"),
    E(46, "level 3 halted"),
    E(47, "level 3 reset"),
    E(48, "link number out of range"),
    E(49, "protocol driver not attached"),
    E(50, "no CSI structure available"),
    E(51, "level 2 halted"),
    E(52, "invalid exchange"),
    E(53, "invalid request descriptor"),
    E(54, "exchange full"),
    E(55, "no anode"),
    E(56, "invalid request code"),
    E(57, "invalid slot"),
    E(58, "errno 58"),
    E(59, "bad font file format"),
    E(60, "device not a stream"),
    E(61, "no data available"),
    E(62, "timer expired"),
    E(63, "out of streams resources"),
    E(64, "machine is not on the network"),
    E(65, "package not installed"),
    E(66, "object is remote"),
    E(67, "link has been severed"),
    E(68, "advertise error"),
    E(69, "srmount error"),
    E(70, "communication error on send"),
    E(71, "protocol error"),
    E(72, "multihop attempted"),
    E(73, "RFS specific error"),
    E(74, "bad message"),
    E(75, "value too large for defined data type"),
    E(76, "name not unique on network"),
    E(77, "file descriptor in bad state"),
    E(78, "remote address changed"),
    E(79, "can not access a needed shared library"),
    E(80, "accessing a corrupted shared library"),
    E(81, ".lib section in a.out corrupted"),
    E(82, "attempting to link in too many shared libraries"),
    E(83, "cannot exec a shared library directly"),
    E(84, "invalid or incomplete multibyte or wide character"),
    E(85, "interrupted system call should be restarted"),
    E(86, "streams pipe error"),
    E(87, "too many users"),
    E(88, "socket operation on non-socket"),
    E(89, "destination address required"),
    E(90, "message too long"),
    E(91, "protocol wrong type for socket"),
    E(92, "protocol not available"),
    E(93, "protocol not supported"),
    E(94, "socket type not supported"),
    E(95, "operation not supported"),
    E(96, "protocol family not supported"),
    E(97, "address family not supported by protocol"),
    E(98, "address already in use"),
    E(99, "cannot assign requested address"),
    E(100, "network is down"),
    E(101, "network is unreachable"),
    E(102, "network dropped connection on reset"),
    E(103, "software caused connection abort"),
    E(104, "connection reset by peer"),
    E(105, "no buffer space available"),
    E(106, "transport endpoint is already connected"),
    E(107, "transport endpoint is not connected"),
    E(108, "cannot send after transport endpoint shutdown"),
    E(109, "too many references: cannot splice"),
    E(110, "connection timed out"),
    E(111, "connection refused"),
    E(112, "host is down"),
    E(113, "no route to host"),
    E(114, "operation already in progress"),
    E(115, "operation now in progress"),
    E(116, "stale file handle"),
    E(117, "structure needs cleaning"),
    E(118, "not a XENIX named type file"),
    E(119, "no XENIX semaphores available"),
    E(120, "is a named type file"),
    E(121, "remote I/O error"),
    E(122, "disk quota exceeded"),
    E(123, "no medium found"),
    E(124, "wrong medium type"),
    E(125, "operation canceled"),
    E(126, "required key not available"),
    E(127, "key has expired"),
    E(128, "key has been revoked"),
    E(129, "key was rejected by service"),
    E(130, "owner died"),
    E(131, "state not recoverable"),
    E(132, "operation not possible due to RF-kill"),
    E(133, "errno 133"),
};
#undef E
/* clang-format on */

gonet_error_t *gonet_errno_error(int errnum)
{
    enum { ROOM = sizeof("errno -2147483648") };
    char *room;

    if (errnum >= 0 && (size_t)errnum < sizeof(known) / sizeof(known[0]))
        return &known[errnum].base;
    gonet_error_t *err =
        gonet__error_alloc(&errno_vtable, sizeof(errno_error_t), ROOM, NULL, &room);
    if (err == NULL)
        return gonet_err_no_memory;
    snprintf(room, ROOM, "errno %d", errnum);
    err->text = room;
    ((errno_error_t *)err)->errnum = errnum;
    return err;
}

gonet_error_t *gonet__start_error(int errnum)
{
    if (errnum == EAGAIN || errnum == ECANCELED)
        return gonet_err_closed;
    return errnum == ENOMEM ? gonet_err_no_memory : gonet_errno_error(errnum);
}
