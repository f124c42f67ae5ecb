#!/bin/bash
# SPDX-License-Identifier: MIT
# Completions, tried in the shells that are here. usage: test_completions.sh BASH-FILE ZSH FISH
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

bash_file=$1
zsh_file=$2
fish_file=$3

# completes WANT WORD...: what bash offers for the last word.
completes() {
	local want=$1 got
	shift
	# shellcheck disable=SC2016 # for the inner shell
	got=$(bash --norc -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_tcptop; echo "${COMPREPLY[*]}"' bash "$bash_file" "$@" 2>&1)
	is "$got" "$want" "bash: '$*' becomes '$want'"
}

bash -n "$bash_file"
ok $? "bash: the file is one of bash"
if command -v shellcheck >/dev/null; then
	is "$(shellcheck -s bash "$bash_file")" "" "bash: shellcheck finds nothing"
else
	skip "bash: shellcheck finds nothing" "no shellcheck"
fi
completes "--backend" tcptop --back
completes "auto bpf diag" tcptop --backend ""
completes "bpf" tcptop --backend b
completes "diag" tcptop --backend = d
completes "auto bpf diag" tcptop --backend =
completes "rx_rate rx" tcptop --sort rx
completes "pid,state" tcptop --log-columns pid,sta
completes "" tcptop --port 4
completes "lo" tcptop -i lo
completes "--json" tcptop --once --js
completes "all" tcptop --netns a

# Every option is in every file.
for option in --port --interface --log-columns --redact --help -n; do
	grep -q -e "[' |(]${option}[' )|=[]" "$bash_file"
	ok $? "bash: $option is there"
	grep -q -e "['{,]${option}[=[}]" "$zsh_file"
	ok $? "zsh: $option is there"
	grep -q -E -e " -l ${option#--} | -s ${option#-} " "$fish_file"
	ok $? "fish: $option is there"
done

if command -v zsh >/dev/null; then
	zsh -n "$zsh_file"
	ok $? "zsh: the file is one of zsh"
else
	skip "zsh: the file is one of zsh" "no zsh"
fi
if command -v fish >/dev/null; then
	fish --no-execute "$fish_file"
	ok $? "fish: the file is one of fish"
else
	skip "fish: the file is one of fish" "no fish"
fi
finish
