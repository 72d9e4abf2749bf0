#!/bin/sh
# sanitized.sh [PROJECT ...]: the integration tests of projects with both native programs under ASan and UBSan; default: all that use them.
# What a sanitizer finds ends the program: then the test fails, and the report is in the log of the engine, or on the terminal.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- libs/namespaces apps/image-service apps/volume-service apps/container-service
PATH=$PWD/node_modules/.bin:$PATH
make -s -C libs/layers/native build-asan/berth-layer
make -s -C libs/namespaces/native build-asan/berth-ns

export BERTH_LAYER_BIN="$PWD/libs/layers/native/build-asan/berth-layer"
export BERTH_NS="$PWD/libs/namespaces/native/build-asan/berth-ns" BERTH_NS_BIN="$PWD/libs/namespaces/native/build-asan/berth-ns"
# Leaks are looked for with ptrace, and symbols in a process of their own: neither works where a confined process has come to.
export ASAN_OPTIONS=detect_leaks=0:symbolize=0 UBSAN_OPTIONS=symbolize=0
# Where not even sigaltstack is allowed, a sanitizer never ends; and for its sake keepers have no filter.
others='^(?!.*(a profile that lets nothing through fails the start|its few system calls only))'

failed=
for project; do
  echo "# $project"
  (cd "$project" && node --experimental-vm-modules --disable-warning=ExperimentalWarning ../../node_modules/jest/bin/jest.js \
    --config ../../jest.config.mjs --rootDir . -t "$others" integration) || failed="$failed $project"
done
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
