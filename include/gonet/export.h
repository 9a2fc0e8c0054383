/*
 * Macros that the public headers share: linkage, attributes and scoped release.
 */
#ifndef GONET_EXPORT_H
#define GONET_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
#define GONET_BEGIN_DECLS extern "C" {
#define GONET_END_DECLS   }
#else
#define GONET_BEGIN_DECLS
#define GONET_END_DECLS
#endif

#if defined(__GNUC__)
#define GONET_API             __attribute__((visibility("default")))
#define GONET_NODISCARD       __attribute__((warn_unused_result))
#define GONET_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#else
#define GONET_API
#define GONET_NODISCARD
#define GONET_PRINTF(fmt, va)
#endif

/*
 * GONET_AUTO(gonet_conn_t) c = …; releases c with gonet_conn_free at the end of the scope, for
 * every type that has a _free function. The variable is a pointer, and must be initialised.
 * GONET_AUTO_FREE const char **hosts = …; does it with gonet_free.
 */
#if defined(__GNUC__)
#define GONET_AUTO(type) __attribute__((cleanup(type##_auto_free))) type *
#define GONET_AUTO_FREE  __attribute__((cleanup(gonet_auto_free)))
#define GONET_DEFINE_AUTO(type, free_function)                            \
    static inline __attribute__((unused)) void type##_auto_free(type **p) \
    {                                                                     \
        free_function(*p);                                                \
    }
#else
#define GONET_DEFINE_AUTO(type, free_function)
#endif

GONET_BEGIN_DECLS

/*
 * gonet_free releases an array or a string that a gonet call made. NULL is fine.
 */
GONET_API void gonet_free(void *ptr);

#if defined(__GNUC__)
static inline __attribute__((unused)) void gonet_auto_free(void *p)
{
#ifdef __cplusplus
    gonet_free(*static_cast<void **>(p));
#else
    gonet_free(*(void **)p);
#endif
}
#endif

GONET_END_DECLS

#endif
