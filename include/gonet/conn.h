/*
 * Connections, packet connections and listeners: Go's three interfaces, each a counted object
 * behind a vtable. The library's own types (gonet/tcp.h, …) can be cast to them, and a program can
 * write others (TLS, a recorder, a throttle) that go wherever the library's go.
 *
 * Any task or thread may call anything here at any time. A blocked call is ended by a deadline or
 * by a close from elsewhere, and a task's by gonet_shutdown, with gonet_err_closed in the error as
 * after a close. Each task that uses an object on its own schedule needs its own
 * reference.
 */
#ifndef GONET_CONN_H
#define GONET_CONN_H

#include <sys/uio.h>

#include "gonet/addr.h"
#include "gonet/error.h"
#include "gonet/export.h"
#include "gonet/op_error.h"
#include "gonet/rawconn.h"
#include "gonet/stream.h"
#include "gonet/time.h"

GONET_BEGIN_DECLS

/* gonet_conn_t is a connection to one peer. Go: net.Conn. */
typedef struct gonet_conn gonet_conn_t;

/* gonet_packet_conn_t exchanges packets with any peer. Go: net.PacketConn. */
typedef struct gonet_packet_conn gonet_packet_conn_t;

/* gonet_listener_t accepts connections. Go: net.Listener. */
typedef struct gonet_listener gonet_listener_t;

/*
 * gonet_conn_vtable_t describes a connection. Slots get the self that gonet_conn_new was given, and
 * an err that is not NULL, with *err == NULL; they are called from many tasks at once, and self
 * stays alive during a call. They return what the calls of the same name return, never a count
 * together with an error; a write that is short without an error, or a count beyond len, fails the
 * call. A slot that fails without an error fails the call with one that names the slot ("close: the
 * connection's function failed without an error"). .size is the table's size; slots beyond it count
 * as NULL, and a NULL slot's call fails with gonet_err_unsupported.
 */
typedef struct {
    size_t size;
    ssize_t (*read)(void *self, void *p, size_t len, gonet_error_t **err);
    /* 0, or -1 with *err; *n (never NULL, 0 at first) is what was written, also on failure. */
    int (*write)(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err);
    int (*close)(void *self, gonet_error_t **err);
    const gonet_addr_t *(*local_addr)(void *self);
    const gonet_addr_t *(*remote_addr)(void *self);
    int (*set_deadline)(void *self, gonet_time_t t, gonet_error_t **err);
    int (*set_read_deadline)(void *self, gonet_time_t t, gonet_error_t **err);
    int (*set_write_deadline)(void *self, gonet_time_t t, gonet_error_t **err);
    /* Called once, after close and after the last reference. May be NULL. */
    void (*destroy)(void *self);
    /* From here on optional: Go's optional interfaces. */
    int (*close_read)(void *self, gonet_error_t **err);
    int (*close_write)(void *self, gonet_error_t **err);
    int64_t (*read_from)(void *self, gonet_reader_t *r, gonet_error_t **err);
    int64_t (*write_to)(void *self, gonet_writer_t *w, gonet_error_t **err);
    int (*file)(void *self, gonet_error_t **err);
    gonet_raw_conn_t *(*syscall_conn)(void *self, gonet_error_t **err);
    gonet_packet_conn_t *(*packet_conn)(void *self); /* itself as one, borrowed */
    gonet_conn_t *(*net_conn)(void *self);           /* the connection it wraps, borrowed */
    int (*wait_readable)(void *self, gonet_error_t **err);
    /* As write, of count pieces in this order; v and what it shows stay as they are. */
    int (*write_buffers)(void *self, const struct iovec *v, size_t count, size_t *n,
                         gonet_error_t **err);
} gonet_conn_vtable_t;

/*
 * gonet_conn_new makes a connection of a table, which must outlive it, and a pointer. It takes
 * self: when memory is out it destroys self and returns NULL. Release with gonet_conn_free.
 */
GONET_API GONET_NODISCARD gonet_conn_t *gonet_conn_new(const gonet_conn_vtable_t *vtable,
                                                       void *self);

/*
 * gonet_conn_wrap makes a connection around another one: what vtable leaves NULL (or is too short
 * to have) is inner's. So a program writes what its connection does otherwise, and all else goes on
 * as before, the optional calls included:
 *
 *   static const gonet_conn_vtable_t table = {.size = sizeof(table), .read = my_read};
 *   struct mine *self = …;
 *   self->inner = inner;
 *   return gonet_conn_wrap(inner, &table, self);
 *
 * Calls that would pass by a function of the table don't: where it has write, bulk is written with
 * it (inner's read_from and write_buffers are not used), where it has read, bulk is read with it
 * (inner's write_to is not). Where it has neither, copies move the bytes in the kernel as inner's
 * do. wait_readable is inner's even beside a read of the table's: who reads ahead, or keeps bytes
 * back, needs one of its own. The typed calls (gonet_conn_as_tcp) are for gonet_conn_net_conn,
 * which returns inner, if the table says nothing else.
 *
 * Closing the result closes inner, by the table's close if it has one; so does the last
 * gonet_conn_free. Then come destroy(self), if the table has that, and the release of inner. vtable
 * must outlive the connection. self may use inner, borrowed, until destroy has returned.
 *
 * Parks:    never; but where it fails it releases inner, as gonet_conn_free does.
 * Returns:  the connection, to release with gonet_conn_free. Takes inner and self; NULL when memory
 *           is out or inner is NULL: then self is destroyed, and inner released.
 * Threads:  any task or thread.
 * Example:  examples/recorder_conn.c
 * Go:       type recorder struct { net.Conn; … }
 */
GONET_API GONET_NODISCARD gonet_conn_t *gonet_conn_wrap(gonet_conn_t *inner,
                                                        const gonet_conn_vtable_t *vtable,
                                                        void *self);

/* gonet_conn_self returns the self of a connection made with this very table, or NULL. Go:
 * c.(*tls.Conn). */
GONET_API void *gonet_conn_self(gonet_conn_t *c, const gonet_conn_vtable_t *vtable);

/*
 * gonet_conn_read reads at most len bytes into p, parking until there is something. Concurrent
 * reads are served one after the other. len == 0 returns 0 at once. Returns the count; 0 with *err
 * = gonet_eof at the end of the stream; 0 without an error for a datagram of no bytes; -1 on
 * failure: an OpError "read" over the closed error, gonet_err_deadline_exceeded or a syscall error.
 * Go: Conn.Read.
 */
GONET_API ssize_t gonet_conn_read(gonet_conn_t *c, void *p, size_t len, gonet_error_t **err);

/*
 * gonet_conn_wait_readable parks until a read would not park: there is something to read, or the
 * end of the stream, or an error that the read will report. It reads nothing, so a connection that
 * waits with it needs no buffer meanwhile. Like a read it waits its turn behind other readers, and
 * obeys the read deadline. When it has returned, another reader may be faster. It takes a
 * descriptor's low-water mark (SO_RCVLOWAT) for what must be there. Returns 0, or -1 on failure:
 * what gonet_conn_read would have failed with, but not the end and errors of the connection itself;
 * gonet_err_unsupported for a connection of a program's own without this slot. Go: nothing alike (a
 * goroutine that reads holds its buffer).
 */
GONET_API int gonet_conn_wait_readable(gonet_conn_t *c, gonet_error_t **err);

/*
 * gonet_conn_write writes all len bytes, parking as often as needed; concurrent writes don't
 * interleave. Returns len, or -1 whenever it failed, even half-way: an OpError "write". SIGPIPE is
 * never raised. Go: Conn.Write.
 */
GONET_API ssize_t gonet_conn_write(gonet_conn_t *c, const void *p, size_t len, gonet_error_t **err);

/* gonet_conn_write_count is gonet_conn_write, with the bytes written in *n also on failure. 0 or
 * -1. */
GONET_API int gonet_conn_write_count(gonet_conn_t *c, const void *p, size_t len, size_t *n,
                                     gonet_error_t **err);

/*
 * gonet_conn_write_buffers writes count pieces as one: by one system call on a connection of the
 * library, as one message if it carries datagrams; by the slot write_buffers of a program's own,
 * or, where that has none, by one write after the other. v stays as it is (gonet_buffers_write_to
 * takes off it what was written).
 *
 * Parks:    as often as needed, until all is written; ends as gonet_conn_write does.
 * Returns:  0, or -1 with *err set; the bytes written in *n (may be NULL), also on failure.
 * Errors:   an OpError "writev" with what gonet_conn_write fails with; gonet_err_no_memory.
 * Threads:  any task or thread; concurrent writes don't interleave.
 * Go:       (*Buffers).WriteTo, which for a program's own connection writes one by one.
 */
GONET_API int gonet_conn_write_buffers(gonet_conn_t *c, const struct iovec *v, size_t count,
                                       size_t *n, gonet_error_t **err);

/*
 * gonet_conn_close ends the connection: whoever is blocked on it comes back with the closed error,
 * then close returns, and the descriptor is closed. The object stays valid until it is freed. With
 * unsent data and a positive gonet_tcp_conn_set_linger it waits for that, too: a task parks, a
 * plain thread blocks. Returns 0, or -1: the second and later closes fail with the closed error.
 * Go: Conn.Close.
 */
GONET_API int gonet_conn_close(gonet_conn_t *c, gonet_error_t **err);

/*
 * gonet_conn_local_addr and gonet_conn_remote_addr return the addresses, borrowed from c, also
 * after close; NULL where there is none (Go: nil), or when memory is out. Go: Conn.LocalAddr,
 * Conn.RemoteAddr.
 */
GONET_API const gonet_addr_t *gonet_conn_local_addr(gonet_conn_t *c);
GONET_API const gonet_addr_t *gonet_conn_remote_addr(gonet_conn_t *c);

/*
 * gonet_conn_set_deadline sets the instant after which reads and writes, also those that are
 * blocked now, fail with gonet_err_deadline_exceeded (inside an OpError); it stays so until another
 * deadline is set. gonet_no_deadline: never. Returns 0, or -1 when closed. Go: Conn.SetDeadline.
 */
GONET_API int gonet_conn_set_deadline(gonet_conn_t *c, gonet_time_t t, gonet_error_t **err);
GONET_API int gonet_conn_set_read_deadline(gonet_conn_t *c, gonet_time_t t, gonet_error_t **err);
GONET_API int gonet_conn_set_write_deadline(gonet_conn_t *c, gonet_time_t t, gonet_error_t **err);

/*
 * What only some connections offer; the others fail with gonet_err_unsupported (or return NULL).
 * gonet_conn_close_read and _close_write shut down one direction; _read_from copies everything from
 * r into the connection, _write_to everything it reads into w (the count, or -1); _file returns a
 * duplicate of the descriptor, the caller's, non-blocking, or -1; _syscall_conn a raw connection to
 * release with gonet_raw_conn_free, or NULL; _net_conn the wrapped connection, borrowed, or NULL.
 */
GONET_API int gonet_conn_close_read(gonet_conn_t *c, gonet_error_t **err);
GONET_API int gonet_conn_close_write(gonet_conn_t *c, gonet_error_t **err);
GONET_API int64_t gonet_conn_read_from(gonet_conn_t *c, gonet_reader_t *r, gonet_error_t **err);
GONET_API int64_t gonet_conn_write_to(gonet_conn_t *c, gonet_writer_t *w, gonet_error_t **err);
GONET_API int gonet_conn_file(gonet_conn_t *c, gonet_error_t **err);
GONET_API gonet_raw_conn_t *gonet_conn_syscall_conn(gonet_conn_t *c, gonet_error_t **err);
GONET_API gonet_conn_t *gonet_conn_net_conn(gonet_conn_t *c);

/* gonet_conn_as_reader and _as_writer: the same object seen as a stream; borrowed, free nothing. */
GONET_API gonet_reader_t *gonet_conn_as_reader(gonet_conn_t *c);
GONET_API gonet_writer_t *gonet_conn_as_writer(gonet_conn_t *c);

/* gonet_conn_as_packet_conn returns c seen as a packet connection, borrowed; NULL if it is none. */
GONET_API gonet_packet_conn_t *gonet_conn_as_packet_conn(gonet_conn_t *c);

/* gonet_conn_ref adds an owner and returns c. */
GONET_API gonet_conn_t *gonet_conn_ref(gonet_conn_t *c);

/*
 * gonet_conn_free drops an owner; the last one closes and releases. NULL is fine.
 *
 * Parks: the last owner's, unless the connection was closed before, as gonet_conn_close does; so
 * with unsent data and a positive gonet_tcp_conn_set_linger until that is sent or the
 * time is over. A task parks meanwhile, a plain thread blocks. Who must not wait sets the linger to
 * -1 before, or leaves the last reference to a task.
 */
GONET_API void gonet_conn_free(gonet_conn_t *c);

/*
 * gonet_file_conn makes a connection of a duplicate of the socket fd, which stays the caller's; the
 * socket becomes non-blocking. It parks for nothing. NULL with an OpError "file" if fd is no such
 * socket. Go: net.FileConn.
 */
GONET_API GONET_NODISCARD gonet_conn_t *gonet_file_conn(int fd, gonet_error_t **err);

/* gonet_packet_conn_vtable_t describes a packet connection, by the rules of gonet_conn_vtable_t. */
typedef struct {
    size_t size;
    ssize_t (*read_from)(void *self, void *p, size_t len, gonet_addr_t *addr, gonet_error_t **err);
    ssize_t (*write_to)(void *self, const void *p, size_t len, const gonet_addr_t *addr,
                        gonet_error_t **err);
    int (*close)(void *self, gonet_error_t **err);
    const gonet_addr_t *(*local_addr)(void *self);
    int (*set_deadline)(void *self, gonet_time_t t, gonet_error_t **err);
    int (*set_read_deadline)(void *self, gonet_time_t t, gonet_error_t **err);
    int (*set_write_deadline)(void *self, gonet_time_t t, gonet_error_t **err);
    void (*destroy)(void *self);
    /* Optional. */
    int (*file)(void *self, gonet_error_t **err);
    gonet_raw_conn_t *(*syscall_conn)(void *self, gonet_error_t **err);
    gonet_conn_t *(*conn)(void *self); /* itself as a connection, borrowed */
} gonet_packet_conn_vtable_t;

/* gonet_packet_conn_new and _self: as for connections. */
GONET_API GONET_NODISCARD gonet_packet_conn_t *gonet_packet_conn_new(
    const gonet_packet_conn_vtable_t *vtable, void *self);
GONET_API void *gonet_packet_conn_self(gonet_packet_conn_t *c,
                                       const gonet_packet_conn_vtable_t *vtable);

/*
 * gonet_packet_conn_wrap makes a packet connection around another one: what vtable leaves NULL is
 * inner's, the optional calls included. Closing the result closes inner, by the table's close if it
 * has one; so does the last gonet_packet_conn_free. Then come destroy(self), if the table has that,
 * and the release of inner. vtable must outlive the connection. self may use inner, borrowed, until
 * destroy has returned.
 *
 * Parks:    never; but where it fails it releases inner, as gonet_packet_conn_free does.
 * Returns:  the connection, to release with gonet_packet_conn_free. Takes inner and self; NULL when
 *           memory is out or inner is NULL: then self is destroyed, and inner released.
 * Threads:  any task or thread.
 * Go:       type lossy struct { net.PacketConn; … }
 */
GONET_API GONET_NODISCARD gonet_packet_conn_t *gonet_packet_conn_wrap(
    gonet_packet_conn_t *inner, const gonet_packet_conn_vtable_t *vtable, void *self);

/*
 * gonet_packet_conn_read_from reads one packet of at most len bytes (a longer one is cut) and
 * stores its sender in *addr (may be NULL). Parks. The count, or -1. Go: PacketConn.ReadFrom.
 */
GONET_API ssize_t gonet_packet_conn_read_from(gonet_packet_conn_t *c, void *p, size_t len,
                                              gonet_addr_t *addr, gonet_error_t **err);

/* gonet_packet_conn_write_to sends one packet to addr. len, or -1. Go: PacketConn.WriteTo. */
GONET_API ssize_t gonet_packet_conn_write_to(gonet_packet_conn_t *c, const void *p, size_t len,
                                             const gonet_addr_t *addr, gonet_error_t **err);

/* The rest of the interface: as for connections. */
GONET_API int gonet_packet_conn_close(gonet_packet_conn_t *c, gonet_error_t **err);
GONET_API const gonet_addr_t *gonet_packet_conn_local_addr(gonet_packet_conn_t *c);
GONET_API int gonet_packet_conn_set_deadline(gonet_packet_conn_t *c, gonet_time_t t,
                                             gonet_error_t **err);
GONET_API int gonet_packet_conn_set_read_deadline(gonet_packet_conn_t *c, gonet_time_t t,
                                                  gonet_error_t **err);
GONET_API int gonet_packet_conn_set_write_deadline(gonet_packet_conn_t *c, gonet_time_t t,
                                                   gonet_error_t **err);
GONET_API int gonet_packet_conn_file(gonet_packet_conn_t *c, gonet_error_t **err);
GONET_API gonet_raw_conn_t *gonet_packet_conn_syscall_conn(gonet_packet_conn_t *c,
                                                           gonet_error_t **err);
GONET_API gonet_conn_t *gonet_packet_conn_as_conn(gonet_packet_conn_t *c);
GONET_API gonet_packet_conn_t *gonet_packet_conn_ref(gonet_packet_conn_t *c);

/*
 * gonet_packet_conn_free drops an owner; the last one closes and releases. NULL is fine.
 *
 * Parks: the last owner's, unless it was closed before, as gonet_packet_conn_close does: only
 * for calls that are in the kernel, or in a raw connection's function, right now.
 */
GONET_API void gonet_packet_conn_free(gonet_packet_conn_t *c);

/* gonet_listener_vtable_t describes a listener, by the rules of gonet_conn_vtable_t. */
typedef struct {
    size_t size;
    gonet_conn_t *(*accept)(void *self, gonet_error_t **err);
    int (*close)(void *self, gonet_error_t **err);
    const gonet_addr_t *(*addr)(void *self);
    void (*destroy)(void *self);
    /* Optional. */
    int (*set_deadline)(void *self, gonet_time_t t, gonet_error_t **err);
    int (*file)(void *self, gonet_error_t **err);
    gonet_raw_conn_t *(*syscall_conn)(void *self, gonet_error_t **err);
} gonet_listener_vtable_t;

/* gonet_listener_new and _self: as for connections. */
GONET_API GONET_NODISCARD gonet_listener_t *gonet_listener_new(
    const gonet_listener_vtable_t *vtable, void *self);
GONET_API void *gonet_listener_self(gonet_listener_t *l, const gonet_listener_vtable_t *vtable);

/*
 * gonet_listener_wrap makes a listener around another one: what vtable leaves NULL is inner's, the
 * optional calls included. So a listener of a program's own that wraps what it accepts has one
 * function, accept. Closing the result closes inner, by the table's close if it has one; so does
 * the last gonet_listener_free. Then come destroy(self), if the table has that, and the release of
 * inner. vtable must outlive the listener. self may use inner, borrowed, until destroy has
 * returned.
 *
 * Parks:    never; but where it fails it releases inner, as gonet_listener_free does.
 * Returns:  the listener, to release with gonet_listener_free. Takes inner and self; NULL when
 *           memory is out or inner is NULL: then self is destroyed, and inner released.
 * Threads:  any task or thread.
 * Go:       type limitListener struct { net.Listener; … }
 */
GONET_API GONET_NODISCARD gonet_listener_t *gonet_listener_wrap(
    gonet_listener_t *inner, const gonet_listener_vtable_t *vtable, void *self);

/*
 * gonet_listener_accept parks until there is a connection and returns it, to release with
 * gonet_conn_free; NULL on failure: an OpError "accept". A lack of descriptors (EMFILE) is reported
 * and leaves the listener as it is: pause and try again. Go: Listener.Accept.
 */
GONET_API GONET_NODISCARD gonet_conn_t *gonet_listener_accept(gonet_listener_t *l,
                                                              gonet_error_t **err);

/* gonet_listener_close stops listening; accepted connections stay. Go: Listener.Close. */
GONET_API int gonet_listener_close(gonet_listener_t *l, gonet_error_t **err);

/* gonet_listener_addr returns the listener's address, borrowed. Go: Listener.Addr. */
GONET_API const gonet_addr_t *gonet_listener_addr(gonet_listener_t *l);

/* Optional, as for connections. The deadline concerns accepts. */
GONET_API int gonet_listener_set_deadline(gonet_listener_t *l, gonet_time_t t, gonet_error_t **err);
GONET_API int gonet_listener_file(gonet_listener_t *l, gonet_error_t **err);
GONET_API gonet_raw_conn_t *gonet_listener_syscall_conn(gonet_listener_t *l, gonet_error_t **err);

/* gonet_listener_ref adds an owner and returns l. */
GONET_API gonet_listener_t *gonet_listener_ref(gonet_listener_t *l);

/*
 * gonet_listener_free drops an owner; the last one closes and releases. NULL is fine.
 *
 * Parks: the last owner's, unless the listener was closed before, as gonet_listener_close does:
 * only for calls that are in the kernel, or in a raw connection's function, right now.
 */
GONET_API void gonet_listener_free(gonet_listener_t *l);

/* gonet_file_listener: as gonet_file_conn, for a listening socket. Go: net.FileListener. */
GONET_API GONET_NODISCARD gonet_listener_t *gonet_file_listener(int fd, gonet_error_t **err);

/* gonet_file_packet_conn: as gonet_file_conn, for a socket that exchanges packets. Go:
 * net.FilePacketConn. */
GONET_API GONET_NODISCARD gonet_packet_conn_t *gonet_file_packet_conn(int fd, gonet_error_t **err);

GONET_DEFINE_AUTO(gonet_conn_t, gonet_conn_free)
GONET_DEFINE_AUTO(gonet_packet_conn_t, gonet_packet_conn_free)
GONET_DEFINE_AUTO(gonet_listener_t, gonet_listener_free)

GONET_END_DECLS

#endif
