#!/bin/sh
# Runs every TAP test: the C units given as arguments, then the scripts beside this file. Prints what fails.
# usage: run.sh BUILD_DIR [UNIT...]
build=$1
shift
failed=0
here=$(dirname "$0")
for unit in "$@" "$here"/*.tap.sh; do
  case $unit in
    *.sh) output=$(BERTH_LAYER=$build/asan/berth-layer sh "$unit" 2>&1) ;;
    *) output=$("$unit" 2>&1) ;;
  esac
  status=$?
  if [ $status -ne 0 ] || printf '%s\n' "$output" | grep -q '^not ok'; then
    printf '%s\n# %s failed with %s\n' "$output" "$unit" "$status"
    failed=1
  fi
done
exit $failed
