/*
 * A shared library that knows nothing of tasks, and calls back. Each function returns whether it
 * found after the call what it had left before.
 */
#ifndef PIN_LIBRARY_H
#define PIN_LIBRARY_H

#include <stdbool.h>

#pragma GCC visibility push(default)

/* A thread-local variable, used in a loop around the call. */
bool library_word(void (*call)(void));

/* errno, as it is without gonet's headers. */
bool library_errno(void (*call)(void));

/* What is current in the thread: OpenGL, Python, SQLite. */
bool library_current(void (*call)(void));

#pragma GCC visibility pop

#endif
