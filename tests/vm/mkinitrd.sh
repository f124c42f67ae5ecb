#!/bin/bash
# SPDX-License-Identifier: MIT
# Packs the guest's whole world. usage: mkinitrd.sh OUT MODULES INIT LIST PROGRAM...
# PROGRAMs go to /t with the shared libraries they name, LIST to /t/programs, INIT to /init.
set -euo pipefail

out=$1
modules=$2
init=$3
list=$4
shift 4

root=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,etc,modules,proc,root,run,sys,t,tmp}
cp "$(command -v busybox)" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
cp "$init" "$root/init"
chmod 755 "$root/init"
cp "$list" "$root/t/programs"
cp "$modules"/*.ko "$root/modules/"
printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"

for program in "$@"; do
	cp "$program" "$root/t/"
	# A script or a static program names no library, and ldd then fails.
	while read -r library; do
		mkdir -p "$root$(dirname "$library")"
		cp -Ln "$library" "$root$library"
	done < <(ldd "$program" 2>/dev/null | grep -oE '/[^ ]+' || :)
done
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$out"
