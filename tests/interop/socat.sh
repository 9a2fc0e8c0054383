#!/bin/sh
# socat.sh EXAMPLES_DIR MIB: a stream from socat through echo_server and back.
. "$(dirname "$0")/lib.sh"
start_server
stream "$2" socat -t 3600 - "TCP:$address"
stop_server
