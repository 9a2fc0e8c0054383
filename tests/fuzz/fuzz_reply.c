/*
 * Replies of a malicious server. The input is made a reply to the question (its id, the question
 * itself where it has room), since others are dropped at once; then it is read as every type of
 * record.
 */
#include "fuzz.h"

#include "resolve/domain.h"
#include "resolve/message.h"

static void read_record(const gonet__reply_t *r, const gonet__record_t *record)
{
    gonet__dns_name_t name;
    uint8_t bytes[16];
    uint16_t value;

    gonet__record_owner(r, record, &name);
    MUST(name.len > 0 && name.len < GONET__NAME_SIZE);
    MUST(name.text[name.len - 1] == '.' && name.text[name.len] == '\0');
    for (size_t offset = 0; offset < 8; offset++) {
        if (gonet__record_name(r, record, offset, &name)) {
            MUST(name.len > 0 && name.len < GONET__NAME_SIZE && name.text[name.len] == '\0');
            (void)gonet__is_domain_name_n(name.text, name.len);
        }
        (void)gonet__record_u16(r, record, offset, &value);
    }
    if (gonet__record_bytes(r, record, 16, bytes))
        MUST(gonet__record_bytes(r, record, 4, bytes));
}

static void walk(gonet__reply_t r)
{
    for (unsigned section = 0; section < 3; section++) {
        gonet__record_t record;

        while (gonet__reply_next(&r, section, &record) == GONET__WALK_RECORD)
            read_record(&r, &record);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned types[] = {1, 2, 5, 12, 15, 16, 28, 33};
    uint8_t question[GONET__QUESTION_SIZE];
    size_t len = gonet__question_make(question, "www.example.", 1, 0x1234, false, false);
    uint8_t *p = malloc(size != 0 ? size : 1);
    gonet__reply_t r;

    MUST(p != NULL && len == 29);
    memcpy(p, data, size);
    (void)gonet__reply_open(&r, p, size, question, len);
    if (size >= len) {
        memcpy(p, question, 2);
        p[2] |= 0x80;
        memcpy(p + 4, question + 4, 2);
        memcpy(p + 12, question + 12, len - 12);
        MUST(gonet__reply_open(&r, p, size, question, len) == GONET__REPLY_OK);
        for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
            gonet__reply_t copy = r;

            if (gonet__reply_classify(&copy, types[i]) == GONET__ANSWER_OK)
                walk(copy);
        }
        walk(r);
    }
    free(p);
    return 0;
}
