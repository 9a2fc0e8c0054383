/*
 * The conformance suite over pairs in memory.
 */
#include "conform/conform.h"
#include "gonet/pipe.h"

static bool make(const conform_kind_t *kind, gonet_conn_t **a, gonet_conn_t **b)
{
    (void)kind;
    return CHECK(gonet_pipe(a, b) == 0);
}

int main(void)
{
    const conform_kind_t kinds[] = {{
        .name = "pipe",
        .make = make,
        .synchronous = true,
        .stream = true,
        .closed = &gonet_err_closed_pipe,
        .read_timeout = "read pipe: i/o timeout",
        .write_timeout = "write pipe: i/o timeout",
        .read_closed = "io: read/write on closed pipe",
        .write_closed = "io: read/write on closed pipe",
    }};

    return conform_run(kinds, 1);
}
