#!/bin/sh
# Installs a built work tree on this host, or below DESTDIR for a package: sh deploy/install.sh [DESTDIR]
set -eu
cd "$(dirname "$0")/.."
dest=${1:-}
lib=$dest/usr/lib/berth
units=$dest/lib/systemd/system

put() { install -D -m "$1" "$2" "$3"; }

for app in registry-gateway volume-service image-service container-service cli; do
  [ -f "apps/$app/dist/main.js" ] || [ -f "apps/$app/dist/cli.cjs" ] || { echo "apps/$app is not built: run sh tools/setup.sh run" >&2; exit 1; }
  rm -rf "$lib/apps/$app"
  mkdir -p "$lib/apps/$app"
  cp -R "apps/$app/dist" "$lib/apps/$app/dist"
  put 644 "apps/$app/package.json" "$lib/apps/$app/package.json"
done
put 755 apps/cli/bin/berth "$lib/apps/cli/bin/berth"
put 644 apps/cli/bin/start.cjs "$lib/apps/cli/bin/start.cjs"
put 755 libs/namespaces/native/build/berth-ns "$lib/libs/namespaces/native/build/berth-ns"
put 755 libs/namespaces/native/build/berth-init "$lib/libs/namespaces/native/build/berth-init"
put 755 libs/layers/native/build/berth-layer "$lib/libs/layers/native/build/berth-layer"
case $(uname -m) in aarch64) arch=arm64 ;; *) arch=x64 ;; esac
put 755 "node_modules/node-linux-$arch/bin/node" "$lib/bin/node"
put 755 deploy/systemd/write-nats-config "$lib/write-nats-config"
put 644 README.md "$lib/README.md"
mkdir -p "$dest/usr/bin"
ln -sfn ../lib/berth/apps/cli/bin/berth "$dest/usr/bin/berth"

mkdir -p "$units"
install -m 644 deploy/systemd/*.service deploy/systemd/*.target "$units/"
put 644 deploy/systemd/berth.sysusers "$dest/usr/lib/sysusers.d/berth.conf"
put 644 deploy/systemd/berth.tmpfiles "$dest/usr/lib/tmpfiles.d/berth.conf"
put 644 deploy/etc/berth.env "$dest/usr/share/doc/berth/berth.env"
put 644 deploy/etc/registry-gateway.json "$dest/usr/share/doc/berth/registry-gateway.json"

if [ -z "$dest" ] && [ -d /run/systemd/system ]; then
  systemd-sysusers
  systemd-tmpfiles --create berth.conf
  systemctl daemon-reload
  echo "Installed. To start the engine now and with each boot: systemctl enable --now berth.target"
fi
