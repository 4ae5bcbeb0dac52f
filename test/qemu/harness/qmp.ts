// QEMU's machine protocol: one command at a time over its socket, as typed functions, and the events that QEMU tells.
// Must not know what a test wants with them, nor what runs in the guest.
import { connect } from 'node:net';
import { now, until } from '../../netns/lab/clock.ts';

export interface QmpEvent {
  readonly at: number;
  /** SHUTDOWN, RESET, STOP, RESUME, POWERDOWN, … */
  readonly event: string;
}

export interface Qmp {
  /** Presses the power button (ACPI). The guest decides what follows. */
  systemPowerdown(): Promise<void>;
  systemReset(): Promise<void>;
  stop(): Promise<void>;
  cont(): Promise<void>;
  /** Pulls the cable of a network device, or puts it back; the guest sees its carrier go. */
  setLink(device: string, up: boolean): Promise<void>;
  /** Ends QEMU in order. */
  quit(): Promise<void>;
  /** `running`, `paused`, `shutdown`, … */
  queryStatus(): Promise<string>;
  /** Keeps memory and disks under a name, in the qcow2 files.
   *  @throws Error with QEMU's words */
  savevm(name: string): Promise<void>;
  readonly events: readonly QmpEvent[];
  /** Each line that went over the socket. */
  readonly transcript: readonly string[];
  close(): void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

// savevm writes the guest's memory.
const PATIENCE = 60_000;

/** Connects as soon as QEMU listens, and agrees on the protocol.
 *  @param alive called while QEMU does not listen: throws when waiting is hopeless */
export async function connectQmp(path: string, boundMs: number, alive: () => void): Promise<Qmp> {
  const socket = await until('QEMU to listen for QMP', boundMs, async () => {
    alive();
    return attempt(path);
  });
  const transcript: string[] = [];
  const events: QmpEvent[] = [];
  const waiting = new Map<number, Waiting>();
  let serial = 0;
  let greeted = false;
  let rest = '';
  const started = now();
  const note = (direction: string, text: string) => transcript.push(`${((now() - started) / 1000).toFixed(0)} ms ${direction} ${text}`);

  const take = (line: string) => {
    note('<', line);
    const message = JSON.parse(line) as Record<string, unknown>;
    if ('QMP' in message) greeted = true;
    else if (typeof message.event === 'string') events.push({ at: now(), event: message.event });
    else if (typeof message.id === 'number') {
      const command = waiting.get(message.id);
      waiting.delete(message.id);
      const error = message.error as { readonly desc?: string } | undefined;
      if (error === undefined) command?.resolve(message.return);
      else command?.reject(new Error(`QMP: ${error.desc ?? line}`));
    }
  };
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') take(line);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    for (const command of waiting.values()) command.reject(new Error('QMP: QEMU has ended'));
    waiting.clear();
  });

  const execute = (command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> => {
    serial += 1;
    const id = serial;
    const text = JSON.stringify({ execute: command, ...(args === undefined ? {} : { arguments: args }), id });
    note('>', text);
    return new Promise((resolve, reject) => {
      if (socket.destroyed) {
        reject(new Error('QMP: QEMU has ended'));
        return;
      }
      const limit = setTimeout(() => {
        waiting.delete(id);
        reject(new Error(`QMP: no answer to ${command} for ${PATIENCE} ms`));
      }, PATIENCE);
      waiting.set(id, {
        resolve: value => {
          clearTimeout(limit);
          resolve(value);
        },
        reject: error => {
          clearTimeout(limit);
          reject(error);
        },
      });
      socket.write(`${text}\n`);
    });
  };

  await until('the greeting of QMP', boundMs, () => greeted);
  await execute('qmp_capabilities');
  return {
    async systemPowerdown() {
      await execute('system_powerdown');
    },
    async systemReset() {
      await execute('system_reset');
    },
    async stop() {
      await execute('stop');
    },
    async cont() {
      await execute('cont');
    },
    async setLink(device, up) {
      await execute('set_link', { name: device, up });
    },
    async quit() {
      // QEMU may be gone before it answers.
      await execute('quit').catch(() => {});
    },
    async queryStatus() {
      const { status } = (await execute('query-status')) as { readonly status: string };
      return status;
    },
    async savevm(name) {
      const said = await execute('human-monitor-command', { 'command-line': `savevm ${name}` });
      if (typeof said === 'string' && said.trim() !== '') throw new Error(`savevm ${name}: ${said.trim()}`);
    },
    events,
    transcript,
    close: () => socket.destroy(),
  };
}

/** @returns undefined when nobody listens yet */
function attempt(path: string): Promise<ReturnType<typeof connect> | undefined> {
  return new Promise(resolve => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(undefined));
  });
}
