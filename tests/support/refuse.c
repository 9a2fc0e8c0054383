/*
 * One filter a call, put on all threads at once.
 */
#include "support/refuse.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "support/child.h"

bool refuse_call(long call, int errnum)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)errnum),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0)
        return true;
    fprintf(stderr, "no seccomp filters here: %s\n", strerror(errno));
    return false;
}

void refuse_passes(const char *part, const char *environment)
{
    child_result_t result;

    child_run(part, environment, &result);
    if (WIFEXITED(result.status) && WEXITSTATUS(result.status) == REFUSE_SKIPPED) {
        print_message("skipped: %s", result.output);
        skip();
    }
    if (!WIFEXITED(result.status) || WEXITSTATUS(result.status) != 0)
        fail_msg("%s ended with status %#x: %s", part, (unsigned)result.status, result.output);
}
