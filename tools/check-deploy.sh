#!/bin/sh
# Installs into a directory of its own and lets systemd, where its tools are, read the units, users and directories.
set -eu
cd "$(dirname "$0")/.."
root=$(mktemp -d /tmp/berth-deploy.XXXXXX)
trap 'rm -rf "$root"' EXIT
sh deploy/install.sh "$root"

# The command runs from where it was installed, with the Node beside it.
PATH=/usr/bin:/bin "$root/usr/bin/berth" --version >/dev/null

# What NATS gets is what NATS accepts.
mkdir -p "$root/run" "$root/state"
"$root/usr/lib/berth/write-nats-config" "$root/run" "$root/state"
nats-server -c "$root/run/nats.conf" -t >/dev/null
node -e 'JSON.parse(require("fs").readFileSync(process.argv[1]))' "$root/run/nats.json"

command -v systemd-analyze >/dev/null 2>&1 || { echo "skipped: systemd is not installed here"; exit 0; }
# The programs of the units lie below $root here.
sed -i "s,/usr/lib/berth/,$root/usr/lib/berth/,g" "$root"/lib/systemd/system/*.service
SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --recursive-errors=no "$root"/lib/systemd/system/berth* >"$root/verify.log" 2>&1 || failed=1
cat "$root/verify.log"
[ -z "${failed:-}" ] && [ ! -s "$root/verify.log" ]
mkdir -p "$root/etc"
systemd-sysusers --root="$root" >/dev/null
grep -q '^berth:' "$root/etc/group"
