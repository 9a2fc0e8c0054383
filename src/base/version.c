/*
 * The version, as text made from the numbers of the public header. CMake reads the same numbers.
 */
#include "gonet/version.h"

#define TEXT(x)   #x
#define NUMBER(x) TEXT(x)

const char *gonet_version(void)
{
    return NUMBER(GONET_VERSION_MAJOR) "." NUMBER(GONET_VERSION_MINOR) "." NUMBER(
        GONET_VERSION_PATCH);
}
