#!/bin/sh
# Changes the file system of a real overlay mount, makes a layer of it, and compares what a mount shows with it. BERTH_LAYER is the program.
set -u
work=$(mktemp -d /tmp/berth-XXXXXX)
trap 'umount "$work/merged" 2>/dev/null; rm -rf "$work"' EXIT
export LC_ALL=C
BERTH_LAYER=$(realpath "$BERTH_LAYER")
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

mount_over() { # mount_over LOWERS [UPPER]: as an engine mounts it
  upper=${2:+,upperdir=$2,workdir=$work/workdir}
  (cd "$work/layers" && mount -t overlay overlay -o "lowerdir=$1$upper,index=off,metacopy=off,redirect_dir=nofollow,xino=off" "$work/merged")
}

list() { # every entry with all that belongs to it
  (cd "$1" && find . -printf '%P %y %m %U %G %T@ %l\n' | sort &&
    find . ! -type d -printf '%P %n %s\n' | sort &&
    find . -type f -exec sha256sum {} + | sort -k 2 &&
    find . \( -type c -o -type b \) -exec stat -c '%n %t:%T' {} + | sort &&
    getfattr -R -h -d -m '^user|^security.capability' . 2>/dev/null)
}

same() { # same A B: two files
  diff "$1" "$2"
}

mkdir "$work/layers" "$work/layers/1" "$work/layers/2" "$work/layers/3" "$work/layers/4" "$work/upper" "$work/workdir" "$work/merged" "$work/out"
mkdir -p "$work/layers/1/etc/init.d" "$work/layers/1/opt/old/deep" "$work/layers/1/var/cache" "$work/layers/2/opt/old" "$work/layers/2/srv"
for file in etc/hostname etc/passwd etc/init.d/a opt/old/x opt/old/deep/y var/cache/z var/touched var/same; do
  echo "$file" >"$work/layers/1/$file"
done
echo two >"$work/layers/2/opt/old/two"
ln -s target "$work/layers/2/srv/link"

mount_over 2:1 "$work/upper"
cd "$work/merged" || exit 1
echo new >etc/new
echo more >>etc/passwd
rm etc/hostname opt/old/two
rm -r opt/old && mkdir opt/old && echo fresh >opt/old/x
rm -r var/cache && echo file >var/cache
rm srv/link && mkdir srv/link && echo inside >srv/link/inside
chmod 600 var/touched && chmod 644 var/touched
touch -r var/same "$work/time" && chown 1 var/same && chown 0 var/same && touch -r "$work/time" var/same
mkdir -p kinds/deep/er && cd kinds || exit 1
ln ../etc/new hard
ln hard deep/er/hard
ln -s ../etc/passwd soft
ln -s nowhere "$(printf 'l\344tin')"
mkfifo -m 620 fifo
mknod -m 666 null c 1 3
mknod -m 660 disk b 8 17
cp /bin/true tool && chown 12:3456 tool && chmod 6755 tool
chown -h 7:8 soft
seq 1 100000 >numbers && : >empty
truncate -s 300M sparse && printf end | dd of=sparse bs=1 seek=123456789 conv=notrunc 2>/dev/null
truncate -s 1M zeros && dd if=/dev/zero of=written bs=64k count=3 2>/dev/null && echo x >>written
setfattr -n user.note -v hello numbers && setfattr -n user.empty deep
setfattr -n security.capability -v 0sAQAAAgAgAAAAAAAAAAAAAAAAAAA= empty
echo long >"$(printf 'x%.0s' $(seq 1 200))"
ln -s "$(printf 'y%.0s' $(seq 1 300))" longlink
chown 3000000:4000000 hard
touch -h -d '1960-01-02 03:04:05.5' empty
touch -h -d '2500-01-02 03:04:05.123456789' numbers soft
touch -d '2020-02-02 02:02:02.020202020' deep/er deep .
chmod 1777 deep
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1) or die'
cd /
chmod 711 "$work/merged"
list "$work/merged" >"$work/before" 2>&1
umount "$work/merged"

BELOW="--layers $work/layers --lowers 2:1"
commit() { # commit UPPER TARGET [OPTION...]
  upper=$1
  target=$2
  shift 2
  "$BERTH_LAYER" commit --upper "$upper" $BELOW --target "$target" "$@" >"$work/result"
  status=$?
  cat "$work/result"
  return $status
}
field() {
  sed "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/" "$work/result"
}

check 'a writable layer becomes a layer' commit "$work/upper" "$work/layers/3"
diff_id=$(field diffId)
rm -f "$work/upper/kinds/socket" && touch -r "$work/layers/3/kinds" "$work/upper/kinds"
mount_over 3:2:1
list "$work/merged" >"$work/after" 2>&1
umount "$work/merged"
# What a layer does not keep: sockets, and the fraction of a time before 1970, which find prints as it likes.
sed -i '/^kinds\/socket /d; /^kinds\/empty f/s/ -3155.*//' "$work/before"
sed -i '/^kinds\/empty f/s/ -3155.*//' "$work/after"
check 'and shows the same entries below a mount' same "$work/before" "$work/after"
check 'sparse files stay sparse' [ "$(du -k "$work/layers/3/kinds/sparse" | cut -f 1)" -lt 200 ]

check 'its archive has the digest' "$BERTH_LAYER" pack --upper "$work/layers/3" --output "$work/layer.tar" --diff-id "$diff_id"
check 'which is that of the bytes' [ "sha256:$(sha256sum <"$work/layer.tar" | cut -d ' ' -f 1)" = "$diff_id" ]
check 'the layer committed again has the same digest' commit "$work/layers/3" "$work/layers/4" --diff-id "$diff_id"
check 'GNU tar lists it without complaint' sh -c "tar -tvf '$work/layer.tar' >'$work/listing' 2>'$work/complaints' && ! [ -s '$work/complaints' ]"
check 'whiteouts and opaque directories are in it' [ "$(tar -tf "$work/layer.tar" | grep -c '\.wh\.')" -eq 2 ]
check 'an opaque directory is one only where a lower layer has it' [ "$(tar -tf "$work/layer.tar" | grep '\.wh\.' | tr '\n' ' ')" = 'etc/.wh.hostname opt/old/.wh..wh..opq ' ]
check 'its archive is packed as gzip, the same each time' sh -c '
  for name in one two; do
    "$0" pack --upper "$1/layers/3" --output "$1/$name.tar.gz" --diff-id "$2" --compression gzip || exit 1
  done
  cmp "$1/one.tar.gz" "$1/two.tar.gz" && gzip -dc "$1/one.tar.gz" | cmp - "$1/layer.tar"
' "$BERTH_LAYER" "$work" "$diff_id"
check 'an archive is compressed' sh -c '
  "$0" compress --layer "$1/layer.tar" --output "$1/three.tar.gz" && gzip -dc "$1/three.tar.gz" | cmp - "$1/layer.tar"
' "$BERTH_LAYER" "$work"
check 'unpacked it' "$BERTH_LAYER" unpack --layer "$work/layer.tar" --target "$work/out" --diff-id "$diff_id"
(cd "$work/layers" && mv "$work/out" 5)
mount_over 5:2:1
list "$work/merged" 2>&1 | sed '/^kinds\/empty f/s/ -3155.*//' >"$work/unpacked"
umount "$work/merged"
check 'shows the same entries' same "$work/after" "$work/unpacked"

mkdir "$work/layers/6"
check 'all layers become one' "$BERTH_LAYER" commit --squash yes --upper "$work/upper" $BELOW --target "$work/layers/6"
mkdir "$work/layers/empty"
mount_over 6:empty
list "$work/merged" 2>&1 | sed '/^kinds\/empty f/s/ -3155.*//' >"$work/squashed"
umount "$work/merged"
check 'and the one shows the same entries' same "$work/after" "$work/squashed"
check 'without a whiteout' [ -z "$(find "$work/layers/6" -type c ! -name null)" ]

changes() { # changes [OPTION...]
  rm -f "$work/changes"
  "$BERTH_LAYER" changes --upper "$work/upper" $BELOW --output "$work/changes" "$@" >"$work/result" || { cat "$work/result"; return 1; }
  tr '\0' '\n' <"$work/changes" | sed 's/^\(.\)/\1 /'
}
changes --mount-points kinds >"$work/changes.all"
grep -av '^A /kinds' "$work/changes.all" >"$work/found"
cat >"$work/expected" <<'EOF'
C /etc
D /etc/hostname
A /etc/new
C /etc/passwd
C /opt
C /opt/old
D /opt/old/deep
D /opt/old/two
C /opt/old/x
C /srv
C /srv/link
A /srv/link/inside
C /var
C /var/cache
EOF
check 'changes are told as Docker tells them' same "$work/expected" "$work/found"
check 'a mount point with something in it is told' grep -aq '^A /kinds$' "$work/changes.all"
compare() { # compare OLD NEW
  rm -f "$work/changes"
  "$BERTH_LAYER" compare --layers "$work/layers" --lowers "$1" --others "$2" --output "$work/changes" >"$work/result" ||
    { cat "$work/result"; return 1; }
  tr '\0' '\n' <"$work/changes" | sed 's/^\(.\)/\1 /'
}
compare 2:1 3:2:1 >"$work/found"
check 'stacks of layers differ by what the layer has that one of them lacks' same "$work/changes.all" "$work/found"
compare 3:2:1 2:1 | grep -av kinds >"$work/found"
cat >"$work/expected" <<'EOF'
C /etc
A /etc/hostname
D /etc/new
C /etc/passwd
C /opt
C /opt/old
A /opt/old/deep
A /opt/old/deep/y
A /opt/old/two
C /opt/old/x
C /srv
C /srv/link
C /var
C /var/cache
A /var/cache/z
EOF
check 'and the other way round' same "$work/expected" "$work/found"
compare 3:2:1 6:empty >"$work/found"
check 'stacks that show the same do not differ' [ ! -s "$work/found" ]
compare empty 2 >"$work/found"
printf 'A /opt\nA /opt/old\nA /opt/old/two\nA /srv\nA /srv/link\n' >"$work/expected"
check 'all of a stack differs from nothing' same "$work/expected" "$work/found"
compare 1 missing >/dev/null
check 'a layer that is not there is told' grep -q '"reason":"INTERNAL"' "$work/result"
check 'layers outside are refused' sh -c '! "$0" compare --layers "$1" --lowers ../layers --others 1 --output "$1/no"' "$BERTH_LAYER" "$work/layers"

mkdir "$work/upper/proc" "$work/upper/dev" "$work/upper/dev/pts" && : >"$work/upper/dev/console" && : >"$work/upper/etc/hosts"
changes --mount-points proc:dev:dev/pts:dev/console:etc/hosts:kinds >"$work/found"
check 'mount points of the engine are no changes' same "$work/changes.all" "$work/found"

fails_with() { # fails_with STATUS REASON COMMAND...
  expected=$1
  reason=$2
  shift 2
  "$@" >"$work/result"
  [ $? -eq "$expected" ] && grep -q "\"reason\":\"$reason\"" "$work/result"
}
again() { # again [OPTION...]: a commit that is expected to fail
  rm -rf "$work/again"
  mkdir "$work/again"
  commit "$work/upper" "$work/again" "$@"
}
check 'too many entries are refused' fails_with 6 LAYER_LIMIT again --max-entries 5
check 'too many bytes are refused' fails_with 6 LAYER_LIMIT again --max-bytes 100000
if mkdir "$work/small" && mount -t tmpfs -o size=256k tmpfs "$work/small" 2>/dev/null; then
  check 'a full disk is told' fails_with 5 DISK_FULL commit "$work/upper" "$work/small"
  umount "$work/small"
fi
: >"$work/upper/etc/.wh.trick"
check 'a name that the format gives a meaning is refused' fails_with 3 LAYER_INVALID again
rm "$work/upper/etc/.wh.trick"
setfattr -n trusted.overlay.redirect -v /etc "$work/upper/kinds"
check 'what another overlay mount has moved is refused' fails_with 3 LAYER_INVALID again
echo "1..$number"
