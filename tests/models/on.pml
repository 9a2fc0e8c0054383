/*
 * Leaving a stack (task.c, resume.h). Two workers, three tasks that never end: each yields, or says that
 * it waits, wakes one that does, and parks. So a task may be in a queue while it still stands on its
 * stack. A parking task takes the first of the queue and switches to it; if that is still on, it leaves
 * for the scheduler instead. The scheduler waits for a task to be off, and takes over from the other queue
 * when its own is empty. What is done in a queue is one step here; see queue.pml.
 *
 * No two processors are on one stack, and the workers never both wait for ever.
 *
 * BROKEN WAITS: a parking task waits for the other to leave
 * BROKEN BLIND: a parking task does not look whether the other is on
 * BROKEN BLINDSCHED: the scheduler does not
 * BROKEN EARLY: a task says that it is off before it has left
 */
#define TASKS 3

chan queue[2] = [TASKS] of { byte };
bool on[TASKS + 1], waits[TASKS + 1];
byte cpus[TASKS + 1];           /* how many are on this stack; 0, the scheduler's, is not counted */

/* Wakes t, if it waits: it becomes runnable where its waker runs. */
inline wake(t) {
    if
    :: atomic { t != cur && waits[t] -> waits[t] = false; queue[me]!t }
    :: atomic { t == cur || !waits[t] -> skip }
    fi
}

/* From the stack of cur to that of next. */
inline switch_to() {
    atomic { if :: next != 0 -> on[next] = true :: else fi; left = cur };
#ifdef EARLY
    on[left] = false;
#endif
    atomic {
        cpus[cur]--;
        cpus[next]++;
        assert(next == 0 || cpus[next] == 1);
        cur = next
    };
    if :: left != 0 -> on[left] = false :: else fi  /* the first that is done on the new stack */
}

proctype worker(byte me; byte cur) {
    byte next, left;

    do
    :: cur == 0 ->
        if
        :: queue[me]?next
        :: atomic { empty(queue[me]) && nempty(queue[1 - me]) -> queue[1 - me]?next }
        fi;
#ifndef BLINDSCHED
        !on[next];
#endif
        switch_to()
    :: cur != 0 ->
        if
        :: waits[cur] = true; wake(1); wake(2); wake(3)
        :: queue[me]!cur        /* yields */
        fi;
        atomic {
            if
            :: empty(queue[me]) -> next = 0
            :: queue[me]?<next> ->
#if !defined(BLIND) && !defined(WAITS)
                if :: next != cur && on[next] -> next = 0 :: else -> queue[me]?next fi
#else
                queue[me]?next
#endif
            fi
        };
#ifdef WAITS
        (next == 0 || next == cur || !on[next]);
#endif
        if :: next != cur -> switch_to() :: else fi
    od
}

init {
    atomic {
        on[1] = true; on[2] = true; cpus[1] = 1; cpus[2] = 1; cpus[0] = 10;
        queue[0]!3;
        run worker(0, 1);
        run worker(1, 2)
    }
}
