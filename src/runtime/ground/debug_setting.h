/*
 * What GONETDEBUG asks for: to be told of tasks that hold their worker, and of such as wait for
 * each other, and a list of all tasks at SIGQUIT.
 */
#ifndef GONET_RUNTIME_GROUND_DEBUG_SETTING_H
#define GONET_RUNTIME_GROUND_DEBUG_SETTING_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t slow;  /* ns for which a task may hold its worker; 0: any time */
    bool quit;     /* SIGQUIT lists */
    bool deadlock; /* tasks that wait for each other are reported */
} gonet__debug_setting_t;

/* gonet__debug_setting returns what the environment said when it was asked first. */
const gonet__debug_setting_t *gonet__debug_setting(void);

/* gonet__debug_asked says whether anything was. */
bool gonet__debug_asked(void);

#endif
