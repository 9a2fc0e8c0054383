/*
 * How workers sleep and are woken (worker.c, steal.c, held.c, monitor.c). Two workers; a task that a thread
 * posts to either, and an event of a descriptor in the loop of worker 0. Whoever runs a task may be held by
 * it, once, for ever or for a while, after it has made another one runnable, and has called a sleeper or
 * not: it may not be eager, or miss him, since it looks without a fence. Nobody is bound to steal from a worker
 * that is not held, and nobody does from one that is in no task: that runs what it has itself while the thief
 * still watches it.
 *
 * All tasks run in the end, though one worker may never come back.
 *
 * BROKEN NOLOOK: no last look at the inbox before the sleep
 * BROKEN WAKEFIRST: who posts looks at `sleeping` before the task is in the inbox
 * BROKEN NOTELL: who wakes does not tell the monitor
 * BROKEN RESTBLIND: the monitor rests without looking once more whether all sleep
 * BROKEN NOCALL: the monitor calls nobody for what lies with a held worker
 * BROKEN NOREARM: who is about to sleep does not ask to be told of the loop of a held worker
 * BROKEN SLEEPFIRST: a worker says that it sleeps before it has taken its loop back
 */
byte queue[2], inbox[2], made = 2, done;
bool sleeping[2], event[2], fd;         /* fd: of the loop of worker 0 */
bool locked[2], held[2], watched[2];    /* the loop; watched: by the monitor, until the next event */
bool inside[2], was_held;               /* a task has the worker; has had one for long */
bool rests, told;

inline wake(w) {
    if
    :: sleeping[w] -> atomic { if :: sleeping[w] -> sleeping[w] = false; event[w] = true :: else fi }
    :: else
    fi
}

/* One run of the loop of w, by whoever has it: what comes up is the caller's. */
inline run_loop(w, by) {
    atomic { event[w] = false; if :: w == 0 && fd -> fd = false; queue[by]++ :: else fi }
}

inline take_loop() {
    atomic { !locked[me] -> locked[me] = true };
    atomic { if :: held[me] -> held[me] = false; watched[me] = false :: else fi }
}

inline run_task() {
    done++;
    if
    :: atomic { !was_held -> was_held = true; made++ };
        queue[me]++;
        if :: sleeping[1 - me] -> wake(1 - me) :: true fi;
        if :: true -> end_held: false :: true fi    /* it ends sometime, or never */
    :: true
    fi;
    inside[me] = false
}

proctype worker(byte me) {
    byte you = 1 - me;

    do
    :: atomic { queue[me] > 0 -> queue[me]--; inside[me] = true }; run_task()
    :: queue[me] == 0 && inbox[me] > 0 -> atomic { queue[me] = queue[me] + inbox[me]; inbox[me] = 0 }
    :: queue[me] == 0 && inbox[me] == 0 ->
        if
        :: atomic { held[you] && !locked[you] -> locked[you] = true };
            if :: held[you] -> run_loop(you, me) :: else fi;
            locked[you] = false
        :: atomic { !held[you] || locked[you] -> skip }
        fi;
        if
        :: atomic { queue[you] > 0 && (held[you] || inside[you]) -> queue[you]--; queue[me]++ }
        :: !held[you]           /* not worth it */
        :: atomic { held[you] && queue[you] == 0 -> queue[me] = queue[me] + inbox[you]; inbox[you] = 0 }
        fi;
        if :: queue[me] > 0 -> take_loop(); run_loop(me, me); locked[me] = false; goto again :: else fi;
#ifdef SLEEPFIRST
        sleeping[me] = true;
#endif
        take_loop();
#ifndef SLEEPFIRST
        sleeping[me] = true;
#endif
#ifndef NOREARM
        if
        :: atomic { held[you] && !locked[you] -> watched[you] = true }
        :: !held[you]
        fi;
#endif
        if
#ifndef NOLOOK
        :: inbox[me] > 0
#endif
        :: else -> end_sleep: event[me] || (me == 0 && fd) /* asleep */
        fi;
        run_loop(me, me);
        locked[me] = false;
        sleeping[me] = false;
#ifndef NOTELL
        atomic { if :: rests -> rests = false; told = true :: else fi }
#endif
again: skip
    od
}

/* What a look at a worker finds; looks that find nothing are no steps. */
#define HOLDS(w) (inside[w] && !held[w] && !locked[w])
#define LIES(w)  (inside[w] && (queue[w] > 0 || inbox[w] > 0) && sleeping[1 - w])
#define EVENT(w) (watched[w] && (event[w] || (w == 0 && fd)))

proctype monitor() {
end: do
    :: atomic { HOLDS(0) -> held[0] = true; watched[0] = true }
    :: atomic { HOLDS(1) -> held[1] = true; watched[1] = true }
#ifndef NOCALL
    :: LIES(0) -> wake(1)
    :: LIES(1) -> wake(0)
#endif
    :: atomic { EVENT(0) -> watched[0] = false }; wake(1)
    :: atomic { EVENT(1) -> watched[1] = false }; wake(0)
    :: sleeping[0] && sleeping[1] ->
        rests = true;
        if
#ifndef RESTBLIND
        :: !sleeping[0] || !sleeping[1]
#endif
        :: else -> end_rest: told || EVENT(0) || EVENT(1)
        fi;
        rests = false;
        told = false
    od
}

proctype post(byte to) {
    bool slept = true;
#ifdef WAKEFIRST
    slept = sleeping[to];
#endif
    inbox[to]++;
    if :: slept -> wake(to) :: else fi
}

init {
    atomic {
        run worker(0); run worker(1); run monitor();
        if :: run post(0) :: run post(1) fi
    };
    fd = true
}

active proctype judge() {
    timeout;                            /* nobody has anything to do */
    assert(done == made)
}
