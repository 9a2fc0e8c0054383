/*
 * A name server that says what it is told to, byte by byte: a resolver whose dial makes packet
 * connections in memory.
 */
#ifndef TESTS_UNIT_RESOLVE_SCRIPT_H
#define TESTS_UNIT_RESOLVE_SCRIPT_H

#include <gonet.h>

#define SCRIPT_SERVER "192.0.2.53:53"

/* What is replied to questions of one type; others get a reply without records. */
typedef struct {
    unsigned type;
    const char *flags;  /* 2 bytes; NULL: an unremarkable reply */
    const char *counts; /* 6 bytes: answers, authorities, additionals */
    const void *records;
    size_t len; /* of records, which follow the question's 12 + name + 4 bytes */
} reply_t;

typedef struct {
    const reply_t *reply;
    size_t n;
    _Atomic int asked;  /* how often */
    char name[300];     /* that was asked for, with its dots */
    gonet_resolver_t r; /* set by script_start */
} script_t;

/* script_start makes s->r ask this server. */
void script_start(script_t *s, const reply_t *reply, size_t n);

#endif
