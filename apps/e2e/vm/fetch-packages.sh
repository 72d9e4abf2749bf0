#!/bin/sh
# fetch-packages.sh DIR: unpacks what the guest has of Debian and its host has not, once: in DIR/kernel the kernel for virtual machines, in DIR/apparmor
# the parser of profiles. Nothing is installed: the host's boot, and what confines its programs, is not touched.
set -eu
mkdir -p "$1"
dir=$(cd "$1" && pwd)

# The package above names the one that holds the kernel of today.
find_kernel() { apt-cache depends "linux-image-cloud-$(dpkg --print-architecture)" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1; }

# unpack NAME PACKAGE: a directory NAME appears whole or not at all.
unpack() {
  [ ! -d "$dir/$1" ] || return 0
  (
    work=$(mktemp -d "$dir/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    cd "$work"
    apt-get -qq download "$($2)" 2>/dev/null || { apt-get -qq update && apt-get -qq download "$($2)"; }
    dpkg-deb -x ./*.deb tree
    mv tree "$dir/$1"
  )
}

find_parser() { echo apparmor; }

unpack kernel find_kernel
unpack apparmor find_parser
