/*
 * What tasks and threads are called: by a name that was given, by their functions, static ones too.
 */
#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet/chan.h"
#include "gonet/task.h"
#include "runtime/sched/task.h"
#include "support/actor.h"
#include "support/leak.h"

typedef struct {
    gonet_chan_t *end;
    atomic_int waiting;
} scene_t;

/* Waits until the list has the text in a task's line (from "task " to the line's end). */
static bool comes(const char *want)
{
    bool found = false;

    while (!found && check_patience()) {
        char *text = actor_dump(), *line = text, *next;

        for (; *line != '\0' && !found; line = next) {
            next = strchr(line, '\n');
            *next++ = '\0';
            found = strncmp(line, "task ", 5) == 0 && strstr(line, want) != NULL;
        }
        free(text);
        check_pause();
    }
    return found;
}

static void a_static_function(void *arg)
{
    scene_t *s = arg;

    atomic_fetch_add(&s->waiting, 1);
    (void)gonet_chan_recv(s->end, NULL);
    atomic_fetch_sub(&s->waiting, 1);
}

static void renames_itself(void *arg)
{
    scene_t *s = arg;

    CHECK(gonet_set_task_name("first") == 0);
    CHECK(gonet_set_task_name("second") == 0);
    a_static_function(s);
}

static void loses_its_name(void *arg)
{
    CHECK(gonet_set_task_name(NULL) == 0 && gonet_set_task_name(NULL) == 0);
    a_static_function(arg);
}

static void end_scene(scene_t *s)
{
    gonet_chan_close(s->end);
    AWAIT(atomic_load(&s->waiting) == 0);
    AWAIT(gonet_num_task() <= 1);
    gonet_chan_free(s->end);
}

static void names_are_listed(void *arg)
{
    scene_t s = {.end = gonet_chan_new(0, 0)};
    char name[80] = "backend ", longest[128];

    (void)arg;
    memset(name + 8, 'x', 70);
    REQUIRE(s.end != NULL);
    REQUIRE(gonet_go(a_static_function, &s) == 0);
    REQUIRE(gonet_go_named(a_static_function, &s, "the one") == 0);
    REQUIRE(gonet_go_named(a_static_function, &s, name) == 0);
    REQUIRE(gonet_go_named(a_static_function, &s, "two\nlines\t\x7f") == 0);
    REQUIRE(gonet_go_named(renames_itself, &s, "born so") == 0);
    REQUIRE(gonet_go_named(loses_its_name, &s, "lost") == 0);
    AWAIT(atomic_load(&s.waiting) == 6);
    CHECK(comes(" a_static_function [chan receive, "));
    CHECK(comes(" the one (a_static_function) [chan receive, "));
    snprintf(longest, sizeof(longest), " %.63s (a_static_function) [", name);
    CHECK(comes(longest));
    CHECK(comes(" two?lines?? (a_static_function) ["));
    CHECK(comes(" second (renames_itself) [chan receive, "));
    CHECK(comes(" loses_its_name [chan receive, "));
    end_scene(&s);
}

static void says_its_name(void *arg)
{
    char *text = actor_dump();

    CHECK(strstr(text, " busy (says_its_name) [running]\n") != NULL);
    free(text);
    *(atomic_bool *)arg = true;
}

static void a_running_task_has_one(void *arg)
{
    atomic_bool over = false;

    (void)arg;
    REQUIRE(gonet_go_named(says_its_name, &over, "busy") == 0);
    AWAIT(atomic_load(&over));
    CHECK(gonet_set_task_name("a thread has none, or this task") == 0);
    CHECK(gonet_set_task_name(NULL) == 0);
    AWAIT(gonet_num_task() <= 1);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void without_memory(void *arg)
{
    (void)arg;
    for (int n = 1; n < 50; n++) {
        bool failed;
        int r;

        gonet__alloc_fail_at(n, 0);
        r = gonet_go_named(nothing, NULL, "name");
        failed = gonet__alloc_failed() > 0;
        gonet__alloc_fail_at(0, 0);
        if (!failed && CHECK(r == 0))
            break;
        CHECK(r == 0 || errno == ENOMEM); /* others allocate, too */
    }
    if (gonet__task_current() != NULL) {
        CHECK(gonet_set_task_name("kept") == 0);
        gonet__alloc_fail_at(1, 0);
        CHECK(gonet_set_task_name("lost") == -1 && errno == ENOMEM);
        gonet__alloc_fail_at(0, 0);
        CHECK(comes(" kept ("));
    }
    AWAIT(gonet_num_task() <= 1);
}

/* ---- names that change while they are read, and end ---- */

static atomic_bool stop;

static void keeps_renaming(void *arg)
{
    char name[32];

    for (int i = 0; !atomic_load(&stop); i++) {
        snprintf(name, sizeof(name), "round %d", i);
        CHECK(gonet_set_task_name(i % 3 == 0 ? NULL : name) == 0);
        if (i % 64 == 0)
            gonet_yield();
        atomic_fetch_add((atomic_int *)arg, 1);
    }
}

static void keeps_ending(void *arg)
{
    while (!atomic_load(&stop)) {
        CHECK(gonet_go_named(nothing, NULL, "short") == 0);
        gonet_yield();
        atomic_fetch_add((atomic_int *)arg, 1);
    }
}

static void reading_disturbs_nobody(void **state)
{
    actor_t actor[3];
    atomic_int renamed = 0, ended = 0;
    int dumps = 0;

    (void)state;
    atomic_store(&stop, false);
    actor_start(&actor[0], BY_TASK, keeps_renaming, &renamed);
    actor_start(&actor[1], BY_TASK, keeps_renaming, &renamed);
    actor_start(&actor[2], BY_TASK, keeps_ending, &ended);
    while ((atomic_load(&renamed) < 1000 || atomic_load(&ended) < 100 || dumps < 50) &&
           check_patience()) {
        free(actor_dump());
        dumps++;
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 3; i++)
        actor_join(&actor[i]);
    AWAIT(gonet_num_task() == 0);
    check_report();
}

/* ---- threads ---- */

/* How many threads of this process are called so. */
static int threads_called(const char *want)
{
    DIR *dir = opendir("/proc/self/task");
    const struct dirent *entry;
    int n = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[300], name[32] = "";
        FILE *f;

        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
        f = fopen(path, "r");
        if (f == NULL)
            continue;
        if (fgets(name, sizeof(name), f) != NULL)
            name[strcspn(name, "\n")] = '\0';
        fclose(f);
        n += strcmp(name, want) == 0;
    }
    if (dir != NULL)
        closedir(dir);
    return n;
}

static void *in_pool(void *arg)
{
    CHECK(threads_called("gonet-pool") > 0);
    return arg;
}

static void asks_the_pool(void *arg)
{
    CHECK(gonet_blocking(in_pool, arg) == arg);
}

static void threads_have_names(void **state)
{
    actor_t actor;

    (void)state;
    (void)gonet_set_max_procs(3);
    actor_start(&actor, BY_TASK, asks_the_pool, NULL);
    AWAIT(threads_called("gonet-1") == 1 && threads_called("gonet-2") == 1 &&
          threads_called("gonet-3") == 1 && threads_called("gonet-monitor") == 1);
    actor_join(&actor);
    check_report();
}

#define BOTH(body)                           \
    static void body##_tested(void **state)  \
    {                                        \
        (void)state;                         \
        actor_run_test(TASKS, body, NULL);   \
        actor_run_test(THREADS, body, NULL); \
    }
BOTH(names_are_listed)
BOTH(a_running_task_has_one)
BOTH(without_memory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(names_are_listed_tested), LEAK_TEST(a_running_task_has_one_tested),
        LEAK_TEST(without_memory_tested),   LEAK_TEST(reading_disturbs_nobody),
        LEAK_TEST(threads_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
