// Keeps the lab from hurting the machine it runs on: who may run it, where daemons may start, what is left behind.
// Must not know daemons or networks: it is told what to undo, in the moment in which that comes into being.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { sleep } from './clock.ts';
import { runNow } from './exec.ts';

/** Every namespace of the lab starts with it; the number is the process that made it. */
export const PREFIX = `hf${process.pid}-`;
const OURS = /^hf(\d+)-/;
const NEEDED = ['ip', 'bridge', 'tc', 'cc', 'sysctl', 'chrt'];

const undo = new Set<() => void>();
let prepared: Promise<void> | undefined;

/** Remembers what to undo when this process ends, in whatever way.
 *  @returns a function that undoes it now */
export function onExit(action: () => void): () => void {
  undo.add(action);
  return () => {
    if (undo.delete(action)) action();
  };
}

function undoAll(): void {
  for (const action of [...undo].reverse()) {
    undo.delete(action);
    try {
      action();
    } catch (error) {
      process.stderr.write(`lab: clean-up: ${String(error)}\n`);
    }
  }
}

/** Makes sure that the lab may run, that it runs alone, and that nothing of a dead one is left.
 *  @throws Error that says what is missing */
export function prepare(): Promise<void> {
  prepared ??= prepareOnce();
  return prepared;
}

async function prepareOnce(): Promise<void> {
  const missing = whyNot();
  if (missing !== null) throw new Error(missing);
  await takeTurn();
  process.once('exit', undoAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      undoAll();
      process.exit(130);
    });
  }
  process.on('uncaughtExceptionMonitor', undoAll);
  sweep();
}

/** What keeps the lab from running here.
 *  @returns null when nothing does */
export function whyNot(): string | null {
  if (process.getuid?.() !== 0) return 'the lab makes network namespaces: run it as root';
  const status = readFileSync('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const admin = 1n << 21n;
  if ((effective & admin) === 0n) return 'the lab makes network namespaces: CAP_SYS_ADMIN is missing (a container needs --privileged)';
  for (const command of NEEDED) {
    if (!(process.env.PATH ?? '').split(':').some(folder => existsSync(`${folder}/${command}`))) return `the lab needs \`${command}\``;
  }
  return existsSync('/sys/class/net/hf0') ? 'hf0 exists outside the lab: no daemon is started while it does' : null;
}

/** Refuses a namespace in which a daemon could meet anything but the lab's own network.
 *  @throws Error when it is not one of ours, or has no hf0 */
export function mayStartIn(namespace: string): void {
  if (!namespace.startsWith(PREFIX)) throw new Error(`${namespace} is no namespace of this lab: no daemon is started there`);
  if (existsSync('/sys/class/net/hf0')) throw new Error('hf0 exists in the root namespace: no daemon is started');
  if (!runNow('ip', ['-n', namespace, '-o', 'link', 'show', 'dev', 'hf0']).includes('hf0')) {
    throw new Error(`${namespace} has no hf0: no daemon is started there`);
  }
}

/** Ends everything that runs in a namespace of the lab, and the namespace. */
export function demolish(namespace: string): void {
  if (!OURS.test(namespace)) return;
  for (const pid of runNow('ip', ['netns', 'pids', namespace]).split('\n').map(Number)) {
    if (pid > 1 && pid !== process.pid) kill(pid, 'SIGKILL');
  }
  runNow('ip', ['netns', 'delete', namespace]);
}

/** Sends a signal to a process that may be gone already.
 *  @returns whether it was there */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Namespaces whose maker was killed before it could clean up. */
function sweep(): void {
  if (!existsSync('/run/netns')) return;
  for (const name of readdirSync('/run/netns')) {
    const maker = Number(OURS.exec(name)?.[1] ?? 0);
    if (maker > 0 && !existsSync(`/proc/${maker}`)) demolish(name);
  }
}

/** Two labs at once would measure each other. The turn is an abstract socket, which ends with its process; HOLDFAST_LAB_TURN
 *  names another turn, for the test of this. */
async function takeTurn(): Promise<void> {
  for (let waited = 0; ; waited++) {
    const server = createServer();
    const taken = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false));
      server.listen(`\0holdfast-lab${process.env.HOLDFAST_LAB_TURN ?? ''}`, () => resolve(true));
    });
    if (taken) {
      server.unref();
      return;
    }
    if (waited === 0) process.stderr.write('lab: another one is running, waiting for it\n');
    await sleep(500);
  }
}
