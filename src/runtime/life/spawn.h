/*
 * New tasks, beside those of gonet_go.
 */
#ifndef GONET_RUNTIME_LIFE_SPAWN_H
#define GONET_RUNTIME_LIFE_SPAWN_H

/* gonet__spawn_outside is gonet_go for a worker that runs no task now; 0 or -1, with errno. */
int gonet__spawn_outside(void (*fn)(void *arg), void *arg);

#endif
