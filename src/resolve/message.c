/*
 * DNS messages (RFC 1035, section 4). Pure functions over bytes; nothing is allocated.
 */
#include "resolve/message.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define HEADER        12
#define MAX_POINTERS  10
#define RECORD_HEADER 10 /* behind the owner: type, class, ttl, length */
#define MAX_LABEL     63

static_assert(GONET__NAME_MOST < GONET__NAME_SIZE, "a NUL stands behind the text");

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* Appends a label and its dot; false if the name becomes too long, or the label has a dot in it. */
static bool add_label(gonet__dns_name_t *name, size_t *total, const uint8_t *p, size_t len)
{
    if (*total + len + 1 > GONET__NAME_MOST)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '.')
            return false;
    }
    if (name != NULL) {
        memcpy(name->text + *total, p, len);
        name->text[*total + len] = '.';
    }
    *total += len + 1;
    return true;
}

/* Reads the name at *at, and moves *at behind it; name is NULL if only that is wanted. */
static bool read_name(const uint8_t *p, size_t size, size_t *at, gonet__dns_name_t *name)
{
    size_t here = *at, pointers = 0, total = 0;

    for (;;) {
        unsigned c;

        if (here >= size)
            return false;
        c = p[here++];
        if (c == 0)
            break;
        if (c <= MAX_LABEL) {
            if (c > size - here || !add_label(name, &total, p + here, c))
                return false;
            here += c;
        } else if (c >= 0xc0 && here < size && pointers < MAX_POINTERS) {
            if (pointers++ == 0)
                *at = here + 1;
            here = (c & 0x3f) << 8 | p[here];
        } else {
            return false;
        }
    }
    if (pointers == 0)
        *at = here;
    if (name == NULL)
        return true;
    if (total == 0)
        name->text[total++] = '.';
    name->len = total;
    name->text[total] = '\0';
    return true;
}

/* Moves *at behind a name without a look at what it says, or where it points to. */
static bool skip_name(const uint8_t *p, size_t size, size_t *at)
{
    while (*at < size) {
        unsigned c = p[(*at)++];

        if (c == 0)
            return true;
        if (c >= 0xc0) {
            *at += 1;
            return *at <= size;
        }
        if (c > MAX_LABEL)
            return false;
        *at += c;
    }
    return false;
}

/* Moves *at behind the owner's name of a record. Most are the question's, which is known to be
 * good, or, of an OPT record, the root. */
static bool skip_owner(const gonet__reply_t *r, size_t *at)
{
    if (*at < r->len && r->p[*at] == 0) {
        *at += 1;
        return true;
    }
    if (r->plain && r->len - *at >= 2 && r->p[*at] == 0xc0 && r->p[*at + 1] == HEADER) {
        *at += 2;
        return true;
    }
    return read_name(r->p, r->len, at, NULL);
}

/* Name, type and class of a question, as text and number. */
static bool read_question(const uint8_t *p, size_t size, size_t *at, gonet__dns_name_t *name,
                          uint32_t *kind)
{
    if (!read_name(p, size, at, name) || size - *at < 4)
        return false;
    *kind = get16(p + *at) << 16 | get16(p + *at + 2);
    *at += 4;
    return true;
}

static bool same_name(const gonet__dns_name_t *a, const gonet__dns_name_t *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++) {
        char x = a->text[i], y = b->text[i];

        if (x != y && (strncasecmp(&x, &y, 1) != 0 || (x & 0x80) != 0))
            return false;
    }
    return true;
}

/* The end of the question in a message of our own. */
static size_t question_end(const uint8_t *question)
{
    size_t end = HEADER;

    while (question[end] != 0)
        end += question[end] + 1u;
    return end + 5;
}

/* Whether the question of a reply, at r->at, is the one that was asked; moves behind it. */
static gonet__reply_kind_t compare_question(gonet__reply_t *r, const uint8_t *question, size_t len)
{
    gonet__dns_name_t name, asked;
    uint32_t kind, asked_kind;
    size_t at = HEADER, end = question_end(question);

    /* nearly always the very same bytes */
    if (r->len >= end && memcmp(r->p + HEADER, question + HEADER, end - HEADER) == 0) {
        r->at = end;
        r->plain = true;
        return GONET__REPLY_OK;
    }
    if (!read_question(r->p, r->len, &r->at, &name, &kind))
        return GONET__REPLY_UNREADABLE;
    if (!read_question(question, len, &at, &asked, &asked_kind) || kind != asked_kind ||
        !same_name(&name, &asked))
        return GONET__REPLY_FOREIGN;
    return GONET__REPLY_OK;
}

gonet__reply_kind_t gonet__reply_open(gonet__reply_t *r, const uint8_t *message, size_t len,
                                      const uint8_t *question, size_t question_len)
{
    gonet__reply_kind_t kind;

    *r = (gonet__reply_t){.p = message, .len = len, .at = HEADER, .alias_ttl = GONET__NO_ALIAS};
    if (len < HEADER || get16(message + 4) == 0)
        return GONET__REPLY_UNREADABLE;
    kind = compare_question(r, question, question_len);
    if (kind == GONET__REPLY_UNREADABLE)
        return kind;
    r->id = (uint16_t)get16(message);
    r->flags = (uint16_t)get16(message + 2);
    for (unsigned i = 0; i < 3; i++)
        r->left[i] = get16(message + 6 + 2 * i);
    if (kind != GONET__REPLY_OK || (r->flags & GONET__DNS_QR) == 0 || r->id != get16(question))
        return GONET__REPLY_FOREIGN;
    return get16(message + 4) > 1 ? GONET__REPLY_QUESTIONS : GONET__REPLY_OK;
}

gonet__walk_t gonet__reply_next(gonet__reply_t *r, unsigned section, gonet__record_t *record)
{
    size_t at = r->at;

    if (r->left[section] == 0)
        return GONET__WALK_END;
    record->owner = at;
    if (at > r->len || !skip_owner(r, &at) || r->len - at < RECORD_HEADER)
        return GONET__WALK_BAD;
    record->type = (uint16_t)get16(r->p + at);
    record->ttl = (uint32_t)get16(r->p + at + 4) << 16 | get16(r->p + at + 6);
    record->data_len = get16(r->p + at + 8);
    record->data = at + RECORD_HEADER;
    r->at = record->data + record->data_len;
    r->left[section]--;
    return GONET__WALK_RECORD;
}

bool gonet__record_whole(const gonet__reply_t *r, const gonet__record_t *record)
{
    return record->data + record->data_len <= r->len;
}

/* Moves behind all records of a section, whoever owns them; false if one is cut off. */
static bool skip_section(gonet__reply_t *r, unsigned section)
{
    for (; r->left[section] > 0; r->left[section]--) {
        if (!skip_name(r->p, r->len, &r->at) || r->len - r->at < RECORD_HEADER)
            return false;
        r->at += RECORD_HEADER + get16(r->p + r->at + 8);
        if (r->at > r->len)
            return false;
    }
    return true;
}

/*
 * The response code with its extension, and whether there is any extra record. The first OPT record
 * counts; one of another version than 0 says nothing (RFC 6891, section 6.1.3).
 */
static unsigned full_rcode(gonet__reply_t r, bool *extra)
{
    unsigned rcode = r.flags & 15;
    gonet__record_t record;

    *extra = false;
    if (!skip_section(&r, 0) || !skip_section(&r, 1))
        return rcode;
    while (gonet__reply_next(&r, 2, &record) == GONET__WALK_RECORD) {
        *extra = true;
        if (record.type == GONET__DNS_OPT)
            return (record.ttl >> 16 & 0xff) == 0 ? record.ttl >> 24 << 4 | rcode : rcode;
        if (!gonet__record_whole(&r, &record))
            break;
    }
    return rcode;
}

bool gonet__record_alias(const gonet__record_t *record)
{
    return record->type == GONET__DNS_CNAME || record->type == GONET__DNS_DNAME;
}

uint32_t gonet__record_ttl(const gonet__record_t *record)
{
    return record->ttl > INT32_MAX ? 0 : record->ttl;
}

/* Moves before the first answer of that type. */
static gonet__answer_t skip_to(gonet__reply_t *r, unsigned type)
{
    for (;;) {
        gonet__reply_t here = *r;
        gonet__record_t record;

        switch (gonet__reply_next(r, 0, &record)) {
        case GONET__WALK_END:
            return GONET__ANSWER_NO_HOST;
        case GONET__WALK_BAD:
            return GONET__ANSWER_UNREADABLE;
        case GONET__WALK_RECORD:
            break;
        }
        if (record.type == type) {
            *r = here;
            return GONET__ANSWER_OK;
        }
        if (!gonet__record_whole(r, &record))
            return GONET__ANSWER_UNREADABLE;
        if (gonet__record_alias(&record) && gonet__record_ttl(&record) < r->alias_ttl)
            r->alias_ttl = gonet__record_ttl(&record);
    }
}

gonet__answer_t gonet__reply_classify(gonet__reply_t *r, unsigned type)
{
    bool extra;
    unsigned rcode = full_rcode(*r, &extra);
    gonet__reply_t copy = *r;
    gonet__record_t record;
    gonet__walk_t first;

    if (rcode == GONET__RCODE_NXDOMAIN)
        return GONET__ANSWER_NO_HOST;
    first = gonet__reply_next(&copy, 0, &record);
    if (first == GONET__WALK_BAD)
        return GONET__ANSWER_UNREADABLE;
    if (rcode == GONET__RCODE_OK && (r->flags & (GONET__DNS_AA | GONET__DNS_RA)) == 0 &&
        first == GONET__WALK_END && !extra)
        return GONET__ANSWER_LAME;
    if (rcode == GONET__RCODE_SERVFAIL)
        return GONET__ANSWER_SERVFAIL;
    if (rcode != GONET__RCODE_OK)
        return GONET__ANSWER_MISBEHAVING;
    return skip_to(r, type);
}

void gonet__record_owner(const gonet__reply_t *r, const gonet__record_t *record,
                         gonet__dns_name_t *name)
{
    size_t at = record->owner;

    if (!read_name(r->p, r->len, &at, name)) { /* the walk has seen that it is good */
        name->len = 0;
        name->text[0] = '\0';
    }
}

bool gonet__record_name(const gonet__reply_t *r, const gonet__record_t *record, size_t offset,
                        gonet__dns_name_t *name)
{
    size_t at = record->data + offset;

    return read_name(r->p, r->len, &at, name);
}

bool gonet__record_bytes(const gonet__reply_t *r, const gonet__record_t *record, size_t n,
                         uint8_t *out)
{
    if (n > r->len - record->data)
        return false;
    memcpy(out, r->p + record->data, n);
    return true;
}

bool gonet__record_u16(const gonet__reply_t *r, const gonet__record_t *record, size_t offset,
                       uint16_t *value)
{
    if (offset + 2 > r->len - record->data)
        return false;
    *value = (uint16_t)get16(r->p + record->data + offset);
    return true;
}
