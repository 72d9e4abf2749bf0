#!/bin/sh
# Drives the sanitized program over archives that common tools write. BERTH_LAYER is the program.
set -u
work=$(mktemp -d /tmp/berth-XXXXXX)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
# The leak check wants /proc, which the program gives up; and its life is short.
export ASAN_OPTIONS=detect_leaks=0
number=0

check() { # check SENTENCE COMMAND...
  number=$((number + 1))
  sentence=$1
  shift
  if "$@" >"$work/log" 2>&1; then echo "ok $number - $sentence"; else
    echo "not ok $number - $sentence"
    sed 's/^/# /' "$work/log"
  fi
}

unpack() { # unpack ARCHIVE [OPTION...]: into $work/out, result in $work/result
  rm -rf "$work/out"
  mkdir "$work/out"
  archive=$1
  shift
  "$BERTH_LAYER" unpack --layer "$archive" --target "$work/out" "$@" >"$work/result"
  status=$?
  cat "$work/result"
  return $status
}

same_tree() { # names, types, modes, owners, sizes, times to the nanosecond, links and contents
  list='%P %y %m %U %G %s %T@ %l %n\n'
  (cd "$work/in" && find . -type d -printf '%P %y %m %U %G %T@\n' -o -printf "$list" | sort) >"$work/list.in"
  (cd "$work/out" && find . -type d -printf '%P %y %m %U %G %T@\n' -o -printf "$list" | sort) >"$work/list.out"
  diff "$work/list.in" "$work/list.out" && diff -r --no-dereference "$work/in/data" "$work/out/data"
}

fails_with() { # fails_with STATUS REASON ARCHIVE [OPTION...]
  expected=$1
  reason=$2
  shift 2
  unpack "$@"
  [ $? -eq "$expected" ] && grep -q "\"reason\":\"$reason\"" "$work/result"
}

mkdir -p "$work/in/data/deep/er" "$work/in/bin"
head -c 700000 /dev/urandom >"$work/in/data/noise"
seq 1 100000 >"$work/in/data/numbers"
echo "umlaut" >"$work/in/data/$(printf 'z\303\244hne')"
echo "latin" >"$work/in/data/$(printf 'z\344hne')"
: >"$work/in/data/empty"
truncate -s 5M "$work/in/data/deep/sparse"
printf end | dd of="$work/in/data/deep/sparse" bs=1 seek=3000000 conv=notrunc 2>/dev/null
ln "$work/in/data/numbers" "$work/in/data/deep/er/again"
ln -s ../nowhere "$work/in/data/deep/dangling"
echo tool >"$work/in/bin/tool"
chown 12:3456 "$work/in/bin/tool"
chmod 4751 "$work/in/bin/tool"
chmod 1777 "$work/in/data/deep"
mkfifo "$work/in/bin/fifo"
mknod "$work/in/bin/null" c 1 3
long=$(printf 'x%.0s' $(seq 1 120))
echo long >"$work/in/data/$long"
find "$work/in" -exec touch -h -d '2021-03-04 05:06:07.123456789' {} +

tar -C "$work/in" --format=pax --sparse -cf "$work/pax.tar" .
tar -C "$work/in" --format=gnu --sparse -cf "$work/gnu.tar" .
diff_id=sha256:$(sha256sum <"$work/pax.tar" | cut -d' ' -f1)

unpack "$work/pax.tar" --diff-id "$diff_id" >/dev/null
check 'a pax archive gives the same tree' same_tree
check 'a sparse file stays sparse' [ "$(du -k "$work/out/data/deep/sparse" | cut -f1)" -lt 1000 ]
check 'the result has the digest' grep -q "\"diffId\":\"$diff_id\"" "$work/result"

gzip -c "$work/pax.tar" >"$work/pax.tar.gz"
unpack "$work/pax.tar.gz" --diff-id "$diff_id" >/dev/null
check 'gzip gives the same tree' same_tree

# Members that end in the middle of everything, as parallel compressors write them.
split -b 300007 "$work/pax.tar" "$work/part."
for part in "$work"/part.*; do gzip -c "$part"; done >"$work/members.tar.gz"
unpack "$work/members.tar.gz" --diff-id "$diff_id" >/dev/null
check 'gzip of many members gives the same tree' same_tree
head -c 4096 /dev/zero >>"$work/members.tar.gz"
check 'zeros after the last member are ignored' unpack "$work/members.tar.gz" --diff-id "$diff_id"
printf garbage >>"$work/members.tar.gz"
check 'garbage after the last member is refused' fails_with 3 LAYER_INVALID "$work/members.tar.gz"

if command -v zstd >/dev/null; then
  zstd -q -c "$work/pax.tar" >"$work/pax.tar.zst"
  unpack "$work/pax.tar.zst" --diff-id "$diff_id" >/dev/null
  check 'zstd gives the same tree' same_tree
  head -c 200000 "$work/pax.tar.zst" >"$work/cut.zst"
  check 'truncated zstd is refused' fails_with 3 LAYER_INVALID "$work/cut.zst"
fi

size=$(stat -c %s "$work/pax.tar.gz")
grow() { # grow COUNT: writes the first COUNT bytes of the archive, piece by piece
  head -c "$1" "$work/pax.tar.gz" | while dd bs=100000 count=1 iflag=fullblock status=none of="$work/piece" && [ -s "$work/piece" ]; do
    cat "$work/piece"
    sleep 0.02
  done
}
: >"$work/growing"
grow "$size" >"$work/growing" &
unpack "$work/growing" --size "$size" --diff-id "$diff_id" >/dev/null
wait $!
check 'a layer that grows gives the same tree' same_tree
: >"$work/growing"
(grow "$size" && chmod a-w "$work/growing") >"$work/growing" &
unpack "$work/growing" --size unknown --diff-id "$diff_id" >/dev/null
wait $!
check 'a layer that grows to a size that nobody knows gives the same tree' same_tree
unpack "$work/growing" --size unknown --diff-id "$diff_id" >/dev/null
check 'also when it is whole before anybody looks' same_tree
rm "$work/growing"
: >"$work/growing"
(sleep 0.1 && grow 300000 >"$work/growing") &
check 'one whose writer gives up is refused' fails_with 3 LAYER_INVALID "$work/growing" --size unknown
wait $!
: >"$work/growing"
(sleep 0.1 && grow 300000 >"$work/growing") &
check 'a layer whose writer gives up is refused' fails_with 3 LAYER_INVALID "$work/growing" --size "$size"
wait $!
head -c 300000 "$work/pax.tar.gz" >"$work/growing"
(sleep 0.1 && exec 3>>"$work/growing" && truncate -s 1000 "$work/growing" && sleep 1) &
check 'a layer that shrinks is refused' fails_with 3 LAYER_INVALID "$work/growing" --size "$size"
wait $!
check 'a layer that has been moved away is refused' fails_with 3 LAYER_INVALID "$work/none" --size "$size"

(printf before && cat "$work/pax.tar.gz" && printf after) >"$work/within"
unpack "$work/within" --offset 6 --length "$size" --diff-id "$diff_id" >/dev/null
check 'a layer within a file gives the same tree' same_tree
check 'a layer that the file cuts off is refused' fails_with 3 LAYER_INVALID "$work/within" --offset 6 --length 100000

unpack - --diff-id "$diff_id" <"$work/pax.tar.gz" >/dev/null
check 'standard input gives the same tree' same_tree

touch -h -d '2021-03-04 05:06:07' "$work/in" && find "$work/in" -exec touch -h -d '2021-03-04 05:06:07' {} +
unpack "$work/gnu.tar" >/dev/null
check 'a GNU archive gives the same tree' same_tree

head -c 300000 "$work/pax.tar.gz" >"$work/cut.gz"
check 'truncated gzip is refused' fails_with 3 LAYER_INVALID "$work/cut.gz"
head -c 300000 "$work/pax.tar" >"$work/cut.tar"
check 'a truncated archive is refused' fails_with 3 LAYER_INVALID "$work/cut.tar"
(head -c 100000 "$work/pax.tar.gz" && printf XXXX && tail -c +100005 "$work/pax.tar.gz") >"$work/bent.gz"
check 'corrupt gzip is refused' fails_with 3 LAYER_INVALID "$work/bent.gz"
check 'what is no archive is refused' fails_with 3 LAYER_INVALID "$work/in/data/numbers"
other_id=sha256:$(sha256sum <"$work/gnu.tar" | cut -d' ' -f1)
check 'another digest is refused' fails_with 4 DIGEST_MISMATCH "$work/pax.tar" --diff-id "$other_id"
check 'too many entries are refused' fails_with 6 LAYER_LIMIT "$work/pax.tar" --max-entries 5
check 'too many bytes are refused' fails_with 6 LAYER_LIMIT "$work/pax.tar.gz" --max-bytes 100000
check 'a missing target is refused' [ "$("$BERTH_LAYER" unpack --layer "$work/pax.tar" >/dev/null; echo $?)" = 2 ]
check 'a missing layer is an error' fails_with 1 INTERNAL "$work/none"
: >"$work/empty"
check 'an empty stream is an empty layer' unpack "$work/empty"
check 'the limit of a file is kept when it is sparse' fails_with 6 LAYER_LIMIT "$work/pax.tar" --max-bytes 4000000

is_spread() {
  "$BERTH_LAYER" spread "$work/in" && if [ "$(stat -f -c %T "$work/in")" = ext2/ext3 ]; then lsattr -d "$work/in" | grep -q '^[^ ]*T'; fi
}
check 'a directory is told to spread what is made in it' is_spread
check 'where that cannot be told it is no failure' "$BERTH_LAYER" spread /proc

if mkdir "$work/small" && mount -t tmpfs -o size=256k tmpfs "$work/small" 2>/dev/null; then
  "$BERTH_LAYER" unpack --layer "$work/pax.tar" --target "$work/small" >"$work/result"
  status=$?
  umount "$work/small"
  check 'a full disk is told' [ $status -eq 5 ]
fi
echo "1..$number"
