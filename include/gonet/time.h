/*
 * Instants and durations. An instant counts nanoseconds of the monotonic clock and is a struct of
 * its own, so that neither a duration nor time(NULL) compiles as a deadline.
 */
#ifndef GONET_TIME_H
#define GONET_TIME_H

#include <time.h>

#include "gonet/errno.h"
#include "gonet/export.h"

GONET_BEGIN_DECLS

/* gonet_time_t is an instant; { 0 } is Go's zero time: no deadline. Go: time.Time. */
typedef struct {
    int64_t ns;
} gonet_time_t;

/* gonet_duration_t is a time span in nanoseconds: 5 * GONET_SECOND. Go: time.Duration. */
typedef int64_t gonet_duration_t;

#define GONET_NANOSECOND  INT64_C(1)
#define GONET_MICROSECOND (1000 * GONET_NANOSECOND)
#define GONET_MILLISECOND (1000 * GONET_MICROSECOND)
#define GONET_SECOND      (1000 * GONET_MILLISECOND)
#define GONET_MINUTE      (60 * GONET_SECOND)
#define GONET_HOUR        (60 * GONET_MINUTE)

/* gonet_no_deadline is { 0 }. */
GONET_API extern const gonet_time_t gonet_no_deadline;

/* gonet_now returns the present instant; never { 0 }. Go: time.Now. */
GONET_API gonet_time_t gonet_now(void);

/* gonet_after returns the instant d from now, saturating at both ends; never { 0 }. Go:
 * time.Now().Add(d). */
GONET_API gonet_time_t gonet_after(gonet_duration_t d);

/* gonet_until returns the span from now to t, negative if t is past; saturating. Go: time.Until. */
GONET_API gonet_duration_t gonet_until(gonet_time_t t);

/* gonet_since returns the span from t to now; saturating. Go: time.Since. */
GONET_API gonet_duration_t gonet_since(gonet_time_t t);

/*
 * gonet_time_from_wall converts an instant of the wall clock (CLOCK_REALTIME) at this moment; a
 * later change of that clock does not move the result. Saturating; never { 0 }.
 */
GONET_API gonet_time_t gonet_time_from_wall(const struct timespec *wall);

GONET_END_DECLS

#endif
