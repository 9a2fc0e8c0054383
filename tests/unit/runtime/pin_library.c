/*
 * What libraries keep by thread, in the ways they do it. Whether a compiler keeps the address of a
 * thread-local variable over a call depends on it and on its options; that of errno it may keep
 * always, for the C library says that it never changes.
 */
#include "pin_library.h"

#include <errno.h>
#include <pthread.h>

enum { ROUNDS = 8 };

static __thread int word;

static int *word_of_thread(void)
{
    return &word;
}

/* By functions that the compiler can't foresee: where the thread has them now. */
static int *(*volatile word_now)(void) = word_of_thread;
static int *(*volatile errno_now)(void) = __errno_location;

/* After a move either the address is that of the old thread's, or the value is not what was left.
 */
bool library_word(void (*call)(void))
{
    int wrong = 0;

    for (int i = 1; i <= ROUNDS; i++) {
        word = i;
        call();
        if (&word != word_now() || word != i)
            wrong++;
    }
    return wrong == 0;
}

bool library_errno(void (*call)(void))
{
    int *at = &errno;

    call();
    return at == errno_now();
}

bool library_current(void (*call)(void))
{
    static pthread_key_t key;
    static bool made;
    char mine;
    bool is_mine;

    if (!made && pthread_key_create(&key, NULL) != 0)
        return false;
    made = true;
    pthread_setspecific(key, &mine);
    call();
    is_mine = pthread_getspecific(key) == &mine;
    pthread_setspecific(key, NULL);
    return is_mine;
}
