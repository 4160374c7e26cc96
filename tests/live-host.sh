#!/bin/sh
# SPDX-License-Identifier: MIT
#
# live-host.sh HOST HOME CONTROL:DATA-OF-RELAY PROGRAM: a host of tests/live.c. It runs
# in a network namespace of its own, under a name of its own, as root; and as nobody
# starts a session daemon, a live session to the relay, and when it reads a line the
# program. Another line ends it.
set -eu
host=$1
home=$2
relay=$3
program=$4

hostname "$host"
mkdir -p "$home"
chown 65534:65534 "$home"
export LTTNG_HOME="$home" HOME="$home" VIGIL_DIR="$home" LTTNG_UST_REGISTER_TIMEOUT=-1

as_nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# Not in a shell of its own, whose pid would be another than the daemon's.
setpriv --reuid=65534 --regid=65534 --clear-groups --pdeathsig=TERM \
	lttng-sessiond --no-kernel &
daemon=$!
trap 'kill "$daemon"; wait "$daemon"' EXIT
tries=0
until as_nobody lttng --no-sessiond list; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ]
	sleep 0.1
done
as_nobody lttng --no-sessiond create "s-$host" --live=100000 --set-url="net://$relay"
as_nobody lttng --no-sessiond enable-event -u 'vigil:*'
as_nobody lttng --no-sessiond add-context -u -t vpid
as_nobody lttng --no-sessiond start
echo ready >"$home/ready"
read -r _
as_nobody "$program"
read -r _
