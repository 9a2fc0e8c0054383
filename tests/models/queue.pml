/*
 * A run queue between its owner, who uses no atomic operation, and two others who seize it (queue.h).
 *
 * The owner's store to `busy` may stay in its processor for any time, while its next load, of `seized`,
 * is done already: `late` says that it is there. The barrier of the one who seizes brings it out. The
 * list itself is three tasks, linked by next; each must run exactly once.
 *
 * RIGHT FENCED: no system call for the barrier; the owner has its own
 * RIGHT LATER: the system call is refused from some moment on; the owner has its own when it has seen that
 * BROKEN NOBARRIER: nobody brings the store out
 * BROKEN NOWAIT: who seizes does not look whether the owner is busy
 * BROKEN NOLOOK: the owner does not look whether somebody has it
 * BROKEN NOAGAIN: the owner has waited, and goes on as if it still were busy
 * BROKEN UNSEEN: refused, and who seizes does not look whether the owner has seen that
 */
#ifdef UNSEEN
#define LATER
#endif
#define TASKS 3

bool busy, late, seized;
bool refused, seen;             /* the barrier, and the owner knows */
bool owner_in, other_in;        /* for the assertions: who is at the list */
byte head, tail, next[4];       /* 0: none */
byte ran[4];

inline barrier() { atomic { if :: late -> late = false; busy = true :: else fi } }

inline enter() {
    do
    :: late = true;             /* busy = true, maybe later */
#ifdef FENCED
        barrier();
#endif
#ifdef LATER
        if                      /* it is told by the word that tells that somebody has it */
        :: refused -> seen = true; barrier()
        :: else
        fi;
#endif
#ifndef NOLOOK
        if
        :: !seized -> break
        :: else ->
            atomic { late = false; busy = false };
            !seized
#ifdef NOAGAIN
            ; break
#endif
        fi
#else
        break
#endif
    od;
    owner_in = true;
    assert(!other_in)
}

/* Released: what was done to the list is seen by who sees this. */
inline leave() { owner_in = false; atomic { late = false; busy = false } }

inline append(t) {
    next[t] = 0;
    if :: tail == 0 -> head = t :: else -> next[tail] = t fi;
    tail = t
}

inline first(t) {
    t = head;
    if
    :: t != 0 ->
        head = next[t];
        if :: head == 0 -> tail = 0 :: else fi
    :: else
    fi
}

active proctype owner() {
    byte made, t;

    do
    :: made < TASKS -> made++; enter(); append(made); leave()
    :: enter(); first(t); leave();
        if
        :: t != 0 -> ran[t]++
        :: t == 0 && made == TASKS -> break
        :: else
        fi
    od
}

active [2] proctype other() {
    byte t;

    if                          /* another is at it: now is not the time */
    :: atomic { !seized -> seized = true }
    :: atomic { seized -> goto out }
    fi;
#if defined(LATER)
    if
    :: seen
    :: !seen && !refused -> barrier()
#ifdef UNSEEN
    :: !seen -> refused = true
#else
    :: !seen -> refused = true; goto release
#endif
    fi;
#elif !defined(NOBARRIER) && !defined(FENCED)
    barrier();
#endif
#ifndef NOWAIT
    if
    :: !busy
    :: busy -> goto release     /* patience may end at any time */
    fi;
#endif
    other_in = true;
    assert(!owner_in);
    first(t);                   /* the cut, of one */
    if :: t != 0 -> ran[t]++ :: else fi;
    other_in = false;
release:
    seized = false;
out: skip
}

/* The owner's processor, which brings the store out when it likes. */
active proctype processor() {
end: do
    :: atomic { late -> late = false; busy = true }
    od
}

active proctype judge() {
    timeout;
    assert(ran[1] == 1 && ran[2] == 1 && ran[3] == 1)
}
