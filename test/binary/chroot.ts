// The executable on a machine that has nothing: glibc, libstdc++, libgcc_s and the kernel. Root read-only, no /etc, no /dev,
// no HOME, empty environment. Must not know how the native parts are loaded, only that they must be.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';

const binary = resolve('dist/holdfast');
const configuration =
  '[vrrp.web]\ninterface = "hf0"\nvrid = 52\npriority = 150\nadvert_interval = "100ms"\naddresses = ["192.0.2.200/24"]\n';

/** The shared libraries it asks for, and theirs, by path. */
const libraries = execFileSync('ldd', [binary], { encoding: 'utf8' })
  .split('\n')
  .flatMap(line => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);

// Ends as holdfast itself, so that its process id is the one of what was started. Mounts and interfaces go with it.
const SCRIPT = `
set -eu
root=$1 binary=$2 libraries=$3 mounts=$4 configuration=$5
shift 5
ip link set lo up
ip link add hf0 type veth peer name hf1
ip address add 192.0.2.9/24 dev hf0
ip link set hf0 up
ip link set hf1 up
mount -t tmpfs -o mode=755 none "$root"
mkdir -p "$root/proc" "$root/run" "$root/tmp" "$root/own"
for library in $libraries; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
printf '%s' "$configuration" >"$root/holdfast.toml"
: >"$root/holdfast"
mount --bind "$binary" "$root/holdfast"
mount -t proc proc "$root/proc"
for mount in $mounts; do mount -t tmpfs -o "\${mount#*=}" none "$root\${mount%%=*}"; done
mount -o remount,ro "$root"
exec /usr/bin/env -i $RUNTIME /usr/sbin/chroot "$root" /holdfast "$@"
`;

interface Machine {
  /** tmpfs mounts as path=options, e.g. '/run=noexec'. */
  readonly mounts: readonly string[];
  /** RUNTIME_DIRECTORY, as systemd gives it. */
  readonly runtime?: string;
}

/** The command line that runs it there, in network and mount namespaces of its own. */
function command({ mounts, runtime }: Machine, root: string, argv: readonly string[]): readonly string[] {
  const script = SCRIPT.replace('$RUNTIME', runtime === undefined ? '' : `RUNTIME_DIRECTORY=${runtime}`);
  const given = [root, binary, libraries.join(' '), mounts.join(' '), configuration];
  return ['--net', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...given, ...argv];
}

function holdfast(t: Tap, machine: Machine, ...argv: readonly string[]) {
  const ran = spawnSync('unshare', command(machine, t.testdir({}), argv), { encoding: 'utf8', timeout: 30_000 });
  return { status: ran.status, out: ran.stdout, err: ran.stderr };
}

type Tap = Pick<typeof t, 'testdir' | 'teardown'>;

/** Looks until `look` finds something; what it saw last is in the failure. Bound: 20 s. */
async function until<T>(what: string, look: () => T | undefined, seen: () => string): Promise<T> {
  const end = Date.now() + 20_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not within 20 s: ${what}\n${seen()}`);
    await pause(50);
  }
}

/** Runs the daemon there until it is Active, asks it for its status, ends it with SIGTERM. */
async function serve(t: Tap, machine: Machine, socket: string) {
  const daemon = spawn('unshare', command(machine, t.testdir({}), ['run', '--config', '/holdfast.toml', '--socket', socket]));
  const ended = new Promise<number | NodeJS.Signals | null>(done => daemon.once('exit', (code, signal) => done(code ?? signal)));
  t.teardown(() => daemon.kill('SIGKILL'));
  let err = '';
  daemon.stderr.on('data', chunk => (err += chunk));
  const pid = String(daemon.pid);
  const inside = (...argv: readonly string[]) => spawnSync('nsenter', ['--target', pid, '--net', ...argv], { encoding: 'utf8' }).stdout;
  const addresses = () => inside('ip', '-4', '-o', 'address', 'show', 'dev', 'hf0');
  const says = () => `${addresses()}\n${err}`;
  await until('the address on hf0', () => (addresses().includes('192.0.2.200') ? true : undefined), says);
  const status = await until(
    'an answer from the agent',
    () => {
      const said = inside('--mount', `--root=/proc/${pid}/root`, '/holdfast', 'status', '--json', '--socket', socket);
      return said === '' ? undefined : JSON.parse(said);
    },
    says,
  );
  // Each native part is one mapping of code from a file without a name.
  const parts = readFileSync(`/proc/${pid}/maps`, 'utf8').match(/ r-xp .*\/#\d+ \(deleted\)$/gm)?.length;
  daemon.kill('SIGTERM');
  return { status, parts, exit: await ended };
}

t.test('in a chroot', { skip: process.getuid?.() === 0 ? false : 'needs root' }, async t => {
  t.ok(libraries.length > 0, `${libraries.length} libraries`);
  for (const library of libraries) {
    t.match(library, /\/(libc|libm|libdl|libpthread|libstdc\+\+|libgcc_s|ld-linux-x86-64)\.so\.\d+$/, 'glibc, libstdc++ or libgcc_s');
  }

  t.test('what needs no native part runs where nothing is writable', async t => {
    t.match(holdfast(t, { mounts: [] }, '--version'), { status: 0, out: /^holdfast \d+\.\d+\.\d+\n$/, err: '' });
    t.match(holdfast(t, { mounts: [] }, 'check', '/holdfast.toml'), { status: 0, out: /^\/holdfast\.toml: ok, 1 virtual router/, err: '' });
  });

  t.test('nothing writable: says what to do', async t => {
    const nothing = holdfast(t, { mounts: [] }, 'run', '--config', '/holdfast.toml');
    t.equal(nothing.status, 1);
    t.match(
      nothing.err,
      /^holdfast: cannot load \w+\.node: no directory .*\n {2}\/run: EROFS.*\n {2}\/dev\/shm: ENOENT.*\n {2}\/tmp: EROFS/,
    );
    t.match(nothing.err, /= hint: make one of them writable and mount it without noexec/);
    t.notMatch(nothing.err, /\n +at /, 'no stack trace');
    const noexec = holdfast(t, { mounts: ['/run=noexec'] }, 'run', '--config', '/holdfast.toml');
    t.equal(noexec.status, 1);
    t.match(noexec.err, /\n {2}\/run: .*failed to map segment/, 'noexec is told from read-only');
  });

  // sysnet and raw-socket's.
  const SERVED = { parts: 2, exit: 0, status: { schema: 1, routers: [{ name: 'web', state: 'active' }] } };

  t.test('run: a tmpfs on /run is enough', async t => {
    t.match(await serve(t, { mounts: ['/run=rw'] }, '/run/control.sock'), SERVED);
  });
  t.test('run: /run mounted noexec, the next directory is taken', async t => {
    t.match(await serve(t, { mounts: ['/run=noexec', '/tmp=rw'] }, '/run/control.sock'), SERVED);
  });
  t.test('run: RUNTIME_DIRECTORY comes first, and is a list', async t => {
    t.match(await serve(t, { mounts: ['/own=rw'], runtime: '/nowhere:/own' }, '/own/control.sock'), SERVED);
  });
});
