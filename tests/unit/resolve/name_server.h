/*
 * A name server in a thread of the test, on a loopback port of its own, over UDP and TCP. The first
 * label of a name says what it does: "silent" names are not answered, "slow" ones after 200 ms,
 * "tc" ones are cut over UDP, "nx" ones don't exist; all others have an address of each kind.
 */
#ifndef TESTS_UNIT_RESOLVE_NAME_SERVER_H
#define TESTS_UNIT_RESOLVE_NAME_SERVER_H

typedef struct name_server name_server_t;

/* name_server_start starts one; *text is its address, valid until name_server_stop. */
name_server_t *name_server_start(const char **text);

/* name_server_count tells how many questions it has seen so far. */
int name_server_count(name_server_t *s);

void name_server_stop(name_server_t *s);

#endif
