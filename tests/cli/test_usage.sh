#!/bin/bash
# SPDX-License-Identifier: MIT
# What the program says to a command line: help, version, and one line for each mistake.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

run --help
is "$status" 0 "--help: exit status"
like "$out" "--port=PORT" "--help tells the options on stdout"
is "$err" "" "and says nothing on stderr"
cp "$dir/out" "$dir/help"
run -h
is "$out" "$(cat "$dir/help")" "-h is the same"

run --version
is "$status" 0 "--version: exit status"
like "$out" '^tcptop [0-9]+\.[0-9]+\.[0-9]+$' "--version: one line with the version"

if [ -e /dev/full ]; then
	for option in --help --version; do
		"$TCPTOP" "$option" >/dev/full 2>"$dir/err"
		is "$?" 1 "$option on a full disk: exit status"
		like "$(cat "$dir/err")" '^tcptop: standard output: No space left' "and a line"
	done
else
	skip "--help on a full disk" "no /dev/full"
fi

# wrong OPTION ARGUMENT...: exit 2, nothing on stdout, one line on stderr that names OPTION.
wrong() {
	local option=$1
	shift
	run "$@"
	is "$status" 2 "$*: exit status"
	is "$out" "" "$*: nothing on stdout"
	is "$(wc -l <"$dir/err")" 1 "$*: one line on stderr"
	like "$err" "^tcptop: '?$option'?: " "$*: the line names $option"
}

wrong --port --port 0
wrong --port --port 65536
wrong --port --port http
wrong --port --port
wrong --pid --pid x
wrong --process --process ''
wrong --interface -i ''
wrong --interval --interval 0.01
wrong --interval --interval 1x
wrong -n -n 0
wrong --udp-timeout --udp-timeout -1
wrong --closed-linger --closed-linger x
wrong --max-conns --max-conns 0
wrong --backend --backend kprobe
wrong --netns --netns a/b
wrong --rotate --log x --rotate 0
wrong --rotate --rotate 10M
wrong --append --append
wrong --log-columns --csv --log-columns pid,nonsense
wrong --log-columns --log-columns all
wrong --sort --sort nonsense
wrong --redact --redact nonsense
wrong --csv --json --csv
wrong --json --csv --json
wrong --stream --log x --stream
wrong --plain --log x --plain
wrong --json --log x --json
wrong --once --log x --once
wrong --once --once -n 3
wrong --nonsense --nonsense
wrong -x -x
wrong nginx nginx
# Nothing that is not there yet may be taken.
wrong --workspace --workspace ws
# What is for a screen is not for a log.
for option in '--group port' '--theme dark' '--color never' --ascii; do
	# shellcheck disable=SC2086 # an option and its value
	wrong "${option% *}" --log x $option
done
wrong --group --group user
wrong --color --color maybe
wrong --theme --theme pink
wrong --record --record ''
wrong --record --record
wrong --record --replay x --record y
wrong --backend --replay x --backend diag
wrong --interval --interval 2 --replay x
wrong --rotate --log x --rotate 1h
wrong --from --from +5
wrong --from --replay x --from yesterday
wrong --to --to 12:00
wrong --redact --record x --redact user
ok "$([ ! -e x ]; echo $?)" "no wrong line has made a log"

run --filter 'port 443 and (process ~'
is "$status" 2 "--filter, unfinished: exit status"
is "$out" "" "nothing on stdout"
is "$(wc -l <"$dir/err")" 3 "three lines on stderr"
like "$(sed -n 1p "$dir/err")" '^tcptop: --filter: column [0-9]+: .' "the first names the column"
is "$(sed -n 2p "$dir/err")" "  port 443 and (process ~" "the second is the expression"
column=$(sed -n '1s/.*column \([0-9]*\):.*/\1/p' "$dir/err")
is "$(sed -n 3p "$dir/err")" "$(printf "  %$((column - 1))s^" '')" "the third points at it"

run --backend diag --once -i nonsense0
is "$status" 1 "an interface that is not there: exit status"
like "$err" "^tcptop: interface 'nonsense0': " "and a line that names it"
run --backend diag --once --netns nonsense0
is "$status" 1 "a network namespace that is not there: exit status"
like "$err" "^tcptop: network namespace 'nonsense0': " "and a line that names it"

finish
