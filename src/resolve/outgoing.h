/*
 * Sending questions, some of them together. On the channel's worker.
 */
#ifndef GONET_RESOLVE_OUTGOING_H
#define GONET_RESOLVE_OUTGOING_H

#include "resolve/channels.h"

/* gonet__outgoing_put sends a question, or holds it while the channel says that more are coming.
 * One that cannot be sent ends. */
void gonet__outgoing_put(gonet__channel_t *ch, gonet__udp_question_t *q);

/* gonet__outgoing_send sends what is held. */
void gonet__outgoing_send(gonet__channel_t *ch);

/* gonet__outgoing_forget: a question that has ended is not sent any more. */
void gonet__outgoing_forget(gonet__udp_question_t *q);

#endif
