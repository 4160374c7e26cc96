# SPDX-License-Identifier: MIT
# bash completion for vigil. Targets: the processes `vigil ps` knows, and files.

_vigil()
{
	local cur=$2 prev=$3
	local verbs='top replay ps prune tasks task executors locks wakers resources sites why record snapshot report export help'
	local options='--json --filter --sort --watch --limit --all --over --task --html --process
		--from --to --until --what --collector --top --dir --dead --dry-run
		--view --interval --color --svg --no-mouse --output --for --live --snapshot --on --rotate --buffers
		--at --speed --paused --ascii --help --version'
	local pids

	COMPREPLY=()
	# --color=never comes as three words.
	[[ $cur != '=' ]] || cur=''
	[[ $prev != '=' ]] || prev=${COMP_WORDS[COMP_CWORD - 2]}
	case $prev in
	--color)
		mapfile -t COMPREPLY < <(compgen -W 'auto never 16 256' -- "$cur")
		return
		;;
	--view)
		mapfile -t COMPREPLY < <(compgen -W 'tasks locks wakers resources executors sites why timeline all' -- "$cur")
		return
		;;
	--to)
		mapfile -t COMPREPLY < <(compgen -W 'perfetto chrome folded pprof otlp csv dot' -- "$cur")
		return
		;;
	--what)
		mapfile -t COMPREPLY < <(compgen -W 'run wait' -- "$cur")
		return
		;;
	--dir)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		compopt -o filenames
		return
		;;
	--svg | --html | --output | -o)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
		return
		;;
	--filter | --sort | --limit | --over | --task | --interval | --for | --on | --rotate | --buffers | \
		--at | --speed | --process | --from | --until | --top | --collector)
		return
		;;
	help)
		mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
		return
		;;
	esac

	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		return
	fi
	pids=$(vigil ps 2>/dev/null | awk '$1 ~ /^[0-9]+$/ { print $1 }')
	if [[ $COMP_CWORD -eq 1 ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs $pids" -- "$cur")
	else
		mapfile -t COMPREPLY < <(
			compgen -W "$pids" -- "$cur"
			compgen -f -- "$cur"
		)
		compopt -o filenames
	fi
}

complete -F _vigil vigil
