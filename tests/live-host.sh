#!/bin/sh
# SPDX-License-Identifier: MIT
#
# live-host.sh HOST ADDRESS HOME RELAY:CONTROL:DATA PROGRAM: a host of tests/live.c,
# in namespaces of its own, as root. It reads lines: after the first it has a network,
# and as nobody starts a session daemon and a live session to the relay; at the second
# it runs the program; at the third, or the end, it ends.
set -eu
host=$1
address=$2
home=$3
relay=$4
program=$5

nobody='setpriv --reuid=65534 --regid=65534 --clear-groups --pdeathsig=TERM'

hostname "$host"
mkdir -p "$home"
chown 65534:65534 "$home"
export LTTNG_HOME="$home" HOME="$home" VIGIL_DIR="$home" LTTNG_UST_REGISTER_TIMEOUT=-1

read -r _
ip addr add "$address" dev eth0
ip link set eth0 up
ip link set lo up

# shellcheck disable=SC2086 # words
{
	$nobody lttng-sessiond --no-kernel &
	daemon=$!
	trap 'kill "$daemon"; wait "$daemon"' EXIT
	tries=0
	until $nobody lttng --no-sessiond list; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ]
		sleep 0.1
	done
	$nobody lttng --no-sessiond create "s-$host" --live=100000 --set-url="net://$relay"
	$nobody lttng --no-sessiond enable-event -u 'vigil:*'
	$nobody lttng --no-sessiond add-context -u -t vpid
	$nobody lttng --no-sessiond start
	echo ready >"$home/ready"
	read -r _
	$nobody "$program"
	read -r _
}
