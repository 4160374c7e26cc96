#!/bin/sh
# SPDX-License-Identifier: MIT
#
# export-readers.sh VIGIL DIR: exports the trace in the folder DIR in every form, and has
# each read by the programs and libraries it is meant for. What they are is fetched from
# PyPI and crates.io into a temporary folder; Go, cargo and Graphviz are used if they are
# there. Says what each reader saw; exits with 1 if one was not content.
set -eu
vigil=$(realpath "$1")
trace=$(realpath "$2")
here=$(realpath "$(dirname "$0")/readers")

work=$(mktemp -d)
collector=''
trap 'test -z "$collector" || kill "$collector"; rm -rf "$work"' EXIT
cd "$work"
failed=0

# reader NAME COMMAND...: what the command says, after the name of the reader.
reader()
{
	echo "== $1"
	shift
	"$@" || { echo "export-readers: it was not content" >&2; failed=1; }
}

# has COMMAND: whether it is there; says so if not.
has()
{
	command -v "$1" >/dev/null || { echo "== $1 is not here: skipped"; return 1; }
}

export_as()
{
	"$vigil" export "$trace" "--to=$1" "--output=$2"
}

python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install \
	perfetto opentelemetry-proto trace-lanefix
python=venv/bin/python

export_as perfetto trace.perfetto
reader "Perfetto's own messages" $python "$here/read_perfetto.py" trace.perfetto

export_as chrome trace.json
reader 'trace-lanefix, which looks for slices that overlap' \
	sh -c 'venv/bin/trace-lanefix trace.json lanes.json | tee said && grep -q " 0 new" said'

export_as otlp trace.jsonl
reader "OpenTelemetry's own messages" $python "$here/read_otlp.py" trace.jsonl trace.logs.jsonl
: >collected
$python "$here/read_otlp.py" --collect 24318 >collected &
collector=$!
while ! grep -q ready collected; do sleep 0.1; done
reader 'a collector' "$vigil" export "$trace" --to=otlp --collector=http://127.0.0.1:24318
cat collected

export_as pprof trace.pb
if has go; then
	reader 'pprof, time run' go tool pprof -sample_index=run -top -lines trace.pb
	reader 'pprof, time waited' go tool pprof -sample_index=wait -top -lines trace.pb
fi

export_as dot trace.dot
if has dot; then
	reader Graphviz dot -Tsvg -o trace.svg trace.dot
fi

if has cargo; then
	cargo install --quiet --root cargo inferno
	for what in run wait; do
		"$vigil" export "$trace" --to=folded --what=$what -o trace.folded
		[ -s trace.folded ] || { echo "== inferno, $what: no such time here"; continue; }
		reader "inferno, $what" sh -c \
			'cargo/bin/inferno-flamegraph <trace.folded | grep -o "<title>[^<]*"'
	done
fi

exit "$failed"
