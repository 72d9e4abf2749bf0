#!/bin/sh
# npm test: sets up what is missing, then runs every check and test. `npm test -- unit oci` runs those with both words in their name.
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "berth: tests make containers, which needs root: run npm test as root" >&2; exit 1; }
sh tools/setup.sh test
PATH=$PWD/node_modules/.bin:$PATH
export PATH
exec node --disable-warning=ExperimentalWarning tools/test/main.ts "$@"
