/*
 * DNS messages: making a question, and walking through a reply. A reply is hostile until proven
 * otherwise: every read is checked against its length, and a name follows at most ten pointers.
 */
#ifndef GONET_RESOLVE_MESSAGE_H
#define GONET_RESOLVE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Types of records (RFC 1035, 3596, 2782, 6672, 6891). */
enum {
    GONET__DNS_A = 1,
    GONET__DNS_NS = 2,
    GONET__DNS_CNAME = 5,
    GONET__DNS_PTR = 12,
    GONET__DNS_MX = 15,
    GONET__DNS_TXT = 16,
    GONET__DNS_AAAA = 28,
    GONET__DNS_SRV = 33,
    GONET__DNS_DNAME = 39,
    GONET__DNS_OPT = 41
};

/* Response codes. */
enum { GONET__RCODE_OK = 0, GONET__RCODE_SERVFAIL = 2, GONET__RCODE_NXDOMAIN = 3 };

/* The longest reply over UDP, which the question announces (behaviour 23.5). */
#define GONET__UDP_SIZE 1232

/* The most that a question needs. */
#define GONET__QUESTION_SIZE 300

/* A name as text: no escapes, every label ends in a dot. */
#define GONET__NAME_SIZE 256
#define GONET__NAME_MOST 254 /* of the text, with its dots */
typedef struct {
    size_t len;
    char text[GONET__NAME_SIZE]; /* with a NUL behind it; labels may hold NULs, too */
} gonet__dns_name_t;

/*
 * gonet__question_make writes the message that asks for name (rooted) and type; its length, or 0 if
 * the name cannot be written (an empty or too long label), or memory is out. edns adds the OPT
 * record, ad sets the AD bit.
 */
size_t gonet__question_make(uint8_t out[GONET__QUESTION_SIZE], const char *name, unsigned type,
                            uint16_t id, bool edns, bool ad);

/* A walk through the records of a reply; a plain value, so a copy is a bookmark. */
typedef struct {
    const uint8_t *p;
    size_t len;
    size_t at;        /* the next record */
    unsigned left[3]; /* how many records of each section are to come: answer, authority, extra */
    uint16_t id;
    uint16_t flags;
    bool plain;         /* the question is byte for byte the one that was asked */
    uint32_t alias_ttl; /* the least of the aliases that gonet__reply_classify has passed over */
} gonet__reply_t;

/* alias_ttl: there was none. */
#define GONET__NO_ALIAS UINT32_MAX

/* Bits of flags. */
enum {
    GONET__DNS_QR = 1 << 15,
    GONET__DNS_AA = 1 << 10,
    GONET__DNS_TC = 1 << 9,
    GONET__DNS_RD = 1 << 8,
    GONET__DNS_RA = 1 << 7,
    GONET__DNS_AD = 1 << 5
};

typedef enum {
    GONET__REPLY_OK = 0,
    GONET__REPLY_FOREIGN,    /* a whole message, but no reply to this question */
    GONET__REPLY_UNREADABLE, /* not even header and question */
    GONET__REPLY_QUESTIONS   /* more than the one question */
} gonet__reply_kind_t;

/* gonet__reply_open begins a walk, if the message is a reply to that question (behaviour 23.8,
 * 23.9). The message must outlive the walk. */
gonet__reply_kind_t gonet__reply_open(gonet__reply_t *r, const uint8_t *message, size_t len,
                                      const uint8_t *question, size_t question_len);

/* One record's header; owner and data are the offsets of its name and its contents, of which
 * data is within the message. */
typedef struct {
    size_t owner;
    uint16_t type;
    uint32_t ttl; /* as it is: gonet__record_ttl knows what it means */
    size_t data;
    size_t data_len;
} gonet__record_t;

typedef enum { GONET__WALK_RECORD = 0, GONET__WALK_END, GONET__WALK_BAD } gonet__walk_t;

/* gonet__reply_next reads the header of the section's next record and moves behind the record, as
 * far as its length says; sections are read in order. */
gonet__walk_t gonet__reply_next(gonet__reply_t *r, unsigned section, gonet__record_t *record);

/*
 * gonet__record_whole says whether the contents end within the message, as its length says. A
 * record that is passed over must be; one that is read need not: Go goes by the length only to find
 * the next record, and takes an address, a number or a name from wherever it ends.
 */
bool gonet__record_whole(const gonet__reply_t *r, const gonet__record_t *record);

/* gonet__record_alias says whether a record, a CNAME or a DNAME, leads to others. */
bool gonet__record_alias(const gonet__record_t *record);

/* gonet__record_ttl returns the time to live in seconds: 0 if the top bit is set (RFC 2181, section
 * 8). */
uint32_t gonet__record_ttl(const gonet__record_t *record);

/* What a reply as a whole says (behaviour 23.11). */
typedef enum {
    GONET__ANSWER_OK = 0, /* the walk stands before the first answer of the type */
    GONET__ANSWER_NO_HOST,
    GONET__ANSWER_UNREADABLE,
    GONET__ANSWER_LAME,
    GONET__ANSWER_SERVFAIL,
    GONET__ANSWER_MISBEHAVING
} gonet__answer_t;

/* gonet__reply_classify judges the reply and moves to the first answer of that type. */
gonet__answer_t gonet__reply_classify(gonet__reply_t *r, unsigned type);

/* gonet__record_owner reads the name of a record that the walk has found. */
void gonet__record_owner(const gonet__reply_t *r, const gonet__record_t *record,
                         gonet__dns_name_t *name);

/* The contents of a record; false if the message ends before, or a name is malformed. */
bool gonet__record_name(const gonet__reply_t *r, const gonet__record_t *record, size_t offset,
                        gonet__dns_name_t *name);
bool gonet__record_bytes(const gonet__reply_t *r, const gonet__record_t *record, size_t n,
                         uint8_t *out);
bool gonet__record_u16(const gonet__reply_t *r, const gonet__record_t *record, size_t offset,
                       uint16_t *value);

#endif
