#!/bin/sh
# The program from outside: arguments, one-shot mode, and the life of a spawner. BERTH_NS names the program.
program=${BERTH_NS:?}
directory=$(mktemp -d /tmp/berth-XXXXXX)
trap 'rm -rf "$directory"' EXIT
count=0

check() { # sentence, command...
  sentence=$1
  shift
  count=$((count + 1))
  if "$@" >"$directory/output" 2>&1; then echo "ok $count - $sentence"; else
    echo "not ok $count - $sentence"
    sed 's/^/# /' "$directory/output"
  fi
}

fails_with() { # status, text, command...
  status=$1
  text=$2
  shift 2
  output=$("$@" 2>&1)
  [ $? -eq "$status" ] && case $output in *"$text"*) ;; *) echo "$output" && false ;; esac
}

wait_for() { # command...
  for _ in $(seq 200); do
    "$@" && return 0
    sleep 0.02
  done
  return 1
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }
children() { cat "/proc/$1/task/$1/children"; }
has_two_children() { [ "$(children "$1" | wc -w)" -eq 2 ]; }

check 'the version is that of the package' grep -q "\"version\": \"$("$program" version)\"" "$(dirname "$0")/../../package.json"
check 'without arguments it tells its usage' fails_with 2 usage "$program"
check 'an unknown option is refused' fails_with 2 usage "$program" spawner --socket x --nope y
check 'a relative socket path is refused' fails_with 1 absolute "$program" spawner --socket here.sock
check 'a socket in no directory is refused' fails_with 1 'cannot open' "$program" spawner --socket "$directory/absent/x.sock"

check 'a cgroup directory that is none is refused' fails_with 1 'cgroup2' \
  "$program" spawner --socket "$directory/y.sock" --cgroup-dir "$directory/cgroup"

printf '\052\000' >"$directory/ping" # Request { ping: {} }
check 'one request is served out of a file' "$program" run "$directory/ping"
printf '\377' >"$directory/rubbish"
check 'rubbish in a file is refused' fails_with 125 'cannot be read' "$program" run "$directory/rubbish"
printf '\012\000' >"$directory/empty" # Request { start_container: {} }
check 'an empty plan is refused' fails_with 125 'container_id' "$program" run "$directory/empty"
check 'a file that is not there is refused' fails_with 125 'cannot open' "$program" run "$directory/absent"

socket=$directory/native.sock
"$program" spawner --socket "$socket" &
spawner=$!
check 'a spawner listens' wait_for test -S "$socket"
check 'its socket is for root only' test "$(stat -c %a "$socket")" = 600
check 'it keeps two forks ready' wait_for has_two_children "$spawner"
check 'it runs from a sealed copy in memory' sh -c "readlink /proc/$spawner/exe | grep -q '^/memfd:berth-ns'"
check 'which cannot be written to' sh -c "! sh -c ': > /proc/$spawner/exe' 2>/dev/null"
check 'a second one on its socket is refused' fails_with 1 'another spawner' "$program" spawner --socket "$socket"
forks=$(children "$spawner")
first=${forks%% *}
kill -9 "$first"
check 'a fork that dies is replaced' wait_for has_two_children "$spawner"
forks=$(children "$spawner")
kill -9 "$spawner"
wait "$spawner" 2>/dev/null
for fork in $forks; do check 'forks that wait die with their spawner' wait_for is_gone "$fork"; done
"$program" spawner --socket "$socket" &
spawner=$!
check 'another takes over the socket of one that was killed' wait_for has_two_children "$spawner"
kill -TERM "$spawner"
wait "$spawner"
check 'it ends at SIGTERM with success' test $? -eq 0
check 'and takes its socket with it' test ! -e "$socket"
echo "1..$count"
