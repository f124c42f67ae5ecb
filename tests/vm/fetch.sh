#!/bin/bash
# SPDX-License-Identifier: MIT
# Gets a Debian cloud kernel for ./dev vm. usage: fetch.sh KERNEL FOLDER
# Leaves FOLDER/KERNEL/vmlinuz and the few modules the tests want; does nothing when they are there,
# as FOLDER/KERNEL/wanted says.
set -euo pipefail

kernel=$1
folder=$2
case $kernel in
6.1) meta=linux-image-cloud-amd64 ;;
6.12) meta=linux-image-6.12-cloud-amd64 ;;
*) echo "fetch.sh: no Debian 12 package is known for kernel $kernel" >&2 && exit 2 ;;
esac
# Debian builds these as modules: sock_diag for the diag source, the rest for tests in namespaces.
modules='inet_diag|tcp_diag|udp_diag|veth|sch_netem'
modules+='|nf_tables|nft_queue|nfnetlink|nfnetlink_queue|libcrc32c'

die() {
	echo "fetch.sh: kernel $kernel: $*" >&2
	exit 1
}

# The metapackage's one dependency is the image of today.
resolve() {
	local image="linux-image-${kernel//./\\.}\\.[^ ]*-cloud-amd64"
	apt-cache depends --no-recommends --no-suggests "$meta" 2>/dev/null |
		sed -nE 's/^ *Depends: //p' | grep -xE "$image" | head -n 1
}

has=$(cat "$folder/$kernel/wanted" 2>/dev/null) || :
[ -f "$folder/$kernel/vmlinuz" ] && [ "$has" = "$modules" ] && exit 0
[ "$(uname -m)" = x86_64 ] || die "only x86-64 kernels are known here"
command -v apt-get >/dev/null || die "no apt-get"

image=$(resolve) || :
if [ -z "$image" ] && [ "$(id -u)" -eq 0 ]; then
	apt-get -q update >&2
	image=$(resolve) || :
fi
[ -n "$image" ] || die "$meta names no image in apt's lists (apt-get update?)"

mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
sandbox=()
# As root, apt would fetch as a user who may not write here.
[ "$(id -u)" -ne 0 ] || sandbox=(-o APT::Sandbox::User=root)
(cd "$work" && apt-get -q "${sandbox[@]}" download "$image" >&2) || die "cannot download $image"

mkdir "$work/all" "$work/$kernel"
dpkg-deb -x "$work"/*.deb "$work/all"
mv "$work"/all/boot/vmlinuz-* "$work/$kernel/vmlinuz"
find "$work/all" -type f -regextype posix-extended -regex ".*/($modules)\.ko(\.xz)?" \
	-exec mv {} "$work/$kernel/" \;
find "$work/$kernel" -name '*.xz' -exec xz -d {} +
echo "$modules" >"$work/$kernel/wanted"
rm -rf "${folder:?}/$kernel"
mv "$work/$kernel" "$folder/$kernel"
