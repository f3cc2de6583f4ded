#!/bin/sh
# Installs Holdfast as a systemd service, upgrades it, or removes it. What is recorded and configured always stays.
set -eu

prefix=/opt/holdfast
data=/var/lib/holdfast
account=holdfast
listen=0.0.0.0:6060
listen_given=
pair=
action=install
dry=
here=$(cd "$(dirname "$0")" && pwd -P)
settings=/etc/holdfast/holdfast.env
unit=/etc/systemd/system/holdfast.service
link=/usr/local/bin/holdfast

usage() {
  cat <<TEXT
usage: ./install.sh [--dry-run] [--data DIR] [--prefix DIR] [--user NAME] [--listen ADDRESS:PORT] [--pair]
       ./install.sh --uninstall [--dry-run]

Installs from this folder, or upgrades what an earlier run installed; run it as often as you like.
  --dry-run        say what would be done, do nothing (needs no rights)
  --data DIR       settings, index and journal        (default $data)
  --prefix DIR     the program                        (default $prefix)
  --user NAME      system account the service runs as (default $account)
  --listen A:P     address of the network API         (default $listen)
  --pair           for hot standby: the service runs as root and unconfined, as it sets addresses, mounts
                   volumes and starts services; an upgrade keeps it so
  --uninstall      remove program and service; data folder, spaces, settings and account stay
TEXT
}

fail() {
  printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
  exit 1
}

say() {
  printf '%s\n' "$*"
}

# Runs a command, or only says it.
run() {
  if [ -n "$dry" ]; then
    say "would run: $*"
  else
    "$@"
  fi
}

# Writes standard input to a file when that would change it.
write_file() {
  new=$(cat)
  if [ -f "$1" ] && [ "$(cat "$1")" = "$new" ]; then
    say "unchanged: $1"
  elif [ -n "$dry" ]; then
    say "would write: $1"
    printf '%s\n' "$new" | sed 's/^/    /'
  else
    say "write: $1"
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$new" >"$1.new"
    chmod 0644 "$1.new"
    mv -f "$1.new" "$1"
  fi
}

absolute() {
  case $2 in
    /) fail "$1 must not be /" 'name a folder of its own' ;;
    *[!A-Za-z0-9/._-]* | *..*) fail "$1 has characters that a unit file cannot hold: $2" 'use letters, digits, / . _ -' ;;
    /*) ;;
    *) fail "$1 must be an absolute path, not $2" 'begin it with /' ;;
  esac
}

while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry=yes ;;
    --uninstall) action=uninstall ;;
    --pair) pair=yes ;;
    --help | -h)
      usage
      exit 0
      ;;
    --data | --prefix | --user | --listen)
      [ $# -ge 2 ] || fail "$1 needs a value" "$0 --help"
      case $1 in
        --data) data=$2 ;;
        --prefix) prefix=$2 ;;
        --user) account=$2 ;;
        --listen)
          listen=$2
          listen_given=yes
          ;;
      esac
      shift
      ;;
    *) fail "unknown option $1" "$0 --help" ;;
  esac
  shift
done

# A whole program of ours and not just our link among others' programs: what lies there is replaced and removed as a whole.
holds_holdfast() {
  [ -f "$1/bin/holdfast" ] && [ ! -L "$1/bin/holdfast" ] && [ -f "$1/dist/agent/main.js" ]
}

pair_mark='# A node of a pair sets addresses, mounts volumes where all can see them, and starts services.'
if [ -n "$pair" ] || grep -qsFx "$pair_mark" "$unit"; then
  pair=yes
  account=root
fi

absolute --data "$data"
absolute --prefix "$prefix"
case $data/ in
  "$prefix"/*) fail "the data folder must not lie in $prefix, which every upgrade replaces" 'choose another --data' ;;
esac
[ "$here" != "$prefix" ] || fail "this is the installed copy in $prefix" 'run the install.sh of a clone or a release'
if [ -e "$prefix" ] && ! holds_holdfast "$prefix"; then
  fail "$prefix exists and holds no Holdfast" 'choose another --prefix'
fi
case $account in
  '' | *[!a-z0-9_-]*) fail "not an account name: $account" 'use lower-case letters, digits, - and _' ;;
esac
case $listen in
  *[!A-Za-z0-9.:_-]* | '') [ "$listen" = "${listen#[}" ] && fail "not an address: $listen" 'write it like 0.0.0.0:6060' ;;
esac

if [ -z "$dry" ]; then
  [ "$(id -u)" -eq 0 ] || fail 'installing needs root' "sudo $0, or --dry-run to see what would be done"
  command -v node >/dev/null 2>&1 || fail 'node and npm are missing' 'install them (any version; Node 24 comes along)'
  command -v systemctl >/dev/null 2>&1 || fail 'systemd is missing' 'start "holdfast agent" from the init system that is there'
fi

uninstall() {
  if [ -f "$unit" ] || [ -n "$dry" ]; then
    run systemctl disable --now holdfast.service
    run rm -f "$unit"
    run systemctl daemon-reload
  fi
  run rm -f "$link"
  run rm -rf "$prefix"
  say
  say "removed. Kept: $data (settings, index, journal), every storage space, $settings, account $account."
  say "To remove those too, look first and then: rm -r $data /etc/holdfast; userdel $account"
}

# Everything is made beside the old program and takes its place in one step at the end.
stage_program() {
  stage=$prefix.new
  say "program: $prefix"
  run node "$here/scripts/setup.mjs"
  run rm -rf "$stage"
  run mkdir -p "$stage/fixtures"
  for part in bin dist node_modules package.json package-lock.json README.md LICENSE; do
    run cp -R "$here/$part" "$stage/"
  done
  run cp -R "$here/fixtures/media" "$stage/fixtures/"
  trim "$stage"
  run chown -R root:root "$stage"
  run chmod -R u=rwX,go=rX "$stage"
}

# Only what runs: no test and build tools, but the Node that came along.
trim() {
  if [ -n "$dry" ]; then
    say "would run: npm prune --omit=dev in $1, keeping its Node"
    return
  fi
  if (cd "$1" && npm prune --omit=dev --ignore-scripts --offline --loglevel=error >/dev/null 2>&1); then
    mkdir -p "$1/node_modules/node/bin"
    cp "$here/node_modules/node/bin/node" "$1/node_modules/node/bin/"
  else
    say 'note: npm prune failed; test and build tools are installed as well, which does no harm'
    rm -rf "$1/node_modules"
    cp -R "$here/node_modules" "$1/"
  fi
}

swap_program() {
  run rm -rf "$prefix.old"
  if [ -d "$prefix" ]; then
    say 'upgrade: the service stops for a moment'
    [ ! -f "$unit" ] || run systemctl stop holdfast.service
    run mv "$prefix" "$prefix.old"
  fi
  run mv "$prefix.new" "$prefix"
  run rm -rf "$prefix.old"
  run mkdir -p "$(dirname "$link")"
  run ln -sfn "$prefix/bin/holdfast" "$link"
}

make_account() {
  if id "$account" >/dev/null 2>&1; then
    say "account: $account exists"
  else
    nologin=$(command -v nologin || echo /usr/sbin/nologin)
    run useradd --system --user-group --home-dir "$data" --no-create-home --shell "$nologin" "$account"
  fi
}

make_data() {
  say "data: $data"
  run mkdir -p "$data"
  run chown "$account:$account" "$data"
  run chmod 0750 "$data"
}

write_settings() {
  if [ -f "$settings" ] && [ -z "$listen_given" ]; then
    say "kept: $settings"
    return
  fi
  write_file "$settings" <<TEXT
# Read by holdfast.service. After a change: systemctl restart holdfast
HOLDFAST_LISTEN=$listen
TEXT
}

confinement() {
  if [ -n "$pair" ]; then
    printf '%s\n' "$pair_mark"
    return
  fi
  cat <<TEXT
# Spaces may lie on any disk, so only the system itself is read-only.
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
TEXT
}

write_unit() {
  write_file "$unit" <<TEXT
[Unit]
Description=Holdfast agent: video storage and high availability
Documentation=file://$prefix/README.md
Wants=network-online.target
After=network-online.target time-sync.target remote-fs.target
RequiresMountsFor=$data
StartLimitIntervalSec=0

[Service]
Type=exec
User=$account
Group=$account
EnvironmentFile=$settings
ExecStart=$prefix/node_modules/node/bin/node --disable-warning=ExperimentalWarning $prefix/dist/agent/main.js --data $data --listen \${HOLDFAST_LISTEN}
WorkingDirectory=$data
Restart=always
RestartSec=250ms
TimeoutStopSec=30
# The agent ends its other processes in order when it is told to stop. When it dies, they work on, and the next one takes them over.
KillMode=process
UMask=0027
LimitNOFILE=65536
OOMScoreAdjust=-500

$(confinement)

[Install]
WantedBy=multi-user.target
TEXT
}

start_service() {
  run systemctl daemon-reload
  run systemctl enable holdfast.service
  run systemctl restart holdfast.service
}

hints() {
  port=${listen##*:}
  say
  say 'firewall (nothing was changed; open the port if others shall reach this node):'
  say "  ufw allow $port/tcp"
  say "  firewall-cmd --permanent --add-port=$port/tcp && firewall-cmd --reload"
  if [ -n "$pair" ]; then say '  the other node of the pair: 7330/tcp and 7340/udp'; fi
  say '  devices that report alarms here (holdfast alarm settings --enable): the same with 6080/tcp and 6080/udp'
  say
  say "a storage space must belong to $account: install -d -o $account -g $account /srv/video"
  say 'next:'
  say '  journalctl -u holdfast     shows the one-time password of admin and the fingerprint, once'
  say '  sudo holdfast tui          the console on this machine'
  say '  sudo holdfast status       the same in a few lines'
}

if [ "$action" = uninstall ]; then
  uninstall
else
  make_account
  make_data
  stage_program
  swap_program
  write_settings
  write_unit
  start_service
  hints
fi
