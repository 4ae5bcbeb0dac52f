// A machine with services that live, hang, die and are started, in virtual time: what the agent's ports show of them.
// Must not know who asks. A service answers at the host that has its name.
import type { Service } from '../../check/duties.ts';
import type { PolledProbe, Seen, WatchedProbe } from '../../check/probe.ts';
import type { ServiceState } from '../../check/service.ts';
import { after, type Micros, millis } from '../../vrrp/units.ts';
import type { Ended, Prober, Program, Programs, ServiceHandle, Services } from '../agent-ports.ts';
import type { FakeTimers } from './timers.ts';

/** One service. Change what it is, and the ports show it. */
export interface FakeService {
  state: 'running' | 'hung' | 'dead' | 'stopped';
  /** What a look at it sees while it runs. */
  answer: Seen;
  /** How long it takes to start. */
  startTime: Micros;
  /** Why it does not start; null: it does. */
  broken: string | null;
  /** Who has its port; null: nobody else. */
  squatter: string | null;
  /** How often somebody has started it. */
  starts: number;
  /** It ends at once; whoever watches is told. */
  kill(): void;
}

export interface ServiceWorld {
  readonly prober: Prober;
  readonly services: Services;
  readonly programs: Programs;
  /** By its name: the last part of the command that starts it, or its unit. It comes into being running. */
  service(name: string): FakeService;
  /** Looks so far. */
  readonly looks: number;
  /** Tells those who watch a process or an interface. */
  tell(name: string, seen: Seen): void;
}

const TIMEOUT: Seen = { trouble: 'timeout', seen: 'no answer within 1 s' };
const REFUSED: Seen = { trouble: 'refused', seen: 'connection refused' };
const LATENCY = millis(1);

export function createServiceWorld(timers: FakeTimers): ServiceWorld {
  const known = new Map<string, FakeService & { readonly watchers: Set<() => void> }>();
  const watchers = new Map<string, Set<(seen: Seen) => void>>();
  const watched = new Map<string, Seen>();
  let looks = 0;

  function service(name: string): FakeService & { readonly watchers: Set<() => void> } {
    const found = known.get(name);
    if (found !== undefined) return found;
    const born: FakeService & { readonly watchers: Set<() => void> } = {
      state: 'running',
      answer: { trouble: null, seen: 'HTTP 200 in 1 ms' },
      startTime: millis(30),
      broken: null,
      squatter: null,
      starts: 0,
      watchers: new Set(),
      kill() {
        born.state = 'dead';
        for (const watcher of born.watchers) watcher();
      },
    };
    known.set(name, born);
    return born;
  }

  function wait(time: Micros): Promise<void> {
    return new Promise(resolve => {
      timers.schedule(after(timers.now(), time), resolve);
    });
  }

  function targetOf(probe: PolledProbe | WatchedProbe): string {
    switch (probe.type) {
      case 'tcp':
        return probe.host;
      case 'interface':
        return probe.interface;
      default:
        return probe.type;
    }
  }

  function shown({ state }: FakeService): ServiceState {
    switch (state) {
      case 'running':
      case 'hung':
        return { name: 'running', pid: 100 };
      case 'dead':
        return { name: 'dead', how: 'killed by SIGKILL' };
      case 'stopped':
        return { name: 'stopped' };
    }
  }

  return {
    service,
    get looks() {
      return looks;
    },
    tell(name, seen) {
      watched.set(name, seen);
      for (const watcher of watchers.get(name) ?? []) watcher(seen);
    },
    prober: {
      async look(probe, timeout) {
        looks += 1;
        const { state, answer } = service(targetOf(probe));
        if (state === 'dead' || state === 'stopped') return REFUSED;
        await wait(state === 'hung' ? timeout : LATENCY);
        return state === 'hung' ? TIMEOUT : answer;
      },
      watch(probe, tell) {
        const name = targetOf(probe);
        const all = watchers.get(name) ?? new Set();
        watchers.set(name, all.add(tell));
        const seen = watched.get(name);
        if (seen !== undefined) tell(seen);
        return { close: () => void all.delete(tell) };
      },
    },
    services: {
      holderOf: async () => [...known.values()].find(({ squatter }) => squatter !== null)?.squatter ?? null,
      open(wanted: Service, ended): ServiceHandle {
        const name = wanted.by === 'unit' ? wanted.unit : (wanted.run[0]?.split('/').at(-1) ?? '');
        const it = service(name);
        it.watchers.add(ended);
        return {
          state: async () => shown(it),
          async start() {
            it.starts += 1;
            it.state = 'dead';
            await wait(it.startTime);
            if (it.broken !== null) return it.broken;
            if (it.squatter !== null) return 'exit status 1';
            it.state = 'running';
            return null;
          },
          close: () => void it.watchers.delete(ended),
        };
      },
    },
    programs: {
      async run({ argv }: Program): Promise<Ended> {
        const { broken } = service(argv[0]?.split('/').at(-1) ?? '');
        const output = broken === null ? 'test is successful\n' : `nginx: [emerg] ${broken}\nnginx: configuration test failed\n`;
        return { kind: 'exit', status: broken === null ? 0 : 1, output, took: LATENCY };
      },
    },
  };
}
