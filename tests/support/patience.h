/*
 * Patience: how long the tests wait for what must come. The program that runs a test (watch.c)
 * measures the time that the test has used itself, and tells it by SIGXCPU when there is none left.
 * Nothing here looks at a clock, so nothing fails only because the machine is busy; without watch.c
 * a test waits for ever, until somebody sends it the signal.
 */
#ifndef TESTS_SUPPORT_PATIENCE_H
#define TESTS_SUPPORT_PATIENCE_H

#include <stdbool.h>

/* check_patience is true until this program has been given up. Any thread or task. */
bool check_patience(void);

/* check_others_sleep says whether no thread of the process runs but the caller's. */
bool check_others_sleep(void);

/* patience_watch starts a thread that waits until the program has been given up, lets those who ask
 * check_patience go first, calls say, which tells what hangs, and aborts. Once a program. */
void patience_watch(void (*say)(void));

#endif
