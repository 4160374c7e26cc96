#!/bin/sh
# SPDX-License-Identifier: MIT
#
# demo.sh BUILD: loads BUILD/examples/httpd with wrk and shows it in `vigil top`,
# until that is left or for DEMO_SECONDS; without a terminal it prints what the
# verbs say of it. Then come wrk's own summary, and the polls to compare it with.
# The board is in the usual place, so that vigil in another terminal sees the
# server too. Status 1 if any command failed.
set -eu

build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
server=''
load=''
failed=0

# Also on Ctrl-C and on failure: nothing that was started stays. The server
# drains for 5 s; whoever stopped it with SIGSTOP from the console is forgiven.
# shellcheck disable=SC2317 # the trap reaches it
stop()
{
	[ -z "$load" ] || kill "$load" 2>/dev/null || :
	[ -z "$server" ] || kill -TERM "$server" 2>/dev/null || :
	[ -z "$server" ] || kill -CONT "$server" 2>/dev/null || :
	tries=0
	while [ "$server" ] && kill -0 "$server" 2>/dev/null; do
		tries=$((tries + 1))
		[ "$tries" -lt 80 ] || kill -KILL "$server" 2>/dev/null || :
		sleep 0.1
	done
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Until the server says "listening on 127.0.0.1:PORT", at most 10 s.
wait_for_port()
{
	tries=0
	while port=$(sed -n 's/.*listening on [^ ]*:\([0-9][0-9]*\).*/\1/p' "$dir/server") &&
		[ -z "$port" ]; do
		tries=$((tries + 1))
		if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
			cat "$dir/server" >&2
			echo "demo: httpd did not start; its words are above" >&2
			exit 1
		fi
		sleep 0.1
	done
}

# show LINES VERB...: the first lines of what `vigil VERB...` prints.
show()
{
	lines=$1
	shift
	printf '\n== vigil %s ==\n' "$*"
	status=0
	"$build/vigil" "$@" >"$dir/out" 2>&1 || status=$?
	# 1 is an answer: why found something stuck.
	if [ "$status" -gt 1 ]; then
		echo "demo: vigil $* failed with status $status" >>"$dir/out"
		lines=1000
		failed=1
	fi
	head -n "$lines" "$dir/out"
	total=$(wc -l <"$dir/out")
	[ "$total" -le "$lines" ] || echo "... $((total - lines)) lines more"
}

# The polls of all tasks that served a connection, also of those that have ended.
polls_print()
{
	polls=$("$build/vigil" sites "$server" --filter=function=conn_open --json |
		sed -n 's/.*"polls":\([0-9][0-9]*\).*/\1/p' | tail -n 1)
	if [ "${polls:-0}" = 0 ]; then
		echo "demo: vigil sites knows no polls of connections" >&2
		failed=1
		return
	fi
	printf '\n== vigil, who watched the server ==\n'
	echo "  $polls polls of connections: one for each request, and a few for each"
	echo "  connection: for its end, and for what wrk no longer waited for"
}

if [ -t 0 ] && [ -t 1 ]; then
	seconds=${DEMO_SECONDS:-600}
else
	seconds=${DEMO_SECONDS:-4}
fi

: >"$dir/server"
"$build/examples/httpd" --port 0 --root examples >"$dir/server" 2>&1 &
server=$!
wait_for_port
wrk -t2 -c32 -d"${seconds}s" --latency "http://127.0.0.1:$port/httpd.c" >"$dir/wrk" 2>&1 &
load=$!

if [ -t 0 ] && [ -t 1 ]; then
	"$build/vigil" top "$server" || failed=1
	# Whoever quits has wrk's figures up to then.
	if ! kill -INT "$load" 2>/dev/null; then
		echo "The load ended by itself, after $seconds s (DEMO_SECONDS): from then on the"
		echo "console showed a server with nothing to do."
	fi
else
	sleep 2
	show 20 ps
	show 20 tasks "$server"
	show 20 executors "$server"
	show 20 locks "$server"
	show 20 sites "$server"
	show 20 why "$server"
fi

wait "$load" || failed=1
load=''
printf '\n== wrk, who made the load ==\n'
cat "$dir/wrk"
polls_print
exit "$failed"
