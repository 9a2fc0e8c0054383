/*
 * A function that moves between two threads whenever it wants to, by the library's own switch.
 */
#ifndef MOVE_H
#define MOVE_H

/* move_run runs fn to its end; it begins in the first thread. */
void move_run(void (*fn)(void));

/* move, in fn: go on in the other thread. */
void move(void);

/* What the thread in which fn runs has told of itself: where its errno and its words of here.h are,
 * and what the latter say that it is. */
int *move_errno(void);
void *move_words(void);
void *move_worker(void);

#endif
