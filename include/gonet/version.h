/*
 * The version of the library: of these headers at compile time, of the library in use at run time.
 */
#ifndef GONET_VERSION_H
#define GONET_VERSION_H

#include "gonet/errno.h"
#include "gonet/export.h"

#define GONET_VERSION_MAJOR 0
#define GONET_VERSION_MINOR 1
#define GONET_VERSION_PATCH 0

/* GONET_VERSION_NUMBER grows with each version: 0x010203 is 1.2.3. */
#define GONET_VERSION_NUMBER \
    ((GONET_VERSION_MAJOR << 16) | (GONET_VERSION_MINOR << 8) | GONET_VERSION_PATCH)

GONET_BEGIN_DECLS

/* gonet_version returns the version of the library that the program runs with, "1.2.3". Static. */
GONET_API const char *gonet_version(void);

GONET_END_DECLS

#endif
