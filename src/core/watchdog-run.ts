// Runs one watchdog: feeds its state machine with what the machine says and what looks see, and does what it asks for.
// Must not decide when a service is started or given up: that is `check/watchdog`.
import type { WatchdogSpec } from '../check/duties.ts';
import { isWatched, portOf } from '../check/probe.ts';
import {
  askEvery,
  initial,
  lookEvery,
  START_PATIENCE,
  type WatchdogAction,
  type WatchdogEvent,
  type WatchdogReport,
  type WatchdogState,
  watchdogDeadline,
  watchdogStep,
} from '../check/watchdog.ts';
import { unreachable } from '../lib/unreachable.ts';
import type { Prober, Programs, Services, Timers } from '../platform/agent-ports.ts';
import { after, type Micros, seconds } from '../vrrp/units.ts';
import { showEnd } from './service-words.ts';

/** A test such as `nginx -t` that takes longer tells nothing. */
const TEST_TIMEOUT = seconds(10);

export interface WatchdogRun {
  readonly spec: WatchdogSpec;
  state(): WatchdogState;
  /** Why the last start failed, as its test says or the port that it wants; null: no start failed since it is up, or nobody knows. */
  explanation(): string | null;
  close(): void;
}

export interface WatchdogPorts {
  readonly prober: Prober;
  readonly services: Services;
  readonly programs: Programs;
  readonly timers: Timers;
  /** After each event. */
  changed(run: WatchdogRun): void;
  reported(run: WatchdogRun, report: WatchdogReport): void;
  explained(run: WatchdogRun, why: string): void;
}

/** @param fresh see `watchdogStep` */
export function runWatchdog(spec: WatchdogSpec, fresh: boolean, ports: WatchdogPorts): WatchdogRun {
  const { timers, prober } = ports;
  let state = initial(timers.now());
  let explanation: string | null = null;
  let closed = false;
  /** Looks that are under way; more than one only while the phase changed. */
  let looking = 0;
  let lookBegan: Micros | null = null;
  let asking = false;
  let asked = timers.now();
  let cancels: (() => void)[] = [];

  const handle = ports.services.open(spec.service, () => happen({ type: 'ended' }));
  const run: WatchdogRun = {
    spec,
    state: () => state,
    explanation: () => explanation,
    close() {
      closed = true;
      for (const cancel of cancels) cancel();
      handle.close();
    },
  };

  function happen(event: WatchdogEvent): void {
    if (closed) return;
    const [next, actions] = watchdogStep(spec, state, event, timers.now(), fresh);
    state = next;
    if (state.phase.name === 'up') explanation = null;
    for (const action of actions) perform(action);
    ports.changed(run);
    pace();
  }

  function perform(action: WatchdogAction): void {
    switch (action.do) {
      case 'ask':
        void ask();
        return;
      case 'look':
        void lookNow();
        return;
      case 'start':
        void start();
        return;
      case 'explain':
        void explain();
        return;
      case 'report':
        ports.reported(run, action);
        return;
      default:
        unreachable(action);
    }
  }

  /** Wakes for whatever comes next: a look, a question, a deadline. */
  function pace(): void {
    for (const cancel of cancels) cancel();
    cancels = [];
    const now = timers.now();
    const deadline = watchdogDeadline(spec, state);
    if (deadline !== null) cancels.push(timers.schedule(deadline, () => happen({ type: 'time' })));
    const looks = lookEvery(spec, state);
    if (looks !== null && looking === 0) cancels.push(timers.schedule(lookBegan === null ? now : after(lookBegan, looks), look));
    const asks = askEvery(state);
    if (asks !== null && !asking) cancels.push(timers.schedule(after(asked, asks), () => void ask()));
  }

  async function ask(): Promise<void> {
    asking = true;
    asked = timers.now();
    const { since } = state.phase;
    const answer = await handle.state();
    asking = false;
    // An answer from before the last change says nothing about now.
    if (since === state.phase.since) happen({ type: 'told', state: answer });
    else if (!closed) pace();
  }

  function look(): void {
    if (looking === 0) void lookNow();
  }

  async function lookNow(): Promise<void> {
    // A watchdog's probe is a real request; the configuration takes no other.
    if (closed || isWatched(spec.probe)) return;
    looking += 1;
    const began = timers.now();
    lookBegan = began;
    const seen = await prober.look(spec.probe, spec.timing.timeout);
    looking -= 1;
    happen({ type: 'look', look: { seen, began, ended: timers.now() } });
  }

  async function start(): Promise<void> {
    const failure = await handle.start(START_PATIENCE);
    happen({ type: 'started', failure });
  }

  async function explain(): Promise<void> {
    const why = (await testSays()) ?? (await portTaken());
    if (closed || state.phase.name === 'up') return;
    explanation = why;
    if (explanation !== null) ports.explained(run, explanation);
  }

  async function testSays(): Promise<string | null> {
    if (spec.test === null) return null;
    const user = spec.service.by === 'start' ? spec.service.user : null;
    return showEnd(spec.test, await ports.programs.run({ argv: spec.test, user, environment: {}, input: '', timeout: TEST_TIMEOUT }));
  }

  /** A test of the configuration alone does not see that. */
  async function portTaken(): Promise<string | null> {
    const port = portOf(spec.probe);
    const holder = port === null ? null : await ports.services.holderOf(port);
    return holder === null ? null : `port ${port} is held by ${holder}`;
  }

  perform({ do: 'ask' });
  pace();
  return run;
}
