/*
 * A kernel without getrandom, or a sandbox that does not allow it: ids come from elsewhere. In a
 * program of its own, since no way leads back.
 */
#include <errno.h>
#include <gonet.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "name_server.h"
#include "support/check.h"
#include "support/leak.h"

static bool forbid_getrandom(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(rules) / sizeof(*rules), rules};
    char c;

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 && getrandom(&c, 1, 0) < 0;
}

static void without_getrandom(void **state)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_resolver_t resolver = {.prefer_go = true};
    name_server_t *server;
    name_question_t first, second;
    size_t n = 0;

    (void)state;
    if (!forbid_getrandom()) {
        print_message("skipped: this machine has no filters of system calls\n");
        skip();
    }
    server = name_server_start(&resolver.servers);
    for (int i = 0; i < 100; i++) { /* more than one store of random bytes */
        gonet_free(gonet_resolver_lookup_ip_addr(&resolver, NULL, "both.test", &n, &err));
        CHECK_ERROR(err, NULL);
        CHECK_INT(n, 2);
    }
    first = name_server_question(server, 0);
    second = name_server_question(server, 1);
    CHECK(first.id != second.id);
    name_server_stop(server);
    check_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(without_getrandom)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
