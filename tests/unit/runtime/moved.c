/*
 * Code that moves to another thread while it uses errno, as programs write it, and the runtime's
 * words: compiled in many ways. moved.list names the functions; each counts what was the other
 * thread's.
 *
 * The addresses and values to compare with come from functions that the compiler doesn't know.
 */
#ifdef MOVED_LIBC
#include <errno.h>
#else
#include "gonet/errno.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif
#include "move.h"

#ifndef MOVED_NAME
#define MOVED_NAME moved
#endif
int MOVED_NAME(void);

/* The usual loop: try, wait, again. */
static int errno_in_loop(void)
{
    int wrong = 0;

    for (int i = 0; i < 6; i++) {
        *move_errno() = 100 + i;
        if (errno != 100 + i)
            wrong++;
        move();
    }
    return wrong;
}

static int errno_in_a_row(void)
{
    int wrong = 0;

    *move_errno() = 1;
    wrong += errno != 1;
    move();
    *move_errno() = 2;
    wrong += errno != 2;
    move();
    *move_errno() = 3;
    wrong += errno != 3;
    return wrong;
}

static int errno_is_set(void)
{
    int wrong = 0;

    errno = 5;
    move();
    for (int i = 0; i < 5; i++) {
        *move_errno() = 77;
        errno = 0;
        if (*move_errno() != 0)
            wrong++;
        move();
    }
    return wrong;
}

static int errno_is_taken_where_it_is(void)
{
    int wrong = 0;

    for (int i = 0; i < 5; i++) {
        if (&errno != move_errno())
            wrong++;
        move();
    }
    return wrong;
}
#ifdef __cplusplus
}
#else
#include "runtime/ground/here.h"

static int words_in_loop(void)
{
    int wrong = 0;

    for (int i = 0; i < 6; i++) {
        if ((void *)gonet__local() != move_words() || (void *)gonet__here() != move_worker())
            wrong++;
        move();
    }
    return wrong;
}

/* An even number of turns: each thread's word is counted up as often. */
static int words_are_counted(void)
{
    unsigned first, second;

    gonet__local()->ticks = 0;
    move();
    gonet__local()->ticks = 0;
    move();
    for (int i = 0; i < 10; i++) {
        gonet__local()->ticks++;
        move();
    }
    first = gonet__local()->ticks;
    move();
    second = gonet__local()->ticks;
    move();
    return (first != 5) + (second != 5);
}
#endif

int MOVED_NAME(void)
{
    int wrong = errno_in_loop() + errno_in_a_row() + errno_is_set() + errno_is_taken_where_it_is();

#ifndef __cplusplus
    wrong += words_in_loop() + words_are_counted();
#endif
    return wrong;
}
