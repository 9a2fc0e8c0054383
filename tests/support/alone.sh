#!/bin/sh
# alone.sh PROGRAM [ARGUMENT...]: runs a test in a network of its own, which has nothing but loopback, so
# that tests that run at once can't meet: where one expects nobody at a port that it has closed, another
# could listen there by then, and one that needs most of the free ports leaves the others few. Where
# that can't be had the program runs where it is, without GONET_TEST_ALONE.
if unshare --net ip link set lo up 2>/dev/null; then
    export GONET_TEST_ALONE=1
    exec unshare --net sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
exec "$@"
