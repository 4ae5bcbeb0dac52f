// A service that is a unit of systemd: asked, started, and followed from one main process to the next.
// Must not know when a service is to be started.
import type { ServiceState } from '../../check/service.ts';
import { limitWords } from '../../check/words.ts';
import { type Micros, micros, millis, seconds } from '../../vrrp/units.ts';
import type { ServiceHandle } from '../agent-ports.ts';
import { lookAt, type ProcessInfo, processesOfGroup, sameProcess } from './process-table.ts';
import { openFollower } from './service-follower.ts';
import { awaitEnd, endThem, remainsWords, type Send, sendDirectly } from './service-remains.ts';
import { sysnet } from './sysnet.ts';
import { askUnit, isRefusedByShutdown, refusalWords, type Said, SHUTTING_DOWN, tellSystemd } from './systemctl.ts';
import { deathWords, isUp, judgeUnit, type UnitFacts } from './unit-facts.ts';

/** Systemd is one process, and busy ones have kept us waiting for a second. */
const ASK = seconds(5);
/** What was heard so long ago is still believed at a start. */
const FRESH = millis(500);
/** Systemd hears of an end at the same moment as we do: so often, and after so many ms, it is asked again. */
const ROUNDS = 20;
const ROUND = 10;
/** What systemd has not ended by itself so long after a crash, we end. */
const GRACE = millis(300);

/** Gives the order to start, and waits for its outcome. @param verb `restart`: also when systemd takes it for running */
export type Begin = (verb: 'start' | 'restart', facts: UnitFacts, timeout: Micros) => Promise<Said>;

/** @param begin null: as the unit says */
export function openUnitService(unit: string, ended: () => void, begin: Begin | null = null): ServiceHandle {
  const follower = openFollower(ended);
  let last: { readonly at: number; readonly facts: UnitFacts } | null = null;

  async function ask(): Promise<UnitFacts | { readonly why: string; readonly passing: boolean }> {
    const facts = await askUnit(unit, ASK);
    if ('why' in facts) return facts;
    last = { at: sysnet.now(), facts };
    return facts;
  }

  /** The process that stands for it. Without a main process known to systemd, the oldest one. */
  async function standsFor({ mainPid, group }: UnitFacts): Promise<ProcessInfo | null> {
    if (mainPid > 0) return lookAt(mainPid);
    const members = group === '' ? [] : ((await processesOfGroup(group)) ?? []);
    return members.reduce<ProcessInfo | null>((oldest, each) => (oldest === null || each.started < oldest.started ? each : oldest), null);
  }

  async function state(): Promise<ServiceState> {
    for (let round = 0; ; round++) {
      const facts = await ask();
      if ('why' in facts) return notToldWhy(facts);
      const judged = judgeUnit(unit, facts);
      if (judged.name !== 'running') return judged;
      const process = await standsFor(facts);
      if (process !== null) follower.follow(process);
      if (process !== null || facts.mainPid === 0) return { name: 'running', pid: process?.pid ?? 0 };
      if (round === ROUNDS) return { name: 'changing' };
      await new Promise(resolve => setTimeout(resolve, ROUND));
    }
  }

  function notToldWhy({ why, passing }: { readonly why: string; readonly passing: boolean }): ServiceState {
    if (!passing) return { name: 'missing', why };
    const known = follower.current();
    return known === null ? { name: 'changing' } : { name: 'running', pid: known.pid };
  }

  async function start(timeout: Micros): Promise<string | null> {
    const deadline = sysnet.now() + timeout;
    const left = (): Micros => micros(Math.max(0, deadline - sysnet.now()));
    const known = follower.current();
    const facts = last !== null && sysnet.now() - last.at < FRESH ? last.facts : await ask();
    if ('why' in facts) return facts.why;
    if (isUp(facts) && (await isAnother(known, facts))) return null;
    const remains = facts.group === '' ? [] : ((await processesOfGroup(facts.group)) ?? []);
    if (facts.active === 'deactivating') {
      // Systemd is about to end them, and what we order now waits for that.
      void endWhatStays(remains);
    } else {
      const stubborn = await endThem(remains, signalUnit);
      if (stubborn.length > 0) return `what is left of its former life does not end: ${remainsWords(stubborn)}`;
    }
    const verb = verbFor(facts);
    const order = begin ?? startUnit;
    let outcome = await judgeStart(await order(verb, facts, left()), facts, timeout);
    if (outcome === 'not tried') {
      // How often is our own affair: the watchdog's budget. Not earlier: a unit whose failure was reset looks like a stopped one.
      await tellSystemd(['systemctl', 'reset-failed', '--', unit], left());
      outcome = await judgeStart(await order(verb, facts, left()), facts, timeout);
    }
    // Its new process is to be followed, and not at the expense of whoever waits for the service.
    if (outcome === 'started') void attach();
    return outcome === 'started' ? null : outcome === 'not tried' ? 'started too often for systemd' : outcome.why;
  }

  /** Somebody else was quicker to start it, and it is followed from now on: not the one that hangs. */
  async function isAnother(known: ProcessInfo | null, facts: UnitFacts): Promise<boolean> {
    const process = await standsFor(facts);
    if (process === null || (known !== null && sameProcess(known, process))) return false;
    follower.follow(process);
    return true;
  }

  const startUnit: Begin = (verb, _facts, timeout) => tellSystemd(['systemctl', verb, '--', unit], timeout);

  /** @param before what was known of it before the order */
  async function judgeStart(said: Said, before: UnitFacts, timeout: Micros): Promise<Outcome> {
    if (said.kind === 'late') return { why: `still starting after ${limitWords(timeout)}` };
    if (said.kind === 'absent') return { why: said.why };
    if (said.status === 0) return 'started';
    if (isRefusedByShutdown(said)) return { why: SHUTTING_DOWN };
    const facts = await ask();
    if ('why' in facts) return { why: facts.why };
    const { name } = judgeUnit(unit, facts);
    if (facts.active !== 'failed' && name !== 'dead') return { why: refusalWords(said) };
    return facts.result === 'start-limit-hit' || facts.begun === before.begun ? 'not tried' : { why: deathWords(facts) };
  }

  async function attach(): Promise<void> {
    const { name } = await state();
    if (name !== 'running' && name !== 'changing') ended();
  }

  const signalUnit: Send = async (signal, processes) => {
    if (sendDirectly(signal, processes).length === 0) return;
    await tellSystemd(['systemctl', 'kill', `--signal=${signal}`, '--', unit], ASK);
  };

  async function endWhatStays(processes: readonly ProcessInfo[]): Promise<void> {
    sendDirectly('SIGKILL', await awaitEnd(processes, GRACE));
  }

  return { state, start, close: follower.close };
}

/** A unit that systemd is to start again by itself does not heed `start` before its RestartSec= is over; systemd.service(5). */
function verbFor({ active, restart }: UnitFacts): 'start' | 'restart' {
  if (active === 'inactive' || active === 'failed') return 'start';
  return active === 'deactivating' && restart === 'no' ? 'start' : 'restart';
}

/** 'not tried': its unit has a limit of its own, StartLimitBurst=. */
type Outcome = 'started' | 'not tried' | { readonly why: string };
