/*
 * Helpers around readers and writers that Go keeps in packages io, bufio, os and fmt.
 */
#ifndef GONET_IO_H
#define GONET_IO_H

#include <stdarg.h>

#include "gonet/conn.h"
#include "gonet/stream.h"

GONET_BEGIN_DECLS

/*
 * gonet_copy copies from src to dst until src's end. If src offers write_to or dst read_from, that
 * does the work. Between TCP connections, unix streams and files the kernel moves the bytes, where
 * Go lets it. A buffer is held only while bytes are under way, so an idle connection costs none.
 * Returns the count, or -1 with the first error (the end is none). Parks. Go: io.Copy.
 */
GONET_API int64_t gonet_copy(gonet_writer_t *dst, gonet_reader_t *src, gonet_error_t **err);

/*
 * gonet_copy_count is gonet_copy, with the count in *n also on failure (what a program's own
 * read_from or write_to copied before it failed is not known, and not counted). 0 or -1.
 */
GONET_API int gonet_copy_count(gonet_writer_t *dst, gonet_reader_t *src, int64_t *n,
                               gonet_error_t **err);

/*
 * gonet_read_full reads exactly len bytes. 0, or -1 with *n telling how many came: gonet_eof if
 * none, gonet_err_unexpected_eof if some. Go: io.ReadFull.
 */
GONET_API int gonet_read_full(gonet_reader_t *r, void *p, size_t len, size_t *n,
                              gonet_error_t **err);

/*
 * gonet_write_string writes the string s, without its NUL.
 *
 * Parks:    as gonet_writer_write does, until all is written.
 * Returns:  the string's length, or -1 with *err set.
 * Errors:   what the writer's write fails with.
 * Threads:  any task or thread.
 * Example:  examples/key_value.c
 * Go:       io.WriteString
 */
GONET_API ssize_t gonet_write_string(gonet_writer_t *w, const char *s, gonet_error_t **err);

/* gonet_conn_printf writes formatted text; the count, or -1. Go: fmt.Fprintf. */
GONET_API ssize_t gonet_conn_printf(gonet_conn_t *c, gonet_error_t **err, const char *format, ...)
    GONET_PRINTF(3, 4);

/* gonet_writer_printf: the same for any writer. */
GONET_API ssize_t gonet_writer_printf(gonet_writer_t *w, gonet_error_t **err, const char *format,
                                      ...) GONET_PRINTF(3, 4);

/*
 * gonet_conn_vprintf is gonet_conn_printf for a function that has the arguments as a va_list: a
 * wrapper of one's own. args is used up.
 *
 * Parks:    until all is written, as gonet_conn_write.
 * Returns:  the count, or -1.
 * Errors:   those of the connection's write; gonet_err_no_memory for a long text.
 * Threads:  any task or thread.
 */
GONET_API ssize_t gonet_conn_vprintf(gonet_conn_t *c, gonet_error_t **err, const char *format,
                                     va_list args) GONET_PRINTF(3, 0);

/*
 * gonet_writer_vprintf is gonet_writer_printf for a function that has the arguments as a va_list.
 * args is used up.
 *
 * Parks:    until all is written, as gonet_writer_write.
 * Returns:  the count, or -1.
 * Errors:   those of the writer; gonet_err_no_memory for a long text.
 * Threads:  any task or thread.
 */
GONET_API ssize_t gonet_writer_vprintf(gonet_writer_t *w, gonet_error_t **err, const char *format,
                                       va_list args) GONET_PRINTF(3, 0);

/* gonet_bufreader_t reads ahead into a buffer. One task at a time. On NULL, as gonet_bufreader_new
 * returns it without memory, reading fails with EINVAL. Go: bufio.Reader. */
typedef struct gonet_bufreader gonet_bufreader_t;

/*
 * gonet_bufreader_new makes one that borrows r; size is the buffer's (0: 4096; at least 16).
 * NULL when memory is out. Release with gonet_bufreader_free.
 */
GONET_API GONET_NODISCARD gonet_bufreader_t *gonet_bufreader_new(gonet_reader_t *r, size_t size);
GONET_API void gonet_bufreader_free(gonet_bufreader_t *r);

/* gonet_bufreader_as_reader: the same object as a reader, borrowed. */
GONET_API gonet_reader_t *gonet_bufreader_as_reader(gonet_bufreader_t *r);

/* gonet_bufreader_read reads with at most one read of what is below. The count, 0 with gonet_eof,
 * or -1. */
GONET_API ssize_t gonet_bufreader_read(gonet_bufreader_t *r, void *p, size_t len,
                                       gonet_error_t **err);

/* gonet_bufreader_read_byte returns the next byte, or -1 (at the end with *err = gonet_eof). */
GONET_API int gonet_bufreader_read_byte(gonet_bufreader_t *r, gonet_error_t **err);

/*
 * gonet_bufreader_peek returns the next n bytes without taking them, valid until the next call;
 * NULL on failure (gonet_err_short_buffer if n exceeds the buffer; else what ended the stream
 * before n bytes were there).
 */
GONET_API const void *gonet_bufreader_peek(gonet_bufreader_t *r, size_t n, gonet_error_t **err);

/*
 * gonet_bufreader_read_line returns the next line without its "\n" or "\r\n", NUL-terminated, its
 * length in *len; the last one may lack the line end. NULL on failure, at the end with gonet_eof.
 * Release with gonet_free. However long the line is, it is kept in memory: set a maximum
 * (gonet_bufreader_set_max_line) before reading what a stranger sends.
 */
GONET_API GONET_NODISCARD char *gonet_bufreader_read_line(gonet_bufreader_t *r, size_t *len,
                                                          gonet_error_t **err);

/*
 * gonet_bufreader_read_string returns everything up to and including delim, NUL-terminated, its
 * length in *len. If the stream ends before delim, the result is NULL and the bytes stay in the
 * reader (gonet_bufreader_read gets them). Release with gonet_free. Go: bufio.Reader.ReadString.
 */
GONET_API GONET_NODISCARD char *gonet_bufreader_read_string(gonet_bufreader_t *r, char delim,
                                                            size_t *len, gonet_error_t **err);

/*
 * gonet_bufreader_set_max_line sets how many bytes a line may have, its end included, or what
 * gonet_bufreader_read_string returns; 0 (the default): as many as memory holds. A longer one stays
 * in the reader, and fails with an error that says so ("line of more than 1024 bytes: short
 * buffer"), and for which gonet_error_is finds gonet_err_short_buffer.
 *
 * Parks:    never.
 * Go:       bufio.Scanner.Buffer, whose Scan then ends with bufio.ErrTooLong
 */
GONET_API void gonet_bufreader_set_max_line(gonet_bufreader_t *r, size_t max);

/* gonet_bufreader_buffered returns how many bytes can be read without reading below. */
GONET_API size_t gonet_bufreader_buffered(const gonet_bufreader_t *r);

/*
 * gonet_bufwriter_t gathers what is written in a buffer, and writes that below when it is full, or
 * flushed: many small writes are one system call. What is larger than the buffer goes straight
 * through, after what is in it. Once a write below has failed, every further call fails with the
 * same error, so that looking at the flush is enough. One task at a time. On NULL, as
 * gonet_bufwriter_new returns it without memory, writing fails with EINVAL.
 *
 * Example:  examples/key_value.c
 * Go:       bufio.Writer
 */
typedef struct gonet_bufwriter gonet_bufwriter_t;

/*
 * gonet_bufwriter_new makes one that borrows w, with a buffer of size bytes (0: 4096).
 *
 * Parks:    never.
 * Returns:  the buffered writer, to release with gonet_bufwriter_free; NULL when memory is out.
 * Units:    bytes.
 * Threads:  any task or thread.
 * Example:  examples/key_value.c
 * Go:       bufio.NewWriter, bufio.NewWriterSize
 */
GONET_API GONET_NODISCARD gonet_bufwriter_t *gonet_bufwriter_new(gonet_writer_t *w, size_t size);

/*
 * gonet_bufwriter_free releases w. What was not flushed is dropped, not written. NULL is fine.
 *
 * Parks:    never.
 * Threads:  any task or thread.
 */
GONET_API void gonet_bufwriter_free(gonet_bufwriter_t *w);

/*
 * gonet_bufwriter_as_writer returns the same object as a writer, borrowed: for gonet_copy, which
 * lets the writer below take what follows without a copy when the buffer is empty, and for
 * gonet_write_string.
 *
 * Parks:    never.
 * Threads:  any task or thread.
 */
GONET_API gonet_writer_t *gonet_bufwriter_as_writer(gonet_bufwriter_t *w);

/*
 * gonet_bufwriter_write writes len bytes into the buffer, and below when it is full.
 *
 * Parks:    only while it writes below.
 * Returns:  len, or -1 with *err set.
 * Errors:   what a write below fails with, or has failed with before.
 * Threads:  any task or thread, one at a time.
 * Go:       (*bufio.Writer).Write
 */
GONET_API ssize_t gonet_bufwriter_write(gonet_bufwriter_t *w, const void *p, size_t len,
                                        gonet_error_t **err);

/*
 * gonet_bufwriter_printf writes formatted text into the buffer, and below when it is full.
 *
 * Parks:    only while it writes below.
 * Returns:  the count, or -1 with *err set.
 * Errors:   what a write below fails with, or has failed with before; gonet_err_no_memory.
 * Threads:  any task or thread, one at a time.
 * Example:  examples/key_value.c
 * Go:       fmt.Fprintf to a bufio.Writer
 */
GONET_API ssize_t gonet_bufwriter_printf(gonet_bufwriter_t *w, gonet_error_t **err,
                                         const char *format, ...) GONET_PRINTF(3, 4);

/*
 * gonet_bufwriter_vprintf is gonet_bufwriter_printf for a function that has the arguments as a
 * va_list.
 *
 * Parks:    only while it writes below.
 * Returns:  the count, or -1 with *err set.
 * Errors:   what a write below fails with, or has failed with before; gonet_err_no_memory.
 * Threads:  any task or thread, one at a time.
 * Go:       fmt.Fprintf to a bufio.Writer
 */
GONET_API ssize_t gonet_bufwriter_vprintf(gonet_bufwriter_t *w, gonet_error_t **err,
                                          const char *format, va_list args) GONET_PRINTF(3, 0);

/*
 * gonet_bufwriter_flush writes below what is in the buffer. What could not be written stays there.
 *
 * Parks:    as a write below does.
 * Returns:  0, or -1 with *err set.
 * Errors:   what a write below fails with, or has failed with before.
 * Threads:  any task or thread, one at a time.
 * Example:  examples/key_value.c
 * Go:       (*bufio.Writer).Flush
 */
GONET_API int gonet_bufwriter_flush(gonet_bufwriter_t *w, gonet_error_t **err);

/*
 * gonet_bufwriter_reset drops what was not flushed and the error, and goes on with below, which it
 * borrows.
 *
 * Parks:    never.
 * Threads:  any task or thread, one at a time.
 * Go:       (*bufio.Writer).Reset
 */
GONET_API void gonet_bufwriter_reset(gonet_bufwriter_t *w, gonet_writer_t *below);

/*
 * gonet_bufwriter_buffered returns how many bytes are in the buffer; gonet_bufwriter_available how
 * many more go in without a write below. NULL: 0.
 *
 * Parks:    never.
 * Units:    bytes.
 * Threads:  any task or thread, one at a time.
 * Go:       (*bufio.Writer).Buffered, Available
 */
GONET_API size_t gonet_bufwriter_buffered(const gonet_bufwriter_t *w);
GONET_API size_t gonet_bufwriter_available(const gonet_bufwriter_t *w);

/*
 * gonet_relay copies between two connections, in both directions at the same time, until both have
 * ended: what a proxy does. The end of what a sends is passed on to b (gonet_conn_close_write), and
 * the other way round; a connection that can't be told so ends the relay. Bulk goes through the
 * kernel where gonet_copy's would. When it returns, both connections have been closed; they stay
 * the caller's to free.
 *
 * idle ends the relay when no byte has moved in either direction for so long (at most for twice
 * that, where a connection takes nothing); <= 0: never. For this it sets the deadlines of both. An
 * error in one direction ends both.
 *
 * Parks:    until the end of both, an error, the idle limit, or a close of one of the two from
 *           elsewhere; gonet_shutdown ends it as a close.
 * Returns:  0 when both have ended; -1 with *err set. *there is what went from a to b, *back from b
 *           to a (each may be NULL), also on failure.
 * Errors:   of the direction that failed first, an OpError "read" or "write"; at the idle limit
 *           over gonet_err_deadline_exceeded; no memory for a task; EINVAL without a or b.
 * Threads:  any task or thread. Nobody else reads or writes the two.
 * Example:  examples/tcp_proxy.c
 * Go:       two goroutines with io.Copy and CloseWrite; (*httputil.ReverseProxy) for one protocol
 */
GONET_API int gonet_relay(gonet_conn_t *a, gonet_conn_t *b, gonet_duration_t idle, int64_t *there,
                          int64_t *back, gonet_error_t **err);

/*
 * gonet_relay_go is gonet_relay for which nobody waits: it takes a and b, returns at once, and
 * releases them in the end. Between connections on stream sockets there is no task while nothing is
 * under way, so that an idle pair costs no more than its connections and some 200 bytes. In the end
 * ended(arg, there, back, err) is called, by a task, with the counts and the first error, borrowed,
 * or NULL. ended may be NULL.
 *
 * Parks:    never, but for other readers of a and b, whom there should not be.
 * Returns:  0; or -1 with *err set: a and b have been closed and released, and ended is not called.
 * Errors:   no memory, no task (gonet_shutdown is under way), an OpError of a deadline that can't
 * be set, EINVAL without a or b. ended gets those of gonet_relay. Threads:  any task or thread.
 * Example:  examples/tcp_proxy.c
 * Go:       go func() { … }()
 */
GONET_API GONET_NODISCARD int gonet_relay_go(gonet_conn_t *a, gonet_conn_t *b,
                                             gonet_duration_t idle,
                                             void (*ended)(void *arg, int64_t there, int64_t back,
                                                           const gonet_error_t *err),
                                             void *arg, gonet_error_t **err);

/* gonet_limited_reader_t reads from another reader, but at most n bytes. One task at a time. Go:
 * io.LimitedReader. */
typedef struct gonet_limited_reader gonet_limited_reader_t;

/* gonet_limited_reader_new borrows r. NULL when memory is out. Release with
 * gonet_limited_reader_free. */
GONET_API GONET_NODISCARD gonet_limited_reader_t *gonet_limited_reader_new(gonet_reader_t *r,
                                                                           int64_t n);
GONET_API void gonet_limited_reader_free(gonet_limited_reader_t *l);
GONET_API gonet_reader_t *gonet_limited_reader_as_reader(gonet_limited_reader_t *l);

/* gonet_limited_reader_n returns how many bytes may still be read. Go: the field N. */
GONET_API int64_t gonet_limited_reader_n(const gonet_limited_reader_t *l);

/* gonet_file_reader_t reads a file, a pipe, a terminal, … from its offset on. Go: os.File as
 * io.Reader. */
typedef struct gonet_file_reader gonet_file_reader_t;

/* gonet_file_writer_t writes one. Go: os.File as io.Writer. */
typedef struct gonet_file_writer gonet_file_writer_t;

/*
 * gonet_file_reader_new makes a reader of a duplicate of fd, which stays the caller's (they share
 * the offset). What poll(2) can watch (a pipe, a terminal) is waited for as a connection is,
 * without a thread, and reads of it end with the closed error when gonet_shutdown begins
 * (gonet/fd.h says more, also of fd's flags, which are left as they are; gonet_fd_conn has
 * deadlines and a close, too). Files proper block: for a task their reads are done by the pool for
 * blocking work, so that only the caller waits, and gonet_shutdown waits for them.
 *
 * Parks:    never; reads do.
 * Returns:  the reader, to release with gonet_file_reader_free, or NULL with *err set.
 * Errors:   a syscall error "fcntl" if fd can't be duplicated; no memory. Of reads: syscall errors
 *           "read", gonet_eof, gonet_err_closed.
 * Threads:  any task or thread.
 * Go:       os.NewFile
 */
GONET_API GONET_NODISCARD gonet_file_reader_t *gonet_file_reader_new(int fd, gonet_error_t **err);
GONET_API void gonet_file_reader_free(gonet_file_reader_t *r);
GONET_API gonet_reader_t *gonet_file_reader_as_reader(gonet_file_reader_t *r);

/*
 * gonet_file_writer_new makes a writer of a duplicate of fd, which stays the caller's (they share
 * the offset). What poll(2) can watch (a pipe, a terminal) is waited for as a connection is, and
 * gonet_shutdown ends its writes with the closed error; files proper are written by the pool for
 * blocking work. A pipe that nobody reads any more gives EPIPE, never SIGPIPE.
 *
 * Parks:    never; writes do.
 * Returns:  the writer, to release with gonet_file_writer_free, or NULL with *err set.
 * Errors:   a syscall error "fcntl" if fd can't be duplicated; no memory. Of writes: syscall errors
 *           "write", gonet_err_closed.
 * Threads:  any task or thread.
 * Go:       os.NewFile
 */
GONET_API GONET_NODISCARD gonet_file_writer_t *gonet_file_writer_new(int fd, gonet_error_t **err);
GONET_API void gonet_file_writer_free(gonet_file_writer_t *w);
GONET_API gonet_writer_t *gonet_file_writer_as_writer(gonet_file_writer_t *w);

GONET_DEFINE_AUTO(gonet_bufreader_t, gonet_bufreader_free)
GONET_DEFINE_AUTO(gonet_bufwriter_t, gonet_bufwriter_free)
GONET_DEFINE_AUTO(gonet_limited_reader_t, gonet_limited_reader_free)
GONET_DEFINE_AUTO(gonet_file_reader_t, gonet_file_reader_free)
GONET_DEFINE_AUTO(gonet_file_writer_t, gonet_file_writer_free)

GONET_END_DECLS

#endif
