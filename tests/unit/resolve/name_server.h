/*
 * A name server in a thread of the test, on a loopback port of its own, over UDP and TCP. The first
 * label of a name says what it does: "silent" names are not answered, "held" ones when the test
 * says so (name_server_release), "slow" ones after 200 ms,
 * "tc" ones are cut over UDP, "tcsilent" ones not answered over TCP, "tcsilentslow" ones cut after
 * 200 ms, "nx" ones don't exist, "servfail" and "refused" ones get that code, "pair" ones are
 * answered when two questions have come. Of "once" ones only the first from each port is answered,
 * of "dead" ones none from the port that the first of them came from. Before the answer of
 * "wrongid" comes one with another id, and so on for "wrongport", "garbage", "noqr", "othername".
 * "big" ones have 100 IPv4 addresses, whether they fit or not. All others have an address of each
 * kind, a text and three mail servers.
 */
#ifndef TESTS_UNIT_RESOLVE_NAME_SERVER_H
#define TESTS_UNIT_RESOLVE_NAME_SERVER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct name_server name_server_t;

/* A question as it came. */
typedef struct {
    char name[64];
    unsigned type;
    uint16_t id, flags;
    uint16_t port; /* the asker's */
    bool tcp;
    bool plain; /* no OPT record; else it is as Go's */
} name_question_t;

/* name_server_start starts one; *text is its address, valid until name_server_stop. */
name_server_t *name_server_start(const char **text);

/* name_server_count tells how many questions it has seen so far. */
int name_server_count(name_server_t *s);

/* name_server_question returns the i-th question since the start or the last name_server_forget,
 * which forgets the ports, too. */
name_question_t name_server_question(name_server_t *s, int i);
void name_server_forget(name_server_t *s);

/* name_server_release answers the held questions that have come. */
void name_server_release(name_server_t *s);

void name_server_stop(name_server_t *s);

#endif
