/*
 * A task that waits for a side of a descriptor (netpoll.c, watch.c): its slot, `armed` and the timer, each
 * changed on another worker: by the loop that watches, the heap's owner, who closes. The task reads two
 * bytes, and waits for each that is not there. What makes it go on is one of several things or two, any of
 * which must do: bytes, a deadline (there from the beginning, or set later), a close.
 *
 * It is never left parked. After a close neither the loop nor a heap knows the descriptor.
 *
 * BROKEN ARMEDFIRST: the task looks at `armed` before it is in the slot
 * BROKEN NOSECOND: the loop drops the interest without a second look at the slot
 * BROKEN TIMERFIRST: the task looks at its timer before it is in the slot
 * BROKEN FIRELATE: the timer looks at the slot before it has left the heap
 * BROKEN CHECKFIRST: the task looks at `closing` and the deadline before it is in the slot
 * BROKEN NOREMOVE: a task that has set its timer does not look whether it was closed meanwhile
 * BROKEN ARMCLOSED: a task arms without a look at `closing`
 */
mtype = { EMPTY, PARKED, READY };
mtype slot = EMPTY;
bool armed, want, lock, dirty;  /* of the descriptor, under its lock */
bool in_heap, heap_lock;        /* the timer, and its time; 0: about to fire, or in no heap */
byte time, deadline, now;       /* times are 1 and 2; deadline 0: none */
bool closing, taken, rechecks, woken, over, left;
byte data;

inline acquire(l) { atomic { !l -> l = true } }
inline mark_ready(again) { /* one of many succeeds */
    atomic { if :: slot == PARKED -> slot = READY; rechecks = again; woken = true :: else fi }
}
inline detach() {
    acquire(lock); want = false; armed = false; lock = false;
    acquire(heap_lock); in_heap = false; time = 0; heap_lock = false
}
inline arm() {
    if
    :: !armed ->
        acquire(lock);
#ifdef ARMCLOSED
        want = true; armed = true;
#else
        if :: !closing -> want = true; armed = true :: else fi;
#endif
        lock = false
    :: else
    fi
}
inline arm_timer() {
    d = deadline;
    if
    :: d != 0 && (time == 0 || time > d) ->
        acquire(heap_lock); time = d; in_heap = true; heap_lock = false;
#ifndef NOREMOVE
        if :: closing -> acquire(heap_lock); in_heap = false; time = 0; heap_lock = false :: else fi
#endif
    :: else
    fi
}
#define ENDS (closing || (deadline != 0 && deadline <= now))

proctype task() {
    byte got, d;
    bool ends;

    do
    :: got == 2 -> break
    :: got < 2 && data > 0 -> data--; got++
    :: got < 2 && data == 0 ->
again:
#ifdef CHECKFIRST
        ends = ENDS;
#endif
#ifdef TIMERFIRST
        arm_timer();
#endif
#ifdef ARMEDFIRST
        arm(); slot = PARKED;
#else
        slot = PARKED; arm();
#endif
#ifndef CHECKFIRST
        ends = ENDS;
#endif
        if :: atomic { ends && slot == PARKED -> slot = EMPTY }; break :: atomic { !ends || slot != PARKED } fi;
#ifndef TIMERFIRST
        arm_timer();
#endif
        atomic { woken -> woken = false };
        if
        :: atomic { slot == READY -> slot = EMPTY }
        :: else -> goto out     /* taken: not a look at the descriptor from here on */
        fi;
        if :: rechecks -> goto again :: else fi
    od;
    left = true;                /* the last reference, if it is closed */
out:
    over = true
}

proctype loop() {
end: do
    :: want && data > 0 && slot != READY && !dirty -> /* level triggered */
        if :: slot == EMPTY -> dirty = true :: else -> mark_ready(false) fi
    :: dirty ->
        dirty = false;
        acquire(lock);
        if
        :: want && slot == EMPTY ->
            armed = false;
#ifdef NOSECOND
            want = false
#else
            if :: slot != EMPTY -> armed = true :: else -> want = false fi
#endif
        :: else
        fi;
        lock = false
    od
}

proctype timer() {
    mtype seen;

end: do
    :: atomic { in_heap && time != 0 && time <= now && !heap_lock -> heap_lock = true };
        if
        :: in_heap && time != 0 && time <= now ->
#ifdef FIRELATE
            seen = slot; time = 0;
#else
            time = 0; seen = slot;
#endif
            in_heap = false;
            if
            :: seen == PARKED && deadline != 0 && deadline <= now -> mark_ready(true)
            :: seen == PARKED && deadline > now -> in_heap = true; time = deadline
            :: else
            fi
        :: else
        fi;
        heap_lock = false
    od
}

inline set_deadline() { /* moved forward: the task looks again */
    atomic { d = deadline; deadline = 1 };
    if :: d == 0 || d > 1 -> mark_ready(true) :: else fi
}
inline close() {
    closing = true;
    if
    :: atomic { slot != EMPTY -> taken = true; woken = true; slot = EMPTY }
    :: atomic { slot == EMPTY -> skip }
    fi;
    if :: taken :: left fi;
    detach();
    over;
    assert(!want && !armed && !in_heap)
}

init {
    byte d;

    atomic {
        if :: deadline = 2 :: deadline = 1 :: skip fi;
        if :: armed = true; want = true :: skip fi;
        run task(); run loop(); run timer()
    };
    if
    :: data++; data++
    :: deadline == 1 -> now = 1
    :: deadline != 1 -> now = 1; set_deadline()
    :: deadline != 1 -> set_deadline(); now = 1
    :: data++; set_deadline(); now = 1
    :: deadline == 1 -> data++; deadline = 2; now = 1; now = 2 /* moved away: nobody is told */
    :: close()
    :: data++; close()
    :: deadline == 1 -> now = 1; close()
    fi;
    over
}
