# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the black-box tests share: TAP, a folder of their own, and the program run with bounds.
# Wants $TCPTOP (the program) and $TALKER (connections to look at).
# shellcheck disable=SC2034 # what is set here is read by those who read this file
set -uo pipefail

: "${TCPTOP:?the program under test}"
checks=0
failures=0
# Anything that is waited for comes sooner; past this it counts as failed.
WAIT_SECONDS=60
dir=$(mktemp -d "${TMPDIR:-/tmp}/tcptop-cli.XXXXXX")
# Everybody may look in: some tests run the program as another user.
chmod 755 "$dir"
pids=()

# Ends what this test started and still runs, and removes its folder.
cleanup() {
	local pid
	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

# ok STATUS WHAT: passes if STATUS is 0.
ok() {
	checks=$((checks + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $checks - $2"
	else
		failures=$((failures + 1))
		echo "not ok $checks - $2"
	fi
}

# is GOT WANT WHAT
is() {
	checks=$((checks + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $checks - $3"
	else
		failures=$((failures + 1))
		echo "not ok $checks - $3"
		printf '%s' "got:  $1" | head -n 20 | sed 's/^/# /'
		echo
		printf '%s' "want: $2" | head -n 20 | sed 's/^/# /'
		echo
	fi
}

# like TEXT REGEX WHAT
like() {
	[[ $1 =~ $2 ]]
	is $? 0 "$3"
	[[ $1 =~ $2 ]] || { echo "# '$1'" | head -n 5; echo "# does not match $2"; }
}

skip() {
	checks=$((checks + 1))
	echo "ok $checks - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

finish() {
	echo "1..$checks"
	[ "$failures" -eq 0 ]
	exit
}

# run ARGUMENT...: the program to its end; leaves $status, $dir/out and $dir/err, $out and $err.
run() {
	timeout "$WAIT_SECONDS" "$TCPTOP" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	out=$(cat "$dir/out")
	err=$(cat "$dir/err")
}

# What it complained of; losses of a busy host are no fault of a test.
complaints() {
	grep -v '^tcptop: lost ' "$dir/err"
}

# start ARGUMENT...: the program in the background, as $pid, output in $dir/out and $dir/err.
start() {
	: >"$dir/out" # what an earlier one wrote must not be taken for a sign of this one
	"$TCPTOP" "$@" >"$dir/out" 2>"$dir/err" </dev/null &
	pid=$!
	pids+=("$pid")
}

# eventually COMMAND...: repeats it until it succeeds, with a bound.
eventually() {
	local end=$((SECONDS + WAIT_SECONDS))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# The last line is whole.
ends_with_newline() {
	[ -s "$1" ] && [ -z "$(tail -c 1 "$1")" ]
}

has_header() {
	[ -s "$1" ] && [ "$(wc -l <"$1")" -ge 1 ]
}

is_gone() {
	# A zombie of ours is as gone as it can be until we wait for it.
	[ ! -d "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

# reap PID: waits for its end, with a bound; leaves $status.
reap() {
	if eventually is_gone "$1"; then
		wait "$1"
		status=$?
	else
		status=timeout
	fi
}

# Starts the talker; leaves $client_port, $server_port and $talker_pid.
start_talker() {
	coproc TALK { exec "${TALKER:?the program that makes connections}"; }
	talker_pid=$TALK_PID
	pids+=("$talker_pid")
	read -r -t "$WAIT_SECONDS" client_port server_port <&"${TALK[0]}"
}

# talk COMMAND: and waits until it is done.
talk() {
	local answer
	echo "$1" >&"${TALK[1]}"
	read -r -t "$WAIT_SECONDS" answer <&"${TALK[0]}" && [ "$answer" = "done" ]
}

# CLOSED rows of "short", which sends 64 bytes from one end to the other, that are not as they
# should be, or are there twice.
wrong_ends() {
	awk -F, '$9 == "CLOSED" && ($10 + $11 != 64 || seen[$3, $4, $5, $6]++)' "$1"
}

# closed_are COUNT SOURCE FILE: all are in it, once an end, with their bytes. The kernel tells diag
# of a destroyed socket from a work queue (net/core/sock_diag.c, sock_diag_broadcast_destroy), so a
# moment after it: of those that closed just before the last look some may not have been told yet.
closed_are() {
	local n
	n=$(grep -c ',CLOSED,' "$3")
	if [ "$2" = diag ]; then
		[ "$n" -le "$1" ]
		ok $? "$2: of what closed in the last tick nothing is told twice"
	else
		is "$n" "$1" "$2: with all that closed in the last tick, once an end"
	fi
	is "$(wrong_ends "$3")" "" "$2: and their bytes"
}

# Sources to test with: diag for all, bpf for those who may.
backends() {
	local caps
	caps=$((16#$(awk '$1 == "CapEff:" { print $2 }' /proc/self/status)))
	echo diag
	# CAP_BPF 39, CAP_PERFMON 38, CAP_NET_ADMIN 12
	if ((caps >> 39 & 1 && caps >> 38 & 1 && caps >> 12 & 1)) &&
		[ -e /sys/kernel/btf/vmlinux ]; then
		echo bpf
	fi
}

CSV_HEADER='timestamp,protocol,local_addr,local_port,remote_addr,remote_port,pid,process_name,'
CSV_HEADER+='state,bytes_in,bytes_out,packets_in,packets_out,rate_in_bytes_sec,'
CSV_HEADER+='rate_out_bytes_sec,rtt_us'
export CSV_HEADER
