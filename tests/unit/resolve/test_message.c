/*
 * DNS messages: questions byte by byte, and replies that are right, cut, twisted or foreign.
 */
#include "resolve/message.h"

#include <stdlib.h>

#include "support.h"

#define HEADER   "\x12\x34"
#define QUESTION "\3www\7example\0\0\1\0\1"
#define A_RECORD "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4"

static uint8_t question[GONET__QUESTION_SIZE];
static size_t question_len;

static void make_question(void **state)
{
    static const char want[] =
        "\x12\x34\1\x20\0\1\0\0\0\0\0\1" QUESTION "\0\0\x29\4\xd0\0\0\0\0\0\0";
    uint8_t out[GONET__QUESTION_SIZE];

    (void)state;
    assert_int_equal(gonet__question_make(out, "www.example.", 1, 0x1234, true, true),
                     sizeof(want) - 1);
    assert_memory_equal(out, want, sizeof(want) - 1);
    assert_int_equal(gonet__question_make(out, ".", 2, 1, false, false), 17);
    assert_int_equal(gonet__question_make(out, "a..b.", 1, 1, true, false), 0);
    assert_int_equal(gonet__question_make(out, "a.b", 1, 1, true, false), 0);
    assert_int_equal(gonet__question_make(out, "", 1, 1, true, false), 0);
}

/* A reply, and what comes of it: the kind, then the classification. */
typedef struct {
    const char *bytes;
    size_t len;
    int kind;
    int answer; /* -1: not asked */
} row_t;

#define ROW(bytes, kind, answer)               \
    {                                          \
        bytes, sizeof(bytes) - 1, kind, answer \
    }
#define OK(flags, counts, rest, answer) \
    ROW(HEADER flags "\0\1" counts QUESTION rest, GONET__REPLY_OK, answer)

static const row_t rows[] = {
    OK("\x81\x80", "\0\1\0\0\0\0", A_RECORD, GONET__ANSWER_OK),
    OK("\x81\x80", "\0\0\0\0\0\0", "", GONET__ANSWER_NO_HOST),
    OK("\x81\x00", "\0\0\0\0\0\0", "", GONET__ANSWER_LAME),
    OK("\x85\x00", "\0\0\0\0\0\0", "", GONET__ANSWER_NO_HOST),
    OK("\x81\x00", "\0\0\0\0\0\1", "\0\0\x29\4\xd0\0\0\0\0\0\0", GONET__ANSWER_NO_HOST),
    OK("\x81\x83", "\0\0\0\0\0\0", "", GONET__ANSWER_NO_HOST),
    OK("\x81\x82", "\0\0\0\0\0\0", "", GONET__ANSWER_SERVFAIL),
    OK("\x81\x85", "\0\1\0\0\0\0", A_RECORD, GONET__ANSWER_MISBEHAVING),
    OK("\x81\x80", "\0\0\0\0\0\1", "\0\0\x29\4\xd0\1\0\0\0\0\0",
       GONET__ANSWER_MISBEHAVING), /* BADVERS */
    OK("\x81\x80", "\0\1\0\0\0\0", "\xc0", GONET__ANSWER_UNREADABLE),
    OK("\x81\x80", "\0\1\0\0\0\0", "\xc0\x1d\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4",
       GONET__ANSWER_UNREADABLE), /* loop */
    OK("\x81\x80", "\0\1\0\0\0\0", "\x40\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4", GONET__ANSWER_UNREADABLE),
    OK("\x81\x80", "\0\1\0\0\0\0", "\3a.b\0\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4",
       GONET__ANSWER_UNREADABLE),
    OK("\x81\x80", "\0\1\0\0\0\0", "\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\1\0", GONET__ANSWER_NO_HOST),
    OK("\x81\x80", "\0\1\0\0\0\0", "\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10", GONET__ANSWER_UNREADABLE),
    ROW("", GONET__REPLY_UNREADABLE, -1),
    ROW("\x12\x34\x81\x80\0\1\0\0\0\0\0", GONET__REPLY_UNREADABLE, -1),
    ROW("\x12\x34\x81\x80\0\0\0\0\0\0\0\0", GONET__REPLY_UNREADABLE, -1),
    ROW("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\3www", GONET__REPLY_UNREADABLE, -1),
    ROW("\x12\x35\x81\x80\0\1\0\0\0\0\0\0" QUESTION, GONET__REPLY_FOREIGN, -1),
    ROW("\x12\x34\x01\x00\0\1\0\0\0\0\0\0" QUESTION, GONET__REPLY_FOREIGN, -1),
    ROW("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\3wwx\7example\0\0\1\0\1", GONET__REPLY_FOREIGN, -1),
    ROW("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\3www\7example\0\0\x1c\0\1", GONET__REPLY_FOREIGN, -1),
    ROW("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\3WwW\7eXAMPLE\0\0\1\0\1", GONET__REPLY_OK,
        GONET__ANSWER_NO_HOST),
    ROW("\x12\x34\x81\x80\0\2\0\0\0\0\0\0" QUESTION QUESTION, GONET__REPLY_QUESTIONS, -1),
};

static void reply(void **state)
{
    const row_t *row = *state;
    gonet__reply_t r;
    uint8_t *exact = malloc(row->len + 1);

    /* in a block of just that size, for tools that see a byte too far */
    assert_non_null(exact);
    exact = realloc(exact, row->len > 0 ? row->len : 1);
    memcpy(exact, row->bytes, row->len);
    assert_int_equal(gonet__reply_open(&r, exact, row->len, question, question_len), row->kind);
    if (row->answer >= 0)
        assert_int_equal(gonet__reply_classify(&r, GONET__DNS_A), row->answer);
    free(exact);
}

static const char *owner_of(const gonet__reply_t *r, const gonet__record_t *record)
{
    static gonet__dns_name_t name;

    gonet__record_owner(r, record, &name);
    return name.text;
}

static void read_records(void **state)
{
    static const char bytes[] =
        HEADER "\x81\x80\0\1\0\2\0\0\0\0" QUESTION "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1x\xc0\x10"
               "\xc0\x29\0\1\0\1\0\0\0\x3d\0\4\1\2\3\4";
    gonet__reply_t r;
    gonet__record_t record;
    gonet__dns_name_t name;
    uint8_t addr[4];
    uint16_t value;

    (void)state;
    assert_int_equal(
        gonet__reply_open(&r, (const uint8_t *)bytes, sizeof(bytes) - 1, question, question_len),
        GONET__REPLY_OK);
    assert_int_equal(gonet__reply_next(&r, 0, &record), GONET__WALK_RECORD);
    assert_string_equal(owner_of(&r, &record), "www.example.");
    assert_int_equal(record.ttl, 60);
    assert_true(gonet__record_name(&r, &record, 0, &name));
    assert_string_equal(name.text, "x.example.");
    assert_true(gonet__record_name(&r, &record, 4, &name)); /* the length is no bound */
    assert_string_equal(name.text, "x.example.");
    assert_int_equal(gonet__reply_next(&r, 0, &record), GONET__WALK_RECORD);
    assert_string_equal(owner_of(&r, &record), "x.example.");
    assert_true(gonet__record_bytes(&r, &record, 4, addr));
    assert_memory_equal(addr, "\1\2\3\4", 4);
    assert_false(gonet__record_bytes(&r, &record, 5, addr));
    assert_true(gonet__record_u16(&r, &record, 2, &value));
    assert_int_equal(value, 0x304);
    assert_false(gonet__record_u16(&r, &record, 3, &value));
    assert_int_equal(gonet__reply_next(&r, 0, &record), GONET__WALK_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(make_question),
                                       cmocka_unit_test(read_records)};

    question_len = gonet__question_make(question, "www.example.", 1, 0x1234, true, false);
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(rows, reply);
}
