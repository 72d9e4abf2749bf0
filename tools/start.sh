#!/bin/sh
# npm start: sets up what is missing, starts the engine, shows a container. `npm start -- --restart` restarts what runs.
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "berth: containers need root: run npm start as root" >&2; exit 1; }
sh tools/setup.sh run
PATH=$PWD/node_modules/.bin:$PATH
exec node --disable-warning=ExperimentalWarning tools/start.ts "$@"
