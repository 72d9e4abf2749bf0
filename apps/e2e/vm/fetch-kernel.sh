#!/bin/sh
# fetch-kernel.sh DIR: unpacks Debian's kernel for virtual machines below DIR, once. It is not installed: the host's boot is not touched.
set -eu
dir=$1
[ ! -d "$dir/boot" ] || exit 0
package=linux-image-cloud-$(dpkg --print-architecture)

# The package above names the one that holds the kernel of today.
find_kernel() { apt-cache depends "$package" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1; }

mkdir -p "$dir"
work=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download "$(find_kernel)" 2>/dev/null || {
  apt-get -qq update && apt-get -qq download "$(find_kernel)"
}
dpkg-deb -x ./*.deb tree
mv tree/lib "$dir/lib"
mv tree/boot "$dir/boot"
