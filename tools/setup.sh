#!/bin/sh
# Installs and builds what is missing: Debian packages, npm packages, generated code, native helpers, bundles.
# Usage: setup.sh run|test|vm. What is there already costs well under a second.
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-run}
cache=node_modules/.cache/berth

say() { printf '%s\n' "$*" >&2; }
die() { say "berth: $*"; exit 1; }

# wanted_packages: the packages of packages.txt that this purpose needs, one "name what for" a line
wanted_packages() {
  awk -v purpose="$purpose" '/^[^#]/ && ($2 == "run" || $2 == purpose) { name = $1; $1 = $2 = ""; print name $0 }' tools/packages.txt
}

missing_packages() {
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null | awk '$2 == "installed" { printf "%s ", $1 }')
  wanted_packages | while read -r name why; do
    case " $installed" in *" $name "*) ;; *) printf '%s %s\n' "$name" "$why" ;; esac
  done
}

# apt_get ...: waits for another package manager to end, and forgives a mirror that fails once
apt_get() {
  for pause in 2 5 10 20 0; do
    if DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >"$apt_log" 2>&1; then return 0; fi
    [ "$pause" = 0 ] || sleep "$pause"
  done
  tail -n 20 "$apt_log" >&2
  return 1
}

# Debian starts a server as soon as it is installed. Berth starts its own, so those of the packages stay off: policy-rc.d says no
# while apt runs, and their units are disabled for the next boot.
install_packages() {
  names=$(printf '%s\n' "$1" | cut -d ' ' -f 1)
  policy=/usr/sbin/policy-rc.d
  apt_log=$(mktemp /tmp/berth-apt.XXXXXX)
  made_policy=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    made_policy=$policy
  fi
  trap 'rm -f "$apt_log" $made_policy' EXIT
  trap 'exit 1' INT TERM
  # shellcheck disable=SC2086
  apt_get install -y --no-install-recommends $names 2>/dev/null || {
    apt_get update || die "apt-get update failed; the packages above can also be installed by hand"
    apt_get install -y --no-install-recommends $names || die "apt-get install failed; the packages above can also be installed by hand"
  }
  if [ -d /run/systemd/system ]; then
    for unit in nats-server docker-registry; do
      case " $(echo $names) " in *" $unit "*) systemctl disable --quiet --now "$unit" 2>/dev/null || true ;; esac
    done
  fi
  rm -f "$apt_log" $made_policy
  trap - EXIT INT TERM
}

setup_packages() {
  command -v dpkg-query >/dev/null 2>&1 || { say "This is not Debian: see tools/packages.txt for what is needed."; return 0; }
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  say "Installing Debian packages with apt-get:"
  printf '%s\n' "$missing" | while read -r name why; do say "$(printf '  %-20s %s' "$name" "$why")"; done
  [ "$(id -u)" = 0 ] || die "only root can install them: sudo apt-get install$(printf '%s\n' "$missing" | awk '{ printf " %s", $1 }')"
  install_packages "$missing"
}

setup_npm() {
  mark=node_modules/.package-lock.json
  [ -f "$mark" ] && [ -z "$(find package-lock.json -newer "$mark")" ] && return 0
  say "Installing npm packages (npm ci) ..."
  npm ci --no-audit --no-fund --loglevel=error >&2 || die "npm ci failed"
  touch "$mark"
}

# build_inputs: one line that changes when a source file is added, removed or touched
build_inputs() {
  find apps libs proto tools package-lock.json nx.json tsconfig.base.json \
    \( -name node_modules -o -name dist -o -name build -o -path libs/proto/src/gen \) -prune -o -type f -printf '%p %s %T@\n' |
    LC_ALL=C sort | sha256sum
}

is_built() {
  [ -f "$cache/built" ] && [ "$(cat "$cache/built")" = "$1" ] && [ -d libs/proto/src/gen ] || return 1
  for app in apps/*; do
    ! grep -q '"bundle"' "$app/package.json" || [ -d "$app/dist" ] || return 1
  done
  for native in libs/*/native; do [ -d "$native/build" ] || return 1; done
}

build() {
  inputs=$(build_inputs)
  is_built "$inputs" && return 0
  say "Building (nx run-many -t native,bundle) ..."
  log=$(mktemp /tmp/berth-build.XXXXXX)
  if ! NX_DAEMON=false NX_TUI=false nx run-many -t native,bundle --output-style=static >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "the build failed"
  fi
  rm -f "$log"
  mkdir -p "$cache"
  printf '%s\n' "$inputs" >"$cache/built"
}

setup_packages
setup_npm
PATH=$PWD/node_modules/.bin:$PATH
build
