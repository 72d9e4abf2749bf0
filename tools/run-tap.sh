#!/bin/sh
# Runs programs and scripts (*.sh) that speak TAP, and prints what they say. Fails when one of them does, or says `not ok`.
failed=0
for unit in "$@"; do
  [ -e "$unit" ] || continue
  case $unit in
    *.sh) output=$(sh "$unit" 2>&1) ;;
    *) output=$("$unit" 2>&1) ;;
  esac
  status=$?
  printf '# %s\n%s\n' "$unit" "$output"
  if [ $status -ne 0 ] || printf '%s\n' "$output" | grep -q '^not ok'; then
    printf '# %s failed with %s\n' "$unit" "$status"
    failed=1
  fi
done
exit $failed
