/*
 * What is looked up: names and records, from a name server in a process of its own; interfaces and
 * their addresses; dialing by name.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/resolve/name_server.h"
#include "faults/fault.h"
#include "faults/scenario.h"
#include "gonet.h"

static gonet_resolver_t resolver;

/* ---- the name server ---- */

extern char **environ;

/* The server's process: tells its address, and lives until the other end of its input is closed. */
static int serve(void)
{
    const char *text;
    name_server_t *server = name_server_start(&text);
    char end;

    printf("%s\n", text);
    fclose(stdout);
    (void)!read(STDIN_FILENO, &end, 1);
    name_server_stop(server);
    return 0;
}

static pid_t start_server(char *program, int *input)
{
    static char text[64];
    char *argv[] = {program, (char *)(uintptr_t) "--serve", NULL};
    posix_spawn_file_actions_t actions;
    int in[2], out[2];
    pid_t pid;
    FILE *f;

    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    assert_int_equal(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    f = fdopen(out[0], "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof(text), f));
    fclose(f);
    text[strcspn(text, "\n")] = '\0';
    resolver.servers = text;
    *input = in[1];
    return pid;
}

/* ---- lookups ---- */

/* An address of each family. As in Go, a question that fails is no error where the other one has an
 * answer. */
static void check_both(size_t n)
{
    CHECK_INT(n, n == 1 && scenario_is_hit() ? 1 : 2);
}

static void hosts(run_t *r)
{
    part_t *p = &r->body;
    const char **found;
    size_t n;

    found = gonet_resolver_lookup_host(&resolver, NULL, "both.test", &n, &p->err);
    gonet_free(found);
    STEP(p, p->err == NULL);
    check_both(n);
done:;
}

/* Over TCP, because the answer over UDP is cut. */
static void cut(run_t *r)
{
    part_t *p = &r->body;
    gonet_ip_t *found;
    size_t n;

    found = gonet_resolver_lookup_ip(&resolver, NULL, "ip", "tc.test", &n, &p->err);
    gonet_free(found);
    STEP(p, p->err == NULL);
    check_both(n);
done:;
}

static void records(run_t *r)
{
    part_t *p = &r->body;
    gonet_txt_t *found;
    size_t n;

    found = gonet_resolver_lookup_txt(&resolver, NULL, "text.test", &n, &p->err);
    gonet_free(found);
    STEP(p, p->err == NULL);
    CHECK_INT(n, 1);
done:;
}

static gonet_conn_t *dial_server(void *arg, gonet_context_t *ctx, const char *network,
                                 const char *address, gonet_error_t **err)
{
    (void)arg;
    return gonet_dialer_dial_context(NULL, ctx, network, address, err);
}

static void own_dial(run_t *r)
{
    part_t *p = &r->body;
    gonet_resolver_t own = {.dial = dial_server, .servers = resolver.servers, .prefer_go = true};
    gonet_ip_t *found;
    size_t n;

    found = gonet_resolver_lookup_ip(&own, NULL, "ip4", "four.test", &n, &p->err);
    gonet_free(found);
    STEP(p, p->err == NULL);
    CHECK_INT(n, 1);
done:;
}

/* By getaddrinfo, on a thread of the pool. */
static void by_libc(run_t *r)
{
    part_t *p = &r->body;
    gonet_resolver_t libc = {.prefer_go = false};
    const char **found;
    size_t n;

    found = gonet_resolver_lookup_host(&libc, NULL, "localhost", &n, &p->err);
    gonet_free((void *)found);
    STEP(p, p->err == NULL);
done:;
}

/* ---- interfaces ---- */

static void interfaces(run_t *r)
{
    part_t *p = &r->body;
    gonet_interface_t *all, one, same;
    gonet_addr_t *addrs;
    size_t n;

    STEP(p, (all = gonet_interfaces(&n, &p->err)) != NULL);
    one = all[0];
    gonet_free(all);
    STEP(p, gonet_interface_by_name(one.name, &same, &p->err) == 0);
    STEP(p, (addrs = gonet_interface_addrs(&n, &p->err)) != NULL);
    gonet_free(addrs);
    STEP(p, (addrs = gonet_interface_unicast_addrs(&one, &n, &p->err)) != NULL);
    gonet_free(addrs);
    STEP(p, (addrs = gonet_interface_multicast_addrs(&one, &n, &p->err)) != NULL);
    gonet_free(addrs);
done:;
}

/* ---- dialing by name ---- */

/* The name is in the hosts file; if that can't be read, there is nobody else to ask. */
/* The name comes from the hosts file; a machine without one gets a literal. */
static const char *own_name(void)
{
    FILE *f = fopen("/etc/hosts", "re");
    char line[256];
    bool found = false;

    while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
        found = line[0] != '#' && strstr(line, "localhost") != NULL;
    if (f != NULL)
        fclose(f);
    if (!found)
        printf("no localhost in the hosts file: dials an address instead of a name\n");
    return found ? "localhost" : "127.0.0.1";
}

static const char *dialed;

static void by_name(run_t *r)
{
    part_t *p = &r->body;
    gonet_context_t *ctx = gonet_context_with_timeout(NULL, GONET_HOUR);
    gonet_resolver_t nobody = {.servers = "127.0.0.1:1"};
    gonet_dialer_t d = {.timeout = GONET_HOUR, .resolver = &nobody};
    gonet_listener_t *l = NULL;
    gonet_conn_t *a = NULL, *b = NULL;
    char text[64];

    STEP(p, (l = gonet_listen("tcp", "127.0.0.1:0", &p->err)) != NULL);
    STEP(p, gonet_listener_set_deadline(l, LATER, &p->err) == 0);
    if (gonet_listener_addr(l) == NULL)
        p->err = gonet_error_new("no address");
    STEP(p, gonet_listener_addr(l) != NULL);
    snprintf(text, sizeof(text), "%s:%d", dialed, gonet_addr_as_tcp(gonet_listener_addr(l))->port);
    STEP(p, (a = gonet_dialer_dial_context(&d, ctx, "tcp", text, &p->err)) != NULL);
    STEP(p, (b = gonet_listener_accept(l, &p->err)) != NULL);
done:
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_listener_free(l);
    gonet_context_free(ctx);
}

int main(int argc, char **argv)
{
    static const scenario_t scenarios[] = {
        {.name = "hosts", .run = hosts},
        {.name = "cut", .run = cut},
        {.name = "records", .run = records},
        {.name = "own dial", .run = own_dial},
        {.name = "libc",
         .run = by_libc,
         .also = "resource temporarily unavailable|operation not permitted"},
        /* netlink's socket waits by itself: it has no EAGAIN */
        {.name = "interfaces",
         .run = interfaces,
         .also = "netlinkrib: resource temporarily unavailable"},
        {.name = "dial by name", .run = by_name, .also = "connection refused"},
    };
    int failed, input, status;
    pid_t pid;

    if (argc == 2 && strcmp(argv[1], "--serve") == 0)
        return serve();
    setenv("GONETDEBUG", "netdns=cgo", 1); /* of the resolvers without servers */
    dialed = own_name();
    pid = start_server(argv[0], &input);
    failed = scenarios_run(scenarios, sizeof(scenarios) / sizeof(scenarios[0]), argc, argv);
    close(input);
    waitpid(pid, &status, 0);
    return failed;
}
