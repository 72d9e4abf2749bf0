#!/bin/sh
# Compares the protos with those of main; on main itself, with those of the last commit. What has a number keeps it.
set -eu
cd "$(dirname "$0")/.."
head=$(git rev-parse -q --verify HEAD) || { echo "skipped: this is no git clone"; exit 0; }
base=$(git rev-parse -q --verify origin/main) || base=
[ -n "$base" ] && [ "$base" != "$head" ] || base=$(git rev-parse -q --verify 'HEAD~1') || base=
[ -n "$base" ] || { echo "skipped: this clone has no earlier commit"; exit 0; }
git cat-file -e "$base:proto/buf.yaml" 2>/dev/null || { echo "skipped: $base has no protos"; exit 0; }
old=$(mktemp -d /tmp/berth-proto.XXXXXX)
trap 'rm -rf "$old"' EXIT
git archive "$base" proto | tar -x -C "$old"
buf breaking proto --against "$old/proto"
