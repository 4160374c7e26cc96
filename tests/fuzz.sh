#!/bin/sh
# SPDX-License-Identifier: MIT
#
# fuzz.sh DIR SECONDS TARGET...: runs the fuzz targets DIR/TARGET, each SECONDS
# long, from the seeds in tests/data/TARGET, or else the reader's: boards. What is
# found goes to DIR: corpus/TARGET, and TARGET-crash-* and the like.
set -eu
cd "$(dirname "$0")/.."

dir=$1
seconds=$2
shift 2
[ $# -gt 0 ] || echo "fuzz: no targets in tests/fuzz"

for target; do
	corpus=$dir/corpus/$target
	mkdir -p "$corpus"
	seeds=tests/data/$target
	[ -d "$seeds" ] || seeds=tests/data/reader
	find "$seeds" -type f -exec cp -t "$corpus" {} +

	printf '  %-8s%s: %s s\n' FUZZ "$target" "$seconds"
	log=$dir/$target.log
	# A run of 10 s is an endless loop.
	"$dir/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="$dir/$target-" -print_final_stats=1 "$corpus" >"$log" 2>&1 || {
		cat "$log"
		echo "fuzz: $target failed; run it on the file named above to see it again" >&2
		exit 1
	}
	grep -E 'number_of_executed_units|average_exec_per_sec' "$log"
done
