/*
 * What the parts of the schedules of test_moves.c share: the mover, which is a task or a thread
 * that does things to the scheduler between its calls, and knows what must not change meanwhile.
 */
#ifndef TESTS_STRESS_MOVES_H
#define TESTS_STRESS_MOVES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "stress/stress.h"

/* What holds for all of a schedule; written before it begins. */
typedef struct {
    bool steady; /* the number of workers stays, and is two or more */
    int workers; /* else at most so many */
} moves_plan_t;

extern moves_plan_t moves_plan;

typedef struct {
    schedule_t *schedule;
    dice_t dice;
    bool task;     /* or a thread */
    unsigned pins; /* how often it is pinned */
    pid_t thread;  /* then: where */
    int mark;      /* its errno */
} mover_t;

/* mover_begin is called by the actor itself. */
void mover_begin(mover_t *m, schedule_t *s, uint64_t seed);

/* mover_end leaves pins in place, or not. */
void mover_end(mover_t *m);

/* mover_mark sets errno to something; mover_same checks that it is still that after a call that
 * has not failed, and mover_here that a pinned task is where it was. */
void mover_mark(mover_t *m);
void mover_same(mover_t *m);
void mover_here(mover_t *m);

/* mover_pause does something at random: yields, sleeps, computes, pins or unpins itself, changes
 * the number of workers, lists the tasks. */
void mover_pause(mover_t *m);

/* mover_pauses pauses fewer than n times. */
void mover_pauses(mover_t *m, unsigned n);

/* mover_cancelled checks that a call may have ended by gonet_shutdown. */
void mover_cancelled(mover_t *m);

/* mover_deadline returns one that is past, soon, or that never comes. */
gonet_time_t mover_deadline(mover_t *m);

/* An actor of a part with several, which share an object. */
enum { MEMBERS = 8 };

typedef struct {
    void *object;
    uint64_t seed;
} member_t;

void start_member(schedule_t *s, member_t *p, void *object, void (*fn)(void *arg));

/* A part of a schedule: start makes its objects and its actors, and finish looks, when all have
 * ended, whether the model holds, and frees the objects. */
typedef struct {
    void *(*start)(schedule_t *s);
    void (*finish)(void *part);
} moves_kind_t;

extern const moves_kind_t moves_flow;   /* a channel: all that is sent arrives */
extern const moves_kind_t moves_market; /* channels with select, deadlines and a close */
extern const moves_kind_t moves_scope;  /* contexts */
extern const moves_kind_t moves_link;   /* a connection, and others who move its deadlines */
extern const moves_kind_t moves_ball;   /* connections on which a byte goes to and fro */
extern const moves_kind_t moves_doze;   /* a read that only a moved deadline ends */
extern const moves_kind_t moves_store;  /* a mutex and a condition */
extern const moves_kind_t moves_family; /* tasks that start tasks, and wait for them */
extern const moves_kind_t moves_holder; /* a task that holds its worker until another has gone on */
extern const moves_kind_t moves_abide;  /* waits that only gonet_shutdown ends */

#endif
