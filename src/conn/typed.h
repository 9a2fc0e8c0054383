/*
 * What the types of connections on sockets have in common under names of their own (so that
 * bindings of other languages can reach it): written once here, made for a type by a few lines in
 * its file.
 */
#ifndef GONET_CONN_TYPED_H
#define GONET_CONN_TYPED_H

#include "conn/rawconn.h"
#include "conn/sock.h"

/* The slots of gonet_conn_vtable_t that all of them fill alike. */
#define GONET__SOCK_CONN_SLOTS                                                                 \
    .size = sizeof(gonet_conn_vtable_t), .read = gonet__sock_read, .write = gonet__sock_write, \
    .close = gonet__sock_close, .local_addr = gonet__sock_local_addr,                          \
    .remote_addr = gonet__sock_remote_addr, .set_deadline = gonet__sock_set_deadline,          \
    .set_read_deadline = gonet__sock_set_read_deadline,                                        \
    .set_write_deadline = gonet__sock_set_write_deadline, .destroy = gonet__sock_release,      \
    .file = gonet__sock_file, .syscall_conn = gonet__sock_syscall_conn,                        \
    .wait_readable = gonet__sock_wait_readable, .write_buffers = gonet__sock_write_buffers

/* Likewise of gonet_packet_conn_vtable_t. */
#define GONET__SOCK_PACKET_SLOTS                                                          \
    .size = sizeof(gonet_packet_conn_vtable_t), .close = gonet__sock_close,               \
    .local_addr = gonet__sock_local_addr, .set_deadline = gonet__sock_set_deadline,       \
    .set_read_deadline = gonet__sock_set_read_deadline,                                   \
    .set_write_deadline = gonet__sock_set_write_deadline, .destroy = gonet__sock_release, \
    .file = gonet__sock_file, .syscall_conn = gonet__sock_syscall_conn

/* TYPE is the struct's public name, and the prefix of its methods: gonet_tcp_conn; AS is the cast
 * from gonet_conn_t; KIND the type's number. */
#define GONET__CONN_METHODS(TYPE, AS, KIND)                                                        \
    gonet_conn_t *TYPE##_as_conn(TYPE##_t *c)                                                      \
    {                                                                                              \
        return (gonet_conn_t *)c;                                                                  \
    }                                                                                              \
    gonet_reader_t *TYPE##_as_reader(TYPE##_t *c)                                                  \
    {                                                                                              \
        return (gonet_reader_t *)c;                                                                \
    }                                                                                              \
    gonet_writer_t *TYPE##_as_writer(TYPE##_t *c)                                                  \
    {                                                                                              \
        return (gonet_writer_t *)c;                                                                \
    }                                                                                              \
    TYPE##_t *AS(gonet_conn_t *c)                                                                  \
    {                                                                                              \
        return c != NULL && c->object.type == (KIND) ? (TYPE##_t *)c : NULL;                       \
    }                                                                                              \
    TYPE##_t *TYPE##_ref(TYPE##_t *c)                                                              \
    {                                                                                              \
        gonet__object_ref(GONET__OBJECT(c));                                                       \
        return c;                                                                                  \
    }                                                                                              \
    void TYPE##_free(TYPE##_t *c)                                                                  \
    {                                                                                              \
        gonet__object_unref(GONET__OBJECT(c));                                                     \
    }                                                                                              \
    ssize_t TYPE##_read(TYPE##_t *c, void *p, size_t len, gonet_error_t **err)                     \
    {                                                                                              \
        return gonet_conn_read((gonet_conn_t *)c, p, len, err);                                    \
    }                                                                                              \
    ssize_t TYPE##_write(TYPE##_t *c, const void *p, size_t len, gonet_error_t **err)              \
    {                                                                                              \
        return gonet_conn_write((gonet_conn_t *)c, p, len, err);                                   \
    }                                                                                              \
    int TYPE##_write_count(TYPE##_t *c, const void *p, size_t len, size_t *n, gonet_error_t **err) \
    {                                                                                              \
        return gonet_conn_write_count((gonet_conn_t *)c, p, len, n, err);                          \
    }                                                                                              \
    int TYPE##_close(TYPE##_t *c, gonet_error_t **err)                                             \
    {                                                                                              \
        return gonet_conn_close((gonet_conn_t *)c, err);                                           \
    }                                                                                              \
    const gonet_addr_t *TYPE##_local_addr(TYPE##_t *c)                                             \
    {                                                                                              \
        return gonet__sock_local_addr(c);                                                          \
    }                                                                                              \
    const gonet_addr_t *TYPE##_remote_addr(TYPE##_t *c)                                            \
    {                                                                                              \
        return gonet__sock_remote_addr(c);                                                         \
    }                                                                                              \
    int TYPE##_set_deadline(TYPE##_t *c, gonet_time_t t, gonet_error_t **err)                      \
    {                                                                                              \
        return gonet_conn_set_deadline((gonet_conn_t *)c, t, err);                                 \
    }                                                                                              \
    int TYPE##_set_read_deadline(TYPE##_t *c, gonet_time_t t, gonet_error_t **err)                 \
    {                                                                                              \
        return gonet_conn_set_read_deadline((gonet_conn_t *)c, t, err);                            \
    }                                                                                              \
    int TYPE##_set_write_deadline(TYPE##_t *c, gonet_time_t t, gonet_error_t **err)                \
    {                                                                                              \
        return gonet_conn_set_write_deadline((gonet_conn_t *)c, t, err);                           \
    }                                                                                              \
    int TYPE##_set_read_buffer(TYPE##_t *c, int bytes, gonet_error_t **err)                        \
    {                                                                                              \
        gonet__error_clear(err);                                                                   \
        return c == NULL ? gonet__no_object(err)                                                   \
                         : gonet__sock_set_read_buffer(&c->sock, bytes, err);                      \
    }                                                                                              \
    int TYPE##_set_write_buffer(TYPE##_t *c, int bytes, gonet_error_t **err)                       \
    {                                                                                              \
        gonet__error_clear(err);                                                                   \
        return c == NULL ? gonet__no_object(err)                                                   \
                         : gonet__sock_set_write_buffer(&c->sock, bytes, err);                     \
    }                                                                                              \
    int TYPE##_file(TYPE##_t *c, gonet_error_t **err)                                              \
    {                                                                                              \
        return gonet_conn_file((gonet_conn_t *)c, err);                                            \
    }                                                                                              \
    gonet_raw_conn_t *TYPE##_syscall_conn(TYPE##_t *c, gonet_error_t **err)                        \
    {                                                                                              \
        return gonet_conn_syscall_conn((gonet_conn_t *)c, err);                                    \
    }

/* For those that are packet connections, too; AS and AS_CONN are the casts to the type. */
#define GONET__PACKET_CONN_METHODS(TYPE, AS, AS_CONN)       \
    gonet_packet_conn_t *TYPE##_as_packet_conn(TYPE##_t *c) \
    {                                                       \
        return (gonet_packet_conn_t *)c;                    \
    }                                                       \
    TYPE##_t *AS(gonet_packet_conn_t *c)                    \
    {                                                       \
        return AS_CONN((gonet_conn_t *)c);                  \
    }

/* For those that have two directions to shut down. */
#define GONET__HALF_CLOSE_METHODS(TYPE)                        \
    int TYPE##_close_read(TYPE##_t *c, gonet_error_t **err)    \
    {                                                          \
        return gonet_conn_close_read((gonet_conn_t *)c, err);  \
    }                                                          \
    int TYPE##_close_write(TYPE##_t *c, gonet_error_t **err)   \
    {                                                          \
        return gonet_conn_close_write((gonet_conn_t *)c, err); \
    }

#endif
