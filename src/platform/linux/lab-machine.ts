// This machine as the laboratory needs it: ip(8), /proc, and a folder below /run. Everything it makes is in namespaces of its own.
// Must not know what a laboratory is made of; never touches an interface, an address or a mount of its own namespace.
import { execFile, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { isSea } from 'node:sea';
import { type Follower, type LabMachine, type LabProcess, MachineRefused, type SeenProcess } from '../lab-ports.ts';
import { missingCapabilities } from './capabilities.ts';
import { parseStat, sameProcess } from './process-table.ts';
import { distrust, SEARCH_PATH } from './trust.ts';

const FOLDER = '/run/holdfast-lab';
const NAMESPACES = '/run/netns';
/** Abstract, so that it ends with its process. */
const TURN = '\0holdfast-lab-verb';
const ENVIRONMENT = { PATH: SEARCH_PATH, LANG: 'C.UTF-8' };
/** Longest time of one ip(8), ms. */
const PATIENCE = 10_000;

/** Runs in the namespace, as the very process that becomes the program. $1 and $2 are networks of the host. `ip netns exec` has made
 *  the mounts its own, so that what is covered here is covered for the program alone. */
const GUARD = `
refuse() { echo "holdfast: lab: $1: nothing is started" >&2; exit 97; }
here=$(readlink /proc/self/ns/net) || refuse "/proc does not say which network this is"
if [ -z "$here" ] || [ "$here" = "$1" ] || [ "$here" = "$2" ]; then refuse "this is the network of the host"; fi
grep -q '^ *hf0:' /proc/self/net/dev || refuse "there is no hf0"
for each in /run/systemd /run/dbus; do
  [ ! -d $each ] || mount -t tmpfs -o mode=755,size=64k none $each || refuse "$each cannot be covered"
done
shift 2
exec "$@"`;

/** @param folder where the files are; only tests have another one */
export async function openLabMachine(folder = FOLDER): Promise<LabMachine> {
  const nginx = await findNginx();
  const at = (file: string): string => join(folder, file);
  return {
    folder,
    self: isSea() ? [process.execPath] : [process.execPath, ...process.argv.slice(1, 2)],
    nginx,
    whyNot,
    now: () => Number(process.hrtime.bigint() / 1000n),
    wallNow: () => Date.now(),
    sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
    takeTurn,
    namespaces: prefix => (existsSync(NAMESPACES) ? readdirSync(NAMESPACES).filter(name => name.startsWith(prefix)) : []),
    async addNamespace(name) {
      await ip(['netns', 'add', name]);
    },
    async removeNamespace(name) {
      if (existsSync(join(NAMESPACES, name))) await ip(['netns', 'delete', name]);
    },
    async ip(namespace, commands) {
      if (commands.length === 0) return;
      await ip([...(namespace === null ? [] : ['-n', namespace]), '-batch', '-'], `${commands.join('\n')}\n`);
    },
    async interfaces(namespace) {
      const text = await ip(['-n', namespace, '-o', 'link', 'show']);
      return [...text.matchAll(/^\d+: ([^:@]+)/gm)].flatMap(([, name = '']) => (name === 'lo' ? [] : [name]));
    },
    async settings(namespace, values) {
      // Without IPv6 in the kernel there is nothing to be quiet about.
      const lines = Object.entries(values).map(([name, value]) => `[ ! -e /proc/sys/net/${name} ] || echo ${value} >/proc/sys/net/${name}`);
      await ip(['netns', 'exec', namespace, '/bin/sh', '-e', '-c', lines.join('\n')]);
    },
    processes,
    runs: wanted => lookWithTerminal(wanted.pid)?.started === wanted.started,
    signal(wanted, signal) {
      const there = lookWithTerminal(wanted.pid);
      if (there === null || !sameProcess(there, wanted) || wanted.pid === process.pid) return false;
      try {
        process.kill(wanted.pid, signal);
        return true;
      } catch {
        return false;
      }
    },
    start: (namespace, argv, log) => start(namespace, argv, at(log)),
    read(file) {
      try {
        return readFileSync(at(file), 'utf8');
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    tail(file, bytes) {
      try {
        const fd = openSync(at(file), 'r');
        try {
          return readEnd(fd, bytes);
        } finally {
          closeSync(fd);
        }
      } catch (error) {
        if (isMissing(error)) return '';
        throw error;
      }
    },
    write(file, text) {
      const path = at(file);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
    follow: (file, back) => follow(at(file), back),
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function whyNot(): string | null {
  const missing = missingCapabilities(['CAP_SYS_ADMIN', 'CAP_NET_ADMIN']);
  if (missing.length > 0)
    return `it makes network namespaces: run it as root (sudo); a container needs --privileged. Missing: ${missing.join(', ')}`;
  for (const [program, from] of [
    ['ip', 'iproute2'],
    ['mount', 'util-linux'],
    ['grep', 'grep'],
  ] as const) {
    if (!SEARCH_PATH.split(':').some(directory => existsSync(join(directory, program)))) return `it needs \`${program}\` (${from})`;
  }
  return existsSync('/sys/class/net/hf0') ? 'there is an hf0 in this network: leave the laboratory first, or rename it' : null;
}

async function findNginx(): Promise<string | null> {
  for (const directory of SEARCH_PATH.split(':')) {
    const path = join(directory, 'nginx');
    if (existsSync(path) && (await distrust(path)) === null) return path;
  }
  return null;
}

function takeTurn(): Promise<boolean> {
  const server = createServer();
  return new Promise(resolve => {
    server.once('error', () => resolve(false));
    server.listen(TURN, () => {
      server.unref();
      resolve(true);
    });
  });
}

/** @throws Error with the command and what ip(8) says */
function ip(args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: ENVIRONMENT, timeout: PATIENCE, maxBuffer: 1 << 22 };
    const child = execFile('ip', [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new MachineRefused(`ip ${args.join(' ')}: ${stderr.trim() || error.message}${input === '' ? '' : `\n${input.trim()}`}`));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function processes(namespace: string): readonly SeenProcess[] {
  let network: string;
  try {
    network = `net:[${statSync(join(NAMESPACES, namespace)).ino}]`;
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  return readdirSync('/proc').flatMap(entry => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      if (readlinkSync(`/proc/${entry}/ns/net`) !== network) return [];
    } catch {
      // It ended while we looked.
      return [];
    }
    return lookWithTerminal(Number(entry)) ?? [];
  });
}

/** @returns null when it is not there, or has ended */
function lookWithTerminal(pid: number): SeenProcess | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const info = parseStat(text);
    if (info === null) return null;
    // state, parent, group, session, terminal. proc(5)
    const terminal = text.slice(text.lastIndexOf(')') + 2).split(' ')[4];
    return { pid, started: info.started, name: info.name, terminal: terminal !== '0' };
  } catch {
    return null;
  }
}

async function start(namespace: string, argv: readonly string[], log: string): Promise<LabProcess> {
  const networks = [readlinkSync('/proc/self/ns/net'), firstNetwork()];
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const out = openSync(log, 'a', 0o600);
  try {
    const child = spawn('ip', ['netns', 'exec', namespace, '/bin/sh', '-c', GUARD, 'holdfast-lab', ...networks, ...argv], {
      cwd: '/',
      env: ENVIRONMENT,
      stdio: ['ignore', out, out],
      detached: true,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const { pid = 0 } = child;
    const started = lookWithTerminal(pid)?.started;
    if (started === undefined) throw new MachineRefused(`${argv[0]} ended at once in ${namespace}; see ${log}`);
    return { pid, started };
  } finally {
    closeSync(out);
  }
}

/** That of the first process; empty where we may not know. Ours is the host's then too, as far as we can see. */
function firstNetwork(): string {
  try {
    return readlinkSync('/proc/1/ns/net');
  } catch {
    return '';
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** Text from the beginning of a line on. */
function readEnd(fd: number, bytes: number): string {
  const { size } = fstatSync(fd);
  const from = Math.max(0, size - bytes);
  const text = readFrom(fd, from, size - from);
  return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
}

function readFrom(fd: number, from: number, length: number): string {
  const buffer = Buffer.alloc(length);
  return buffer.toString('utf8', 0, readSync(fd, buffer, 0, length, from));
}

function follow(path: string, back: number): Follower {
  let fd = -1;
  let position = 0;
  const open = (from: number): void => {
    if (!existsSync(path)) return;
    fd = openSync(path, 'r');
    position = Math.max(0, fstatSync(fd).size - from);
  };
  const rest = (): string => {
    if (fd < 0) return '';
    const length = fstatSync(fd).size - position;
    const text = length > 0 ? readFrom(fd, position, length) : '';
    position += Buffer.byteLength(text);
    return text;
  };
  open(back);
  return {
    next() {
      const text = rest();
      // The writer has begun another file; what it wrote into this one until then has been read.
      if (existsSync(path) && (fd < 0 || statSync(path).ino !== fstatSync(fd).ino)) {
        const last = rest();
        if (fd >= 0) closeSync(fd);
        open(Number.POSITIVE_INFINITY);
        return text + last + rest();
      }
      return text;
    },
    close() {
      if (fd >= 0) closeSync(fd);
      fd = -1;
    },
  };
}
