/*
 * Listening: which addresses a listener has, which ones exclude each other, and that a closed one
 * leaves its port free at once.
 */
#include <stdio.h>

#include "gonet/dial.h"
#include "support/actor.h"
#include "support/leak.h"

/* 8.17 */
static void relisten(void *arg)
{
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN] = "127.0.0.1:0";

    (void)arg;
    for (int i = 0; i < 20; i++) {
        gonet_listener_t *l = gonet_listen("tcp", text, &err);

        CHECK_ERROR(err, NULL);
        REQUIRE(l != NULL);
        gonet_addr_string(gonet_listener_addr(l), text, sizeof(text));
        CHECK(gonet_listener_close(l, NULL) == 0);
        gonet_listener_free(l);
    }
}

static void test_relisten_at_once(void **state)
{
    (void)state;
    for (int mode = 0; mode < ACTOR_MODES; mode++)
        actor_run_test((actor_mode_t)mode, relisten, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(test_relisten_at_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
