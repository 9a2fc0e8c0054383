/*
 * gonet_serve: one task accepts; each connection is a client, in one of two lists: those at work
 * have a task, those that rest have none. All of it lives on the stack of the caller, who comes
 * back only when the last client has left.
 *
 * A client at work belongs to its task, one that rests to whoever takes it out of that list: the
 * task that is born for it, or the end, which closes it, so that the task is born.
 */
#include "gonet/serve.h"

#include "base/alloc.h"
#include "base/list.h"
#include "conn/object.h"
#include "error/errno_error.h"
#include "gonet/chan.h"
#include "gonet/errno.h"
#include "gonet/sync.h"
#include "gonet/task.h"

#define FIRST_PAUSE (5 * GONET_MILLISECOND)
#define LAST_PAUSE  GONET_SECOND
/* How often a server that is full looks whether its listener was closed, by which nobody tells it.
 */
#define GLANCE (100 * GONET_MILLISECOND)

typedef struct {
    gonet_listener_t *l;
    void (*handler)(gonet_conn_t *c, void *arg);
    void *arg;
    gonet_serve_options_t o;
    gonet_error_t *err;      /* what it ends with */
    gonet_duration_t pause;  /* the last one; 0: none since a connection came */
    gonet_wait_group_t over; /* for the caller */

    gonet_chan_t *stop; /* closed: who watches the context may go */
    gonet_wait_group_t watcher;

    gonet_mutex_t lock; /* guards the rest */
    gonet_cond_t changed;
    gonet__list_t at_work;
    gonet__list_t at_rest;
    unsigned count; /* of both */
    bool ending;
} server_t;

typedef struct {
    gonet__list_t link;
    server_t *server;
    gonet_conn_t *c;
    void *state; /* the program's */
} client_t;

_Static_assert(sizeof(client_t) <= 40, "an idle connection must stay small");

/* ---- clients ---- */

/* Moves a client to the list; whether the server is ending. */
static bool move(client_t *client, gonet__list_t *list)
{
    server_t *s = client->server;
    bool ending;

    gonet_mutex_lock(&s->lock);
    gonet__list_remove(&client->link);
    gonet__list_push_back(list, &client->link);
    ending = s->ending;
    gonet_mutex_unlock(&s->lock);
    return ending;
}

/* The client's last; after the unlock the server may be gone. */
static void leave(client_t *client)
{
    server_t *s = client->server;
    gonet_conn_t *c = client->c;

    (void)gonet_conn_close(c, NULL);
    gonet_mutex_lock(&s->lock);
    gonet__list_remove(&client->link);
    s->count--;
    gonet_cond_broadcast(&s->changed);
    gonet_mutex_unlock(&s->lock);
    gonet_conn_free(c);
    gonet__free(client);
}

static void on_readable(void *arg);

/* Lets the connection rest. False: it can't, and its next read tells why. */
static bool rest(client_t *client)
{
    server_t *s = client->server;
    gonet_conn_t *c = client->c;

    if (s->o.idle_timeout > 0)
        (void)gonet_conn_set_read_deadline(c, gonet_after(s->o.idle_timeout), NULL);
    if (move(client, &s->at_rest)) /* from here on it is not this task's */
        (void)gonet_conn_close(c, NULL);
    if (gonet_conn_go_readable(c, on_readable, client, NULL) == 0)
        return true;
    (void)move(client, &s->at_work);
    return false;
}

static void work(client_t *client)
{
    server_t *s = client->server;

    while (s->o.readable(client->c, &client->state, s->arg)) {
        if (rest(client))
            return;
        if (atomic_load(&client->c->object.closed)) { /* who does not look, is told once */
            (void)s->o.readable(client->c, &client->state, s->arg);
            break;
        }
    }
    leave(client);
}

static void on_readable(void *arg)
{
    client_t *client = arg;

    (void)move(client, &client->server->at_work);
    work(client);
}

static void run(void *arg)
{
    client_t *client = arg;
    server_t *s = client->server;

    if (s->handler != NULL)
        s->handler(client->c, s->arg);
    if (s->o.readable == NULL)
        leave(client);
    else if (!rest(client))
        work(client);
}

/* Makes c, which it takes, a client with a task, or at rest. False with errno: c is still the
 * caller's. */
static bool start(server_t *s, gonet_conn_t *c)
{
    client_t *client = gonet__alloc(sizeof(*client));

    if (client == NULL) {
        errno = ENOMEM;
        return false;
    }
    *client = (client_t){.server = s, .c = c};
    gonet_mutex_lock(&s->lock);
    gonet__list_push_back(&s->at_work, &client->link);
    s->count++;
    gonet_mutex_unlock(&s->lock);
    if (s->handler == NULL && rest(client))
        return true;
    if (gonet_go_sized(run, client, s->o.stack_size) == 0)
        return true;
    gonet_mutex_lock(&s->lock);
    gonet__list_remove(&client->link);
    s->count--;
    gonet_mutex_unlock(&s->lock);
    gonet__free(client);
    return false;
}

/* ---- accepting ---- */

/* Waits for less than so many clients. False: it is to end. */
static bool wait_for_room(server_t *s)
{
    bool ending;

    gonet_mutex_lock(&s->lock);
    while (!s->ending && s->o.max_conns != 0 && s->count >= s->o.max_conns &&
           !atomic_load(&s->l->object.closed)) {
        if (!gonet_cond_wait_until(&s->changed, &s->lock, gonet_after(GLANCE)) &&
            errno == ECANCELED)
            break;
    }
    ending = s->ending;
    gonet_mutex_unlock(&s->lock);
    return !ending;
}

/* Whether what has failed with err may succeed later. A deadline that has passed stays so. */
static bool may_retry(const gonet_error_t *err)
{
    return (gonet_error_temporary(err) && !gonet_error_timeout(err)) ||
           gonet_error_is_errno(err, ENOBUFS) || gonet_error_is_errno(err, ENOMEM) ||
           gonet_error_is(err, gonet_err_no_memory);
}

static void pause_for(server_t *s, const gonet_error_t *err)
{
    gonet_time_t until;

    s->pause = s->pause == 0 ? FIRST_PAUSE : 2 * s->pause < LAST_PAUSE ? 2 * s->pause : LAST_PAUSE;
    until = gonet_after(s->pause);
    if (s->o.on_retry != NULL)
        s->o.on_retry(s->arg, err, s->pause);
    gonet_mutex_lock(&s->lock);
    while (!s->ending && gonet_until(until) > 0) {
        if (!gonet_cond_wait_until(&s->changed, &s->lock, until) && errno == ECANCELED)
            break;
    }
    gonet_mutex_unlock(&s->lock);
}

/* Starts c, however long that takes. False: gonet_shutdown is under way. */
static bool start_in_the_end(server_t *s, gonet_conn_t *c)
{
    while (!start(s, c)) {
        if (errno == EAGAIN) {
            gonet_conn_free(c);
            return false;
        }
        pause_for(s, gonet_err_no_memory);
    }
    return true;
}

static void accept_all(server_t *s)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    while (wait_for_room(s)) {
        gonet_conn_t *c = gonet_listener_accept(s->l, &err);

        if (c != NULL) {
            s->pause = 0;
            if (!start_in_the_end(s, c))
                return;
        } else if (may_retry(err)) {
            pause_for(s, err);
        } else {
            if (!gonet_error_is(err, gonet_err_closed))
                s->err = gonet_error_ref(err);
            return;
        }
    }
}

/* ---- the end ---- */

static void end(server_t *s)
{
    gonet_mutex_lock(&s->lock);
    s->ending = true;
    gonet_cond_broadcast(&s->changed);
    gonet_mutex_unlock(&s->lock);
    (void)gonet_listener_close(s->l, NULL);
}

static void watch_context(void *arg)
{
    server_t *s = arg;
    gonet_time_t deadline;
    gonet_select_case_t cases[] = {{.ch = gonet_context_done(s->o.ctx)}, {.ch = s->stop}};

    (void)gonet_context_deadline(s->o.ctx, &deadline);
    if (gonet_select(cases, 2, deadline) != 1 && gonet_context_err(s->o.ctx) != NULL)
        end(s);
}

/* Closes all clients of a list. Under the lock, which is given up meanwhile. */
static void close_all(server_t *s, gonet__list_t *list)
{
    gonet__list_t *n;
    gonet__list_t seen;

    gonet__list_init(&seen);
    while ((n = gonet__list_pop_front(list)) != NULL) {
        gonet_conn_t *c = gonet_conn_ref(GONET__CONTAINER(n, client_t, link)->c);

        gonet__list_push_back(&seen, n);
        gonet_mutex_unlock(&s->lock);
        (void)gonet_conn_close(c, NULL);
        gonet_conn_free(c);
        gonet_mutex_lock(&s->lock);
    }
    while ((n = gonet__list_pop_front(&seen)) != NULL)
        gonet__list_push_back(&s->at_work, n);
}

/* gonet_shutdown does not end this: the clients are here. Told of it the caller waits again, and is
 * held up a little each time. Under the lock. */
static void wait_for_clients(server_t *s)
{
    gonet_time_t until = s->o.grace > 0 ? gonet_after(s->o.grace) : gonet_no_deadline;

    if (s->o.grace >= 0) {
        while (s->count > 0 && (until.ns == 0 || gonet_until(until) > 0))
            (void)gonet_cond_wait_until(&s->changed, &s->lock, until);
    }
    close_all(s, &s->at_work);
    while (s->count > 0)
        (void)gonet_cond_wait(&s->changed, &s->lock);
}

static void serve(void *arg)
{
    server_t *s = arg;

    accept_all(s);
    end(s);
    if (s->stop != NULL)
        (void)gonet_chan_close(s->stop);
    gonet_wait_group_wait(&s->watcher);
    gonet_mutex_lock(&s->lock);
    close_all(s, &s->at_rest);
    wait_for_clients(s);
    gonet_mutex_unlock(&s->lock);
    gonet_wait_group_done(&s->over);
}

/* Starts who watches the context. False with errno. */
static bool start_watcher(server_t *s)
{
    if (s->o.ctx == NULL)
        return true;
    s->stop = gonet_chan_new(0, 0);
    return s->stop != NULL && gonet_wait_group_go(&s->watcher, watch_context, s) == 0;
}

/* In a task of its own, also for a task: under no context of the caller's, which would end waits
 * that must not end. */
static void start_serving(server_t *s)
{
    gonet_wait_group_add(&s->over, 1);
    if (start_watcher(s) && gonet_go(serve, s) == 0) {
        gonet_wait_group_wait(&s->over);
        return;
    }
    s->err = gonet__start_error(errno);
    if (s->stop != NULL)
        (void)gonet_chan_close(s->stop);
    gonet_wait_group_wait(&s->watcher);
}

int gonet_serve(gonet_listener_t *l, void (*handler)(gonet_conn_t *c, void *arg), void *arg,
                const gonet_serve_options_t *options, gonet_error_t **err)
{
    server_t s = {.l = l, .handler = handler, .arg = arg};

    gonet__error_clear(err);
    if (options != NULL)
        s.o = *options;
    if (s.o.ctx == NULL)
        s.o.ctx = gonet_context_current();
    if (l == NULL || (handler == NULL && s.o.readable == NULL))
        return gonet__no_object(err);
    gonet__list_init(&s.at_work);
    gonet__list_init(&s.at_rest);
    gonet_listener_ref(l);
    start_serving(&s);
    gonet_chan_free(s.stop);
    gonet_listener_free(l);
    gonet_error_set(err, s.err);
    return s.err == NULL ? 0 : -1;
}
