/*
 * Tasks: light-weight threads of control, Go's goroutines. Thousands of them share a few threads
 * (workers), each driving one event loop. A gonet call that has to wait parks the task that made
 * it; made from an ordinary thread, the same call blocks that thread. Nothing needs to be
 * initialised.
 *
 * Any worker runs any task: after a call that parks (or yields) a task may go on in another thread
 * than before, and tasks of one program run at the same time. What they share needs a lock, a
 * channel or atomics, and what belongs to a thread needs gonet_pin, which says what that is.
 *
 * A forked child has no tasks, and a runtime of its own, which starts when it is needed. With what
 * it inherits it may do this, whatever the parent's tasks and threads were doing with it; the
 * parent notices nothing:
 *
 *   listeners, connections   use, close, free. Both processes have the socket: what one accepts or
 *                            reads the other does not. A close or a deadline is the child's own.
 *   raw connections          likewise. A function that has the descriptor and forks may go on in
 *                            the child, and return, if a thread called it.
 *   in-memory pipes          use, close, free: the child's own pipe, with the same two ends.
 *   channels, select         use, close, free: the child's own channel, with what was stored;
 *                            nobody waits. One that another thread was changing at that very
 *                            moment is closed, and empty.
 *   contexts                 use, cancel, free: the child's own. A cancellation that was under way
 *                            may have come to some of the derived contexts only. Their functions
 *                            (gonet_context_after_func) and signals are the parent's. A function
 *                            that runs under one (gonet_context_run) goes on so.
 *   timers, tickers          use, reset, free: the child's own, with the same times. Functions of
 *                            gonet_after_func are called in the parent, unless the child resets
 *                            them.
 *   conditions               use: nobody waits.
 *   wait groups, groups,     use: the count is as it was; who was to bring it down is in the
 *   futures                  parent.
 *   mutexes of both kinds    use. Locked ones stay locked: the child unlocks what its own thread
 *                            had locked, and leaves alone what others had. Nobody waits.
 *   onces                    use: what another thread had begun, and not ended, begins anew.
 *   semaphores               use: what was taken stays taken; nobody waits.
 *   descriptors, files       use, close, free (gonet_fd_conn, gonet_file_reader_t): the open file
 * is shared, as after any fork. A channel's descriptor is the child's own from its first call on
 * that channel on. deadlines, sleeps        the times stay; who slept is in the parent. names use:
 * answers that were cached stay; lookups under way do not. tasks, gonet_blocking    use: the child
 * has none. gonet_shutdown ends its own.
 *
 * What calls of other threads had at the fork, memory and sockets that were not yet the program's,
 * is not released in the child. Fork handlers (pthread_atfork) may use the library, before the
 * fork, in the parent and in the child, whichever were registered first.
 *
 * If a task forks, its code goes on as a plain thread in the child, which must exec or exit before
 * the task's function returns; so must a function of gonet_blocking, and one that the library calls
 * in a task of its own (a control function in a dial to several addresses, resolver.dial). After
 * vfork and posix_spawn, and after _Fork and clone, which run no handlers, a child only calls exec
 * or _exit.
 *
 * A call must not be made from a signal handler, and a thread must not be cancelled
 * (pthread_cancel) in one: what it held would stay held. Close what the thread waits for, instead.
 *
 * These variables of the environment are read when they are first needed: GONET_MAXPROCS (the
 * number of workers), GONET_STACK_SIZE and GONET_GUARD (a task's stack: its bytes; its guard by
 * madvise, mprotect or canary), GONET_RSEQ, and GONETDEBUG, which holds settings between commas:
 * slowtask=100ms, dumponsigquit=1, deadlock=1, netdns=go or cgo or a level or both (go+1),
 * netedns0=0, multipathtcp=0 to 3. A value that can't be used, and an unknown setting, is said once
 * on standard error. A privileged program (setuid, setgid, file capabilities) reads none of them.
 *
 * A process that was started without standard error gets no reports: number 2 may be a file of its
 * own by then.
 */
#ifndef GONET_TASK_H
#define GONET_TASK_H

#include <stdio.h>

#include "gonet/export.h"
#include "gonet/time.h"

GONET_BEGIN_DECLS

/*
 * gonet_go starts fn(arg) in a new task and returns at once. The task ends when fn returns; fn must
 * not be left by longjmp or by a C++ exception. Its stack is GONET_STACK_SIZE bytes of address
 * space (environment variable; 256 KiB by default), of which only the pages touched take memory.
 *
 * Below each stack lie 64 KiB that fault when they are touched: a task that needs more than it has
 * ends the program, with a line that names it. A frame that is larger (an array, alloca) can reach
 * beyond; build what runs in tasks with -fstack-clash-protection, which makes such a frame touch
 * all of its pages, as the library is built. Where the kernel has no guards left to give (before
 * Linux 6.13 half of vm.max_map_count, two for each stack) these 64 KiB are merely nobody's, and an
 * overflow is seen when the task parks next, if it wrote to the lowest word of its stack.
 *
 * Any worker runs the task, and another one may go on with it after any call that parks or yields
 * (unless it is pinned: gonet_pin). While it computes, or blocks outside gonet (a pthread mutex, a
 * file read), it holds its worker: the other workers run what waits there, but for pinned tasks. If
 * all workers are held everybody waits; gonet_yield and gonet_blocking are the cures. Of gonet's
 * calls that did not have to wait (reads, sends, locks, looks at a context, …) each 128th in a row
 * lets the others run, as gonet_yield does.
 *
 * Each task has its own errno (gonet/errno.h), and its own C++ exceptions that are being handled.
 * All else that is per thread is the worker's, and other tasks have it in between: thread-local
 * variables, the locale of uselocale, the floating-point modes of fesetround. Leave the modes as
 * they were before the next call that parks; gonet_pin says what needs a pin. fn must not end the
 * thread (pthread_exit, thrd_exit, pthread_cancel of it), which is the worker's: that ends the
 * program, with a line that says so. The same holds for the other functions of a program that the
 * library calls in a thread of its own: those of gonet_blocking, and control functions of a dial to
 * several addresses.
 *
 * Workers take tasks from each other by help of membarrier(2). Where the kernel (before Linux 4.14)
 * or a sandbox refuses it, all works the same, and a switch of tasks costs some ns more. If the
 * program enters the sandbox when the runtime runs already, what a worker has is taken over by
 * others, and listed by gonet_dump_tasks, only after its next switch of tasks.
 *
 * Workers, and the threads of gonet_blocking, block all signals but those that a fault raises
 * (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT), those by which profilers sample
 * (SIGPROF, SIGVTALRM), and SIGURG if GONETDEBUG asks for slowtask or dumponsigquit. On a worker a
 * handler runs on the stack of the task, unless it was installed with SA_ONSTACK: better so.
 * While the runtime runs, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP and SIGABRT have a handler, each
 * if it was at its default before. When one comes because of what a task does (a fault, abort, an
 * overflow of its stack), the task and its backtrace are printed to standard error; all that the
 * signals did without it they still do, and those that are sent (kill) are not reported. A thread
 * or a program that a task starts inherits the mask: set its own (pthread_attr_setsigmask_np,
 * POSIX_SPAWN_SETSIGMASK); a forked child gets back the mask from the start of the runtime. Workers
 * are not registered for restartable sequences (rseq(2)), which would cost time at each wake;
 * GONET_RSEQ=1 in the environment keeps the registration that libc makes.
 *
 * Returns 0, or -1 with errno ENOMEM (no memory, or no address space for the stack; no thread for
 * the first worker), EMFILE or ENFILE (no descriptors for it), EAGAIN (gonet_shutdown is under
 * way), or EINVAL (fn is NULL): the task was not started, and arg is still the caller's. A task for
 * which it returned 0 gets its stack when it begins, whatever happens to memory until then. Any
 * task or thread may call it. Go: the go statement.
 */
GONET_API GONET_NODISCARD int gonet_go(void (*fn)(void *arg), void *arg);

/*
 * gonet_go_sized is gonet_go with a stack of stack_size bytes of address space, rounded up to whole
 * pages; 0 means the default. At least 16 KiB, of which any call of this library leaves a part to
 * its caller (the deepest took 10 KiB). -1 with errno EINVAL if it exceeds 1 GiB.
 */
GONET_API GONET_NODISCARD int gonet_go_sized(void (*fn)(void *arg), void *arg, size_t stack_size);

/*
 * gonet_go_named is gonet_go for a task that has a name from its beginning (gonet_set_task_name
 * says where it is seen). The name is copied; NULL: none.
 *
 *   snprintf(name, sizeof(name), "backend %s", address);
 *   gonet_go_named(watch_backend, b, name);
 *
 * Parks:    never.
 * Returns:  0, or -1 with errno set: the task was not started, and arg is still the caller's.
 * Errors:   ENOMEM, EMFILE, ENFILE, EAGAIN (gonet_shutdown is under way), EINVAL (fn is NULL).
 * Threads:  any task or thread.
 * Go:       go pprof.Do(ctx, pprof.Labels(…), fn), for what is seen of it
 */
GONET_API GONET_NODISCARD int gonet_go_named(void (*fn)(void *arg), void *arg, const char *name);

/*
 * gonet_set_task_name gives the calling task another name, a copy of name; NULL takes it away. The
 * first 63 bytes are kept; control characters become question marks. It stands beside the name of
 * the task's function wherever tasks are listed or reported: gonet_dump_tasks, gdb, slow tasks,
 * overflows, crashes, deadlocks. It ends with the task. In a plain thread nothing happens.
 *
 * Parks:    never.
 * Returns:  0, or -1 with errno ENOMEM: the task keeps the name that it had.
 * Threads:  any task; nothing in a thread.
 */
GONET_API int gonet_set_task_name(const char *name);

/*
 * gonet_go_pinned starts fn(arg) in a new task that is pinned from its first instruction to its
 * last, to the worker of the task that calls it, or, called by a thread, to one of the library's
 * choice. gonet_pin says what pinned means; gonet_unpin in fn ends it. All else is gonet_go's: the
 * task has a stack of the default size, and fn must not be left but by its end.
 *
 * Parks:    never.
 * Returns:  0, or -1 with errno set: the task was not started, and arg is still the caller's.
 * Errors:   ENOMEM, EMFILE, ENFILE, EAGAIN (gonet_shutdown is under way), EINVAL (fn is NULL).
 * Threads:  any task or thread.
 * Go:       go func() { runtime.LockOSThread(); … }(), for a task that shares its thread.
 */
GONET_API GONET_NODISCARD int gonet_go_pinned(void (*fn)(void *arg), void *arg);

/*
 * gonet_pin keeps the calling task in the thread that it runs in, until gonet_unpin has been called
 * as often as gonet_pin, or the task's function returns: what is still pinned then is unpinned, and
 * the thread goes on. Other tasks use the thread, too, while the pinned one is parked. A pinned
 * task waits when another task holds its worker, where one that is not would go on elsewhere; so
 * pin no longer than it takes.
 *
 * Between gonet's calls a task stays in its thread anyway; a pin is for what is on both sides of a
 * call that parks:
 *
 *   thread-local variables   of code in a shared library (-fPIC) that uses one on both sides of a
 *                            gonet call in one function: compilers keep its address. Anywhere: a
 *                            pointer to one, or the value of pthread_self, that is kept over a
 *                            call. The tables of <ctype.h> belong to it, in glibc: in a loop around
 *                            a call that parks compilers keep the address of the thread's table,
 *                            which is gone when that thread has ended (gonet_set_max_procs) or has
 *                            another locale.
 *   libraries                that call back into gonet, and keep something by thread: errno in code
 *                            that does not include gonet's headers, pthread_self, OpenGL, Python,
 *                            SQLite's state of a thread.
 *   locks with an owner      held over a call: recursive, error-checking and priority-inheriting
 *                            pthread mutexes (EPERM when another thread unlocks), and stdio's
 *                            (flockfile; a write function of fopencookie that uses gonet). Others
 *                            can be unlocked elsewhere, but hold up all tasks of a worker: use
 *                            gonet_mutex_t, which any task may unlock.
 *   what a thread has of     setns, unshare, sched_setaffinity, setfsuid and other credentials of
 *   the kernel               one thread, ptrace, timers and signals that are sent to a thread. What
 *                            is set stays with the worker: set it back before gonet_unpin.
 *
 * If gonet_set_max_procs takes the worker away, also when the pinned task itself calls it, the
 * worker stays for its pinned tasks until the last one is unpinned or ends. In a plain thread
 * gonet_pin does nothing.
 *
 * Parks:    never.
 * Threads:  any task; nothing in a thread.
 * Go:       runtime.LockOSThread, where no other goroutine uses the thread, and the thread of a
 *           goroutine that ends without unlocking it ends, too.
 */
GONET_API void gonet_pin(void);

/*
 * gonet_unpin undoes one gonet_pin. After the last one the task may go on in any thread, from the
 * next call that parks or yields on. Nothing if the task is not pinned, and in a plain thread.
 *
 * Parks:    never.
 * Threads:  any task; nothing in a thread.
 * Go:       runtime.UnlockOSThread
 */
GONET_API void gonet_unpin(void);

/*
 * gonet_yield lets the other runnable tasks of the worker run, those that have not begun, too, and
 * goes on when each has had its turn, maybe on another worker. From a thread: sched_yield.
 *
 * Parks:    until then; nothing ends it early.
 * Threads:  any task or thread.
 * Go:       runtime.Gosched
 */
GONET_API void gonet_yield(void);

/*
 * gonet_sleep parks the caller for at least d nanoseconds; d <= 0 returns at once.
 * Returns 0, or -1 with errno ECANCELED when gonet_shutdown is under way and the caller is a task,
 * or ECANCELED or ETIMEDOUT when the context has ended that the caller runs under
 * (gonet_context_run): it may have slept shorter, and should come to its end. Go: time.Sleep.
 */
GONET_API int gonet_sleep(gonet_duration_t d);

/* gonet_num_task returns the number of tasks that exist, those that gonet_conn_go_readable has yet
 * to start among them. Go: runtime.NumGoroutine (threads are not counted). */
GONET_API int gonet_num_task(void);

/*
 * gonet_set_max_procs sets the number of workers; n < 1 only asks. The default is the number of
 * processors that the process may use, or GONET_MAXPROCS. At most 256: more means 256. With one
 * worker no two tasks run at the same time, and all in one thread.
 *
 * The tasks of a worker that is taken away go on on the others, when it comes to itself (a task
 * may hold it); with it ends its thread. Only for tasks that are pinned to it (gonet_pin) it stays,
 * until the last one is unpinned or ends, and is one more than n; it may be the caller's own. Any
 * number of calls up and down costs no memory. Where a thread can't be made there are fewer
 * workers.
 *
 * Parks:    never.
 * Returns:  the number that was set before.
 * Threads:  any task or thread.
 * Go:       runtime.GOMAXPROCS
 */
GONET_API int gonet_set_max_procs(int n);

/*
 * gonet_blocking runs fn(arg) on a thread of the pool for blocking work, while only the caller
 * waits, and returns what fn returned. From a plain thread it calls fn there. The pool grows to 500
 * threads for this; beyond that callers queue. Closes that linger, files, and lookups by the C
 * library's resolver have as many of their own. If no thread can be made at all, fn runs on the
 * caller's worker.
 */
GONET_API void *gonet_blocking(void *(*fn)(void *arg), void *arg);

/*
 * gonet_run runs fn(arg) in a task, on a stack of 8 MiB, while the calling thread waits: the main
 * function of a program whose work is done by tasks. In a task a loop that accepts or reads costs
 * less than in a thread. Other tasks are not waited for: gonet_drain does that. Called from a task,
 * fn is called there.
 *
 * Parks:    until fn has returned.
 * Returns:  what fn has returned; or -1 with errno set, if no task could be started: fn was not
 *           called.
 * Errors:   ENOMEM, EMFILE, ENFILE, EAGAIN (gonet_shutdown is under way), EINVAL (fn is NULL).
 * Threads:  any task or thread.
 * Example:  examples/ticker.c
 * Go:       what the runtime does with main.main
 */
GONET_API int gonet_run(int (*fn)(void *arg), void *arg);

/*
 * gonet_drain is the first step of an end in two: it cancels what gonet_shutdown_context has
 * returned, and waits for the tasks to end by themselves. No call is interrupted but under such a
 * context, and tasks can still be started. gonet_shutdown is the second step, for those that are
 * left, and to release the runtime; without it, the contexts stay cancelled.
 *
 * Parks:    (the thread) until no task is left, or for wait nanoseconds; < 0 means for ever.
 * Returns:  0 when there was no task left, or -1 with errno set.
 * Errors:   EBUSY (tasks are left), EDEADLK (called from a task or from inside gonet_blocking),
 *           EALREADY (another thread is draining or shutting down).
 * Threads:  any thread, no task.
 * Example:  examples/drain.c
 * Go:       like (*http.Server).Shutdown
 */
GONET_API int gonet_drain(gonet_duration_t wait);

/*
 * gonet_shutdown ends the runtime. It cancels what gonet_shutdown_context has returned. No task can
 * be started, and every task is told: the call in which it is parked comes back, as does each call
 * that would park, and each new read, write, accept, dial and lookup, with gonet_err_closed, or
 * where there is no error object with errno ECANCELED (gonet_select: -2). A task that goes on
 * calling all the same is held up in these calls, by 1 ms, then longer, up to 100 ms, so that the
 * others can come to their end. Not ended are work on the pool (gonet_blocking, files), waits for
 * mutexes of both kinds and for onces, and waits without a deadline for wait groups, groups and
 * futures. When no task is left, the workers end and all memory of the runtime is released; the
 * next use starts it again. Of threads and signal handlers nothing stays, of descriptors the two of
 * a pipe that all loops of libuv share in a process, the program's own, too; what the program holds
 * (listeners, connections, the descriptor of gonet_chan_fd) is its own to close, and the handlers
 * of pthread_atfork can't be taken back. A plugin that holds the static library has to call it
 * before dlclose; the shared library stays loaded.
 *
 * wait is how long to wait for the tasks to end, in nanoseconds; < 0 means for ever, 0 not at all.
 * Returns 0 when all tasks ended (also if the runtime was not running), or -1 with errno EDEADLK
 * when called from a task or from inside gonet_blocking, EALREADY when another thread is shutting
 * down, or EBUSY when tasks were left after wait: these are listed on standard error, and the
 * runtime goes on. Until it returns no task can be started, by threads neither, and no call can
 * start the runtime again.
 */
GONET_API int gonet_shutdown(gonet_duration_t wait);

/*
 * gonet_dump_tasks prints every task to f: its number, its state, what it waits for and for how
 * long, its name if it was given one (gonet_set_task_name), its function, and its backtrace. The
 * names of functions, static ones too, come from the symbol tables of the program and its
 * libraries, unless these were stripped.
 *
 * Settings in GONETDEBUG print such things by themselves, to standard error: dumponsigquit=1 all
 * tasks at SIGQUIT; slowtask=100ms a task that holds its worker longer than that; deadlock=1 all
 * tasks, once no task can go on any more: each waits for others (a channel, a mutex, a condition, a
 * wait group), no timer, descriptor or work on the pool can wake one, and all other threads of the
 * process wait for tasks likewise. The worker threads are called gonet-1, gonet-2, …, as in the
 * numbers of tasks, the others gonet-monitor and gonet-pool.
 *
 * Parks:    never; it may wait for a moment until a worker gives way.
 * Threads:  any task or thread.
 * Go:       runtime.Stack, of all; the report at SIGQUIT
 */
GONET_API void gonet_dump_tasks(FILE *f);

GONET_END_DECLS

#endif
