// Runs one program to its end or to its time limit, whatever it does in between: see `Programs` in agent-ports.ts.
// Must not know what it is good for.

import { fchownSync } from 'node:fs';
import { Socket } from 'node:net';
import { type Micros, micros } from '../../vrrp/units.ts';
import type { Ended, Program, Programs } from '../agent-ports.ts';
import type { SystemError } from '../ports.ts';
import type { Account } from './accounts.ts';
import { devNull } from './dev-null.ts';
import { accountFor, launch } from './launch.ts';
import { LATE, within } from './patience.ts';
import { everyProcess } from './process-table.ts';
import { onExit } from './process-watch.ts';
import { type Output, openOutput } from './program-output.ts';
import { signalName } from './signals.ts';
import { errnoName, sysnet } from './sysnet.ts';
import { systemCode } from './system-code.ts';
import { distrust } from './trust.ts';

/** From SIGTERM to SIGKILL; in ms. */
const MERCY = 500;

/** A program is examined before each run (`distrust`), and runs in a session and process group of its own. It has ended when its
 *  first process has: what that one left running goes on and delays nothing. After its time everything in its group and its
 *  session is killed. What has begun a session of its own by then (setsid, daemon) escapes that. */
export const programs: Programs = { run };

async function run(program: Program): Promise<Ended> {
  const began = sysnet.now();
  const ready = await within(prepare(program), program.timeout);
  if (ready === LATE) return { kind: 'timeout', output: '', took: since(began) };
  if ('kind' in ready) return ready;
  const output = openOutput();
  if (typeof output === 'number') return failure('pipe', output, program);
  const input = openInput(program.input);
  if (typeof input === 'number') {
    sysnet.close(output.end);
    output.finish();
    return failure('pipe', input, program);
  }
  for (const end of [input.end, output.end]) give(end, ready);
  const pid = launch(program.argv, ready, program.environment, [input.end, 0, output.end, 1, output.end, 2]);
  sysnet.close(output.end);
  input.begin();
  if (typeof pid !== 'number') {
    input.stop();
    output.finish();
    return pid;
  }
  const status = await exitOrTime(pid, (began + program.timeout - sysnet.now()) / 1000);
  if (status === LATE) {
    const took = since(began);
    const text = output.text();
    void killAll(pid).then(() => finish(output, input));
    return { kind: 'timeout', output: text, took };
  }
  finish(output, input);
  return ended(status, output.text(), since(began), program);
}

/** Else it could use its descriptors, and not open them by their names: /dev/stdin, /dev/stderr. proc(5), /proc/PID/fd */
function give(end: number, { uid, gid }: Account): void {
  if (end === devNull() || uid === process.geteuid?.()) return;
  try {
    fchownSync(end, uid, gid);
  } catch (error) {
    systemCode(error);
  }
}

type Unsafe = Extract<Ended, { readonly kind: 'unsafe' }>;

async function prepare({ argv: [path = ''], user }: Program): Promise<Account | Unsafe | SystemError> {
  const message = await distrust(path);
  return message === null ? accountFor(user) : { kind: 'unsafe', message };
}

function since(began: number): Micros {
  return micros(sysnet.now() - began);
}

function finish(output: Output, input: Input): void {
  input.stop();
  output.finish();
}

function failure(op: string, code: number, { argv: [target = ''] }: Program): SystemError {
  return { kind: 'system-error', op, code: errnoName(code), target };
}

/** @param status as `reap` gives it */
function ended(status: number, output: string, took: Micros, program: Program): Ended {
  if (status < 0) return failure('wait', status, program);
  if (status < 256) return { kind: 'exit', status, output, took };
  return { kind: 'signal', signal: signalName(status - 256), output, took };
}

/** @param limit in ms
 *  @returns the exit status, taken, as `reap` gives it; LATE when it still runs after that */
function exitOrTime(pid: number, limit: number): Promise<number | typeof LATE> {
  return new Promise(resolve => {
    const forget = onExit({ pid, started: null }, () => {
      clearTimeout(timer);
      resolve(sysnet.reap(pid));
    });
    const timer = setTimeout(() => {
      forget();
      resolve(LATE);
    }, limit);
  });
}

/** Asks the whole group to end, and ends all of its session a moment later. Its first process is not reaped before that: until then
 *  its number is that of the group, and of no other one. Resolves when it is gone. */
async function killAll(pid: number): Promise<void> {
  kill(-pid, 'SIGTERM');
  await new Promise(resolve => setTimeout(resolve, MERCY));
  kill(-pid, 'SIGKILL');
  // A shell with job control puts its jobs in groups of their own.
  for (const { pid: member, session } of await everyProcess(0)) if (session === pid) kill(member, 'SIGKILL');
  await new Promise<void>(resolve => onExit({ pid, started: null }, resolve));
  sysnet.reap(pid);
}

/** @param target negative: a process group */
function kill(target: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    // It has gone (ESRCH), or has become somebody else's (EPERM) and we are not root.
    systemCode(error);
  }
}

interface Input {
  /** For the program's standard input. */
  readonly end: number;
  /** Closes that end here, and begins to write. */
  begin(): void;
  /** What has not been read by now is for nobody. */
  stop(): void;
}

/** A pipe, since that is what programs expect (a socket cannot be opened as /dev/stdin); with nothing to say, /dev/null.
 *  @returns -errno when there is no pipe to be had */
function openInput(text: string): Input | number {
  if (text === '') return { end: devNull(), begin() {}, stop() {} };
  const pipe = sysnet.pipe(1);
  if (typeof pipe === 'number') return pipe;
  const [end, ours] = pipe;
  const socket = new Socket({ fd: ours, readable: false, writable: true });
  // It may end without reading, or close its input: EPIPE.
  socket.on('error', () => {});
  return {
    end,
    begin() {
      sysnet.close(end);
      socket.end(text);
    },
    stop: () => void socket.destroy(),
  };
}
