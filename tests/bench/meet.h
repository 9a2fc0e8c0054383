/*
 * Tasks that begin on different workers, whatever the scheduler likes to do with them: what they
 * cost each other is measured. How that is made so is told in meet.c. One meeting at a time, called
 * from a plain thread.
 */
#ifndef BENCH_MEET_H
#define BENCH_MEET_H

/*
 * meet_gather starts count tasks, dealt out to the workers like cards: task i begins on worker
 * i % workers. Returns when all have begun and wait, on each worker one of them holding it. Then
 * meet_go lets them call fn(i), and meet_end waits until each has returned. Ends the program if the
 * tasks can't be brought to begin where they should.
 */
void meet_gather(long count, void (*fn)(long index));
void meet_go(void);
void meet_end(void);

/* meet_workers returns the number of workers. */
long meet_workers(void);

/* meet_here returns the number of the worker that the calling task runs on; -1: none of them. */
int meet_here(void);

/* meet_print prints, in one line without its end, how many tasks of the last meeting began on each
 * worker, and how many ended on another one than where they had begun. */
void meet_print(void);

#endif
