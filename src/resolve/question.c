/*
 * Questions, which c-ares makes: all of it that the library uses, by what 1.18 and 1.34 both have.
 * Its channels are for questions that share sockets, and have no part in an exchange that has one
 * of its own.
 */
#include <ares.h>
#include <string.h>

#include "resolve/message.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#define CLASS_IN 1

/* Whether a name is rooted, and means to c-ares what it says: there a '\' escapes. */
static bool is_plain(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= GONET__NAME_MOST && name[len - 1] == '.' && strchr(name, '\\') == NULL;
}

size_t gonet__question_make(uint8_t out[GONET__QUESTION_SIZE], const char *name, unsigned type,
                            uint16_t id, bool edns, bool ad)
{
    unsigned char *message = NULL;
    int len = 0;

    if (!is_plain(name) || ares_create_query(name, CLASS_IN, (int)type, id, 1, &message, &len,
                                             edns ? GONET__UDP_SIZE : 0) != ARES_SUCCESS)
        return 0;
    if (len <= GONET__QUESTION_SIZE) {
        memcpy(out, message, (size_t)len);
        if (ad)
            out[3] |= GONET__DNS_AD;
    } else {
        len = 0;
    }
    ares_free_string(message);
    return (size_t)len;
}
