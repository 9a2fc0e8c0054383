/*
 * Files of /etc of the program's own: other programs don't see them. Needs root and mount
 * namespaces.
 */
#ifndef TESTS_SUPPORT_ETC_H
#define TESTS_SUPPORT_ETC_H

#include <stdbool.h>

/*
 * etc_open gives the program a view of the file system of its own. Before it has threads, and the
 * runtime runs. False: can't be had here, and why has been printed.
 */
bool etc_open(void);

/* etc_put makes path, an existing file, say text from now on, for this program alone. False: could
 * not, and why has been printed. */
bool etc_put(const char *path, const char *text);

#endif
