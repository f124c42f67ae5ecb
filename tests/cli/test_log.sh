#!/bin/bash
# SPDX-License-Identifier: MIT
# --log: where it cannot be written, replacing and appending, rotation, and sudden ends.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

start_talker || { echo "Bail out! no connection on loopback"; exit 1; }
log=$dir/log.csv
# Elsewhere on a busy host a port of ours may be another's too; both together are ours.
ours="port $client_port and port $server_port"

# refused WHAT REGEX ARGUMENT...: exit 1 and a line that matches.
refused() {
	local what=$1 regex=$2
	shift 2
	run --backend diag -n 1 --interval 0.1 "$@"
	is "$status" 1 "$what: exit status"
	is "$(complaints | wc -l)" 1 "$what: one line"
	like "$err" "$regex" "$what: it says what and why"
}

mkdir "$dir/folder"
refused "a folder" "^tcptop: .*$dir/folder.*[Dd]irectory" --log "$dir/folder"
refused "a folder that is missing" "^tcptop: .*$dir/none/log.csv.*No such" \
	--log "$dir/none/log.csv"
refused "a full disk" '^tcptop: .*/dev/full.*No space left' --log /dev/full
# 1 of ulimit's is 1,024 bytes.
(ulimit -f 1; exec "$TCPTOP" --backend diag -n 100 --interval 0.1 --log "$dir/limit.csv" \
	--filter "$ours") >"$dir/limit.out" 2>&1
is "$?" 1 "past ulimit -f: exit status, no SIGXFSZ"
like "$(cat "$dir/limit.out")" "^tcptop: .*$dir/limit.csv.*File too large" "it says what and why"
printf 'a,b\n1,2\n' >"$dir/other.csv"
refused "appending to another table" "^tcptop: .*$dir/other.csv" --log "$dir/other.csv" --append
is "$(cat "$dir/other.csv")" "$(printf 'a,b\n1,2')" "which is left as it was"

run --backend diag -n 2 --interval 0.1 --log "$log" --filter "$ours"
is "$status $out" "0 " "a log of two ticks: exit status, nothing on stdout"
is "$(complaints)" "" "and nothing on stderr"
is "$(head -n 1 "$log")" "$CSV_HEADER" "it has the header"
is "$(wc -l <"$log")" 5 "and two rows a tick"
run --backend diag -n 1 --interval 0.1 --log "$log" --filter "$ours"
is "$(wc -l <"$log")" 3 "the file is replaced"
run --backend diag -n 1 --interval 0.1 --log "$log" --append --filter "$ours"
is "$(wc -l <"$log")" 5 "--append adds to it"
is "$(grep -c '^timestamp,' "$log")" 1 "without another header"

run --backend diag -n 30 --interval 0.1 --log "$log" --rotate 1K,2 --filter "$ours"
is "$status $(complaints)" "0 " "rotation: exit status, nothing on stderr"
is "$(find "$dir" -name 'log.csv*' | wc -l)" 3 "the log and two old ones"
for file in "$log" "$log.1" "$log.2"; do
	is "$(head -n 1 "$file")" "$CSV_HEADER" "$(basename "$file") begins with the header"
	is "$(awk -F, 'NF != 16' "$file")" "" "$(basename "$file") has whole rows only"
done

# torn FILE: prints the rows that are not whole.
torn() {
	awk -F, 'NF != 16' "$1"
	ends_with_newline "$1" || echo "(no newline at its end)"
}

sudden() {
	local b=$1
	rm -f "$log"
	start --backend "$b" --log "$log" --interval 0.1 --filter "$ours"
	eventually has_header "$log"
	ok $? "$b: the header comes at once"
	talk "send 100000"
	# shellcheck disable=SC2016 # for the inner shell
	eventually sh -c '[ "$(wc -l <"$0")" -ge 5 ]' "$log"
	kill -KILL "$pid"
	reap "$pid"
	is "$(torn "$log")" "" "$b: killed, it leaves whole rows only"

	rm "$log"
	start --backend "$b" --log "$log" --interval 1000 --port "$server_port" \
		--netns self
	eventually has_header "$log"
	talk "short 30"
	kill -TERM "$pid"
	reap "$pid"
	is "$status" 0 "$b: SIGTERM: exit status"
	is "$(torn "$log")" "" "$b: whole rows only"
	closed_are 60 "$b" "$log"
}
for backend in $(backends); do
	sudden "$backend"
done
finish
