#!/bin/sh
# npm stop: stops the engine; containers run on.
set -eu
cd "$(dirname "$0")/.."
[ -d node_modules ] || { echo "The engine was never started from here."; exit 0; }
PATH=$PWD/node_modules/.bin:$PATH
exec node --disable-warning=ExperimentalWarning tools/stop.ts
