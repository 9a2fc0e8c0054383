/*
 * The claim word of a task (wait.h, wait.c): a number, one higher for each wait, and a state. A task waits
 * twice, with a deadline or without, for somebody who claims; time may come instead, or gonet_shutdown.
 * The timer of one wait stays where it is, and may fire in a later one. By these two a wait may be ended
 * when `until` is set, not before: until then the task may change its mind and not park.
 *
 * Each wait is ended once and its task woken once, if it parks; a wait expires only if its own time has come.
 *
 * BROKEN NONUMBER: the word is the state alone
 * BROKEN UNTILFIRST: who looks reads `until` before the word
 * BROKEN WORDFIRST: a wait begins with the word, and forgets the last one's `until` after that
 * BROKEN NOUNTIL: who looks does not ask whether `until` is set
 */
#define WAITS 2
#define NEVER 3                 /* `until` without a deadline */
mtype = { WAITING, CLAIMED, EXPIRED, INTERRUPTED };

byte number, until, now;        /* the time is 0 or 1; a deadline is 1 or 2, which never comes */
mtype state = CLAIMED;
byte queued;                    /* the primitive: the number of the wait that is in it, 0: none */
byte wakes;                     /* of a task that parks, or is about to */
bool timer_set, lock, over;

/* One compare and exchange of the whole word. */
inline finish(n, how, ok) {
    atomic {
        if
#ifdef NONUMBER
        :: state == WAITING -> state = how; ok = true
#else
        :: number == n && state == WAITING -> state = how; ok = true
#endif
        :: else -> ok = false
        fi
    }
}

inline acquire() { atomic { !lock -> lock = true } }

active proctype task() {
    byte n, deadline;
    bool ok;

    do
    :: n == WAITS -> break
    :: n < WAITS ->
        n++;
        assert(wakes == 0);
#ifdef WORDFIRST
        atomic { number = n; state = WAITING };
        until = 0;
#else
        until = 0;
        atomic { number = n; state = WAITING };
#endif
        acquire(); queued = n; lock = false;
        if :: deadline = NEVER :: deadline = 1 :: deadline = 2 fi;
        if                      /* it does not park after all: too late already, or so */
        :: finish(n, INTERRUPTED, ok);
            if :: ok -> goto leave :: else fi
        :: skip
        fi;
        until = deadline;
        if :: deadline != NEVER -> timer_set = true :: else fi;
        wakes > 0 -> wakes--;   /* parked */
        assert(number == n && state != WAITING);
        assert(state != EXPIRED || (deadline != NEVER && deadline <= now));
leave:
        acquire(); queued = 0; lock = false
    od;
    assert(wakes == 0);
    over = true
}

active proctype claimer() {
    bool ok;

end: do
    :: atomic { queued != 0 && !lock -> lock = true };
        if
        :: queued != 0 ->
            finish(queued, CLAIMED, ok);
            queued = 0;
            if :: ok -> wakes++ :: else fi
        :: else
        fi;
        lock = false
    od
}

/* Who ends the wait that there is, whatever it is for. */
inline look(n, u, is) {
#ifdef UNTILFIRST
    u = until;
    atomic { n = number; is = state == WAITING };
#else
    atomic { n = number; is = state == WAITING };
    u = until;
#endif
#ifndef NOUNTIL
    is = is && u != 0
#endif
}

active proctype timer() {
    byte n, u;
    bool is, ok;

end: do
    :: atomic { timer_set -> timer_set = false };
        look(n, u, is);
        if
        :: is && u <= now ->
            finish(n, EXPIRED, ok);
            if :: ok -> wakes++ :: else fi
        :: is && u > now && u != NEVER && now == 0 -> timer_set = true
        :: else
        fi
    :: now == 0 -> now = 1
    od
}

active proctype shutdown() {
    byte n, u;
    bool is, ok;

    look(n, u, is);
    if
    :: is ->
        finish(n, INTERRUPTED, ok);
        if :: ok -> wakes++ :: else fi
    :: else
    fi
}
