# SPDX-License-Identifier: MIT
# fish completion for vigil. Targets: the processes `vigil ps` knows, and files.

function __vigil_processes
    vigil ps 2>/dev/null | awk '$1 ~ /^[0-9]+$/ { print $1 "\t" $2 }'
end

complete -c vigil -n __fish_use_subcommand -a top -d 'The console'
complete -c vigil -n __fish_use_subcommand -a ps -d 'Instrumented processes, alive and dead'
complete -c vigil -n __fish_use_subcommand -a prune -d 'Remove the boards of dead processes'
complete -c vigil -n __fish_use_subcommand -a tasks -d 'Print the tasks'
complete -c vigil -n __fish_use_subcommand -a task -d 'Print one task'
complete -c vigil -n __fish_use_subcommand -a executors -d 'Print executors and their workers'
complete -c vigil -n __fish_use_subcommand -a locks -d 'Print locks, owners and waiters'
complete -c vigil -n __fish_use_subcommand -a wakers -d 'Print who wakes whom'
complete -c vigil -n __fish_use_subcommand -a sites -d 'Print the places tasks come from'
complete -c vigil -n __fish_use_subcommand -a why -d 'Print why tasks are stuck'
complete -c vigil -n __fish_use_subcommand -a record -d 'Record all that happens'
complete -c vigil -n __fish_use_subcommand -a snapshot -d 'Write out a flight recorder'
complete -c vigil -n __fish_use_subcommand -a report -d 'Print what happened in a trace'
complete -c vigil -n __fish_use_subcommand -a export -d 'Write a trace for other tools'
complete -c vigil -n __fish_use_subcommand -a help -d 'Explain a verb'

complete -c vigil -n '__fish_seen_subcommand_from help' -f \
    -a 'top ps prune tasks task executors locks wakers sites why record snapshot report export'
complete -c vigil -n 'not __fish_seen_subcommand_from help' -a '(__vigil_processes)'

complete -c vigil -l json -d 'Print one JSON document'
complete -c vigil -l filter -x -d 'Only rows with this text'
complete -c vigil -l sort -x -d 'Order by this column'
complete -c vigil -l watch -d 'Print again and again'
complete -c vigil -l limit -x -d 'At most this many rows'
complete -c vigil -l all -d 'Also tasks that ended long ago'
complete -c vigil -l over -x -d 'Stuck is what has waited longer'
complete -c vigil -l task -x -d 'The chain of this task'
complete -c vigil -l html -d 'Write a page'
complete -c vigil -l process -x -d 'Only this process of the trace'
complete -c vigil -l from -x -d 'From this time of the trace on'
complete -c vigil -l to -x -a 'perfetto chrome folded pprof otlp csv dot' \
    -d 'Up to this time of the trace; the form to export to'
complete -c vigil -l until -x -d 'Up to this time of the trace'
complete -c vigil -l what -x -a 'run wait' -d 'Time tasks ran or waited'
complete -c vigil -l collector -x -d 'Send it to a collector'
complete -c vigil -l top -x -d 'Rows of a table'
complete -c vigil -l dir -x -a '(__fish_complete_directories)' -d 'Look for boards there'
complete -c vigil -l dead -d 'Only boards of processes that are gone'
complete -c vigil -s n -l dry-run -d 'Remove nothing, say what would be'
complete -c vigil -l view -x -a 'tasks locks wakers executors sites why' -d 'Start with this view'
complete -c vigil -l interval -x -d 'Time between two pictures'
complete -c vigil -l color -x -a 'auto never 16 256' -d Colours
complete -c vigil -l svg -r -d 'Save a picture and leave'
complete -c vigil -l no-mouse -d 'Leave the mouse to the terminal'
complete -c vigil -s o -l output -r -d 'The folder to make, the file to write'
complete -c vigil -l for -x -d 'End after this time'
complete -c vigil -l live -d 'Send it to a relay'
complete -c vigil -l snapshot -d 'Keep the latest in memory until asked for'
complete -c vigil -l on -x -a 'blocked=200ms' -d 'When to write a snapshot'
complete -c vigil -l rotate -x -d 'Begin a new part after so much'
complete -c vigil -l buffers -x -d 'Memory for each processor'
complete -c vigil -l ascii -d 'No characters beyond ASCII'
complete -c vigil -l help -d Explain
complete -c vigil -l version -d 'Print the version'
