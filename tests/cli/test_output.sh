#!/bin/bash
# SPDX-License-Identifier: MIT
# What comes out on stdout, in each form, from each source this user may have; and what happens
# when stdout goes away, is full, or is not read.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

start_talker || { echo "Bail out! no connection on loopback"; exit 1; }
talk "send 1000"
# Elsewhere on a busy host a port of ours may be another's too; both together are ours.
ours="port $client_port and port $server_port"

forms() {
	local b=$1 client server row each
	run --backend "$b" --once --csv --filter "$ours"
	is "$status" 0 "$b --once --csv: exit status"
	is "$(head -n 1 "$dir/out")" "$CSV_HEADER" "$b: the header has its 16 columns"
	client=",127.0.0.1,$client_port,127.0.0.1,$server_port,"
	is "$(grep -c "^[^,]*,TCP$client" "$dir/out")" 1 "$b: the client's end is one row"
	server=",127.0.0.1,$server_port,127.0.0.1,$client_port,"
	is "$(grep -c "^[^,]*,TCP$server" "$dir/out")" 1 "$b: the server's end is one row"
	row=$(grep "$client" "$dir/out")
	is "$(cut -d, -f7,9-11 <<<"$row")" "$talker_pid,ESTABLISHED,0,1000" \
		"$b: its pid, state and bytes"
	is "$(wc -l <"$dir/out")" 3 "$b: and there is nothing else at this port"
	run --backend "$b" --once --log - --filter "$ours" --log-columns all
	like "$(head -n 1 "$dir/out")" \
		"^$CSV_HEADER,event,duration_ms,retrans,lost_reason,cgroup,container,netns,uid," \
		"$b: --log - --log-columns all"
	run --backend "$b" --once --csv --log-columns pid,state --filter "$ours"
	each="$talker_pid,ESTABLISHED"
	is "$out" "$(printf 'pid,state\n%s\n%s' "$each" "$each")" "$b: --log-columns pid,state"

	run --backend "$b" --once --json --filter "$ours"
	is "$status" 0 "$b --once --json: exit status"
	python3 - "$dir/out" "$client_port" 2>"$dir/err" <<-'END'
		import json, sys
		lines = [json.loads(line) for line in open(sys.argv[1])]
		assert [x["type"] for x in lines] == ["start", "tick", "conn", "conn"], lines
		assert lines[0]["source"] == lines[1]["source"], lines
		assert sorted(x["bytes_out"] for x in lines[2:]) == [0, 1000], lines
		assert all(x["v"] == 1 for x in lines)
	END
	ok $? "$b: each line is JSON: the start, a tick and both ends"
	sed 's/^/# /' "$dir/err"

	run --backend "$b" --once --stream --filter "$ours"
	like "$(head -n 1 "$dir/out")" '^PROTO +LOCAL +REMOTE +PID +PROCESS +STATE ' "$b: lines"
	is "$(grep -c "^TCP .*127.0.0.1:$client_port .* ESTABLISHED .*PARTIAL" "$dir/out")" 2 \
		"$b: both ends were there before"
	run --backend "$b" --once --plain --filter "$ours"
	like "$out" "TCP 127.0.0.1:$client_port to 127.0.0.1:$server_port, talker" \
		"$b: --plain"
}

selections() {
	local b=$1 option client="lport $client_port and rport $server_port"
	for option in "--pid $talker_pid" "--process talk" "--port $client_port" "-i lo" \
		"--tcp" "--tcp --udp" "--netns self" "--sort -pid,remote" "--resolve" \
		"--redact user" "--si"; do
		# shellcheck disable=SC2086 # an option and its value
		run --backend "$b" --once --csv --filter "$client" $option
		is "$status $(wc -l <"$dir/out")" "0 2" "$b: $option shows it"
	done
	for option in "--pid 1" "--process nonsense" "--port 1" "--udp"; do
		# shellcheck disable=SC2086 # the same
		run --backend "$b" --once --csv --filter "$ours" $option
		is "$status $(wc -l <"$dir/out")" "0 1" "$b: $option leaves it out"
	done
	run --backend "$b" --once --csv --filter "$ours" --redact remote=hash,cmd
	is "$(grep -c ',h-[0-9a-f]\{16\},' "$dir/out")" 2 "$b: --redact remote=hash"
	is "$(grep -c ',redacted,' "$dir/out")" 2 "$b: --redact cmd"
}

ends() {
	local b=$1 signal
	for signal in TERM INT; do
		start --backend "$b" --csv --interval 0.2
		eventually has_header "$dir/out"
		ok $? "$b: the header comes at once"
		kill "-$signal" "$pid"
		reap "$pid"
		is "$status" 0 "$b: SIG$signal ends it with 0"
		ends_with_newline "$dir/out"
		ok $? "$b: the last line is whole"
	done
	start --backend "$b" --json --interval 1000
	eventually has_header "$dir/out"
	ok $? "$b: JSON begins at once too"
	like "$(head -n 1 "$dir/out")" '^\{"v":1,"type":"start","time":"[^"]*Z","source":"' \
		"$b: with a line that says so"
	kill -TERM "$pid"
	reap "$pid"
	run --backend "$b" -n 2 --interval 0.1 --csv --filter "$ours"
	is "$status" 0 "$b: -n 2: exit status"
	is "$(tail -n +2 "$dir/out" | cut -d, -f1 | sort -u | wc -l)" 2 "$b: -n 2 is two ticks"

	start --backend "$b" --csv --netns self --port "$server_port" --interval 1000
	eventually has_header "$dir/out"
	talk "short 20"
	kill -TERM "$pid"
	reap "$pid"
	closed_are 40 "$b" "$dir/out"
}

# Whether a pipe holds nearly all it can (64 KiB by default); looks without reading.
# shellcheck disable=SC2317 # eventually calls it
pipe_is_full() {
	python3 -c '
import array, fcntl, sys, termios
n = array.array("i", [0])
fcntl.ioctl(int(sys.argv[1]), termios.FIONREAD, n)
sys.exit(0 if n[0] > 60000 else 1)' "$1"
}

bad_stdout() {
	local b=$1
	# A reader that goes: head takes the header and ends.
	timeout "$WAIT_SECONDS" "$TCPTOP" --backend "$b" --csv --interval 0.1 2>"$dir/err" |
		head -n 1 >"$dir/out"
	is "${PIPESTATUS[0]}" 0 "$b: a reader that goes away: exit status"
	is "$(complaints)" "" "$b: and nothing is said"
	# The same with nothing to write: the interval is longer than any patience.
	timeout "$WAIT_SECONDS" "$TCPTOP" --backend "$b" --csv --interval 86400 2>"$dir/err" |
		head -n 1 >"$dir/out"
	is "${PIPESTATUS[0]}" 0 "$b: it is noticed between ticks too"

	timeout "$WAIT_SECONDS" "$TCPTOP" --backend "$b" --csv >&- 2>"$dir/err"
	is "$?" 1 "$b: a closed stdout: exit status"
	like "$(cat "$dir/err")" '^tcptop: standard output: ' "$b: and a line"
	timeout "$WAIT_SECONDS" "$TCPTOP" --backend "$b" --csv >/dev/full 2>"$dir/err"
	is "$?" 1 "$b: a full stdout: exit status"
	like "$(cat "$dir/err")" '^tcptop: standard output: No space left' "$b: and a line"

	# A reader that does not read: more than the pipe holds is on its way when SIGTERM comes.
	mkfifo "$dir/fifo-$b"
	"$TCPTOP" --backend "$b" --json --interval 0.1 >"$dir/fifo-$b" 2>"$dir/err" &
	pid=$!
	pids+=("$pid")
	exec 7<"$dir/fifo-$b"
	eventually pipe_is_full 7
	kill -TERM "$pid"
	reap "$pid"
	is "$status" 1 "$b: SIGTERM ends it although nobody reads"
	like "$(cat "$dir/err")" 'its reader does not read' "$b: and says why"
	exec 7<&-

	mkfifo "$dir/lines-$b"
	"$TCPTOP" --backend "$b" --stream --interval 0.1 >"$dir/lines-$b" 2>"$dir/err" &
	pid=$!
	pids+=("$pid")
	exec 7<"$dir/lines-$b"
	eventually pipe_is_full 7
	kill -TERM "$pid"
	reap "$pid"
	is "$status" 0 "$b: lines for people need not be whole"
	is "$(cat "$dir/err")" "" "$b: and nothing is said"
	exec 7<&-
}

for backend in $(backends); do
	forms "$backend"
	selections "$backend"
	ends "$backend"
done
# So that a tick of JSON is more than a pipe holds.
talk "hold 150"
for backend in $(backends); do
	bad_stdout "$backend"
done
finish
