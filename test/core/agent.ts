// Tests src/core/agent.ts against an engine that behaves like one: it answers in order, applies, goes back by itself.
// Must not know processes or files. Services and hooks are the real ones on a machine that behaves.
import t, { type Test } from 'tap';
import type { Duties } from '../../src/check/duties.ts';
import type { Plan } from '../../src/config/plan.ts';
import { type Agent, createAgent, type Reading } from '../../src/core/agent.ts';
import { createHistory } from '../../src/core/history.ts';
import { createHooks } from '../../src/core/hooks.ts';
import { writeEntries } from '../../src/core/learned.ts';
import { type Legacy, PROTOCOL, type Refused, type ToAgent, type ToEngine, type Transition } from '../../src/core/messages.ts';
import type { ReloadOptions } from '../../src/core/reload.ts';
import { createServiceDesk } from '../../src/core/services.ts';
import type { RouterStatus } from '../../src/core/status.ts';
import type { HookCall } from '../../src/platform/agent-ports.ts';
import { createLog } from '../../src/platform/fake/log.ts';
import { createServiceWorld, type ServiceWorld } from '../../src/platform/fake/service-world.ts';
import { createTimers, type FakeTimers } from '../../src/platform/fake/timers.ts';
import { type RouterSpec, routerKey } from '../../src/vrrp/router.ts';
import { micros, millis, priority, seconds, vrid } from '../../src/vrrp/units.ts';
import { watchdogSpec } from '../fixtures/duties.ts';
import { ordersFor } from '../fixtures/orders.ts';
import { engineStatus, routerStatus } from '../fixtures/status-report.ts';
import { ip, planFor, routerSpec } from '../fixtures/virtual-router.ts';

process.env.TZ = 'UTC';
const NOW = Date.parse('2026-03-29T12:00:00Z');
const WEB = routerSpec({ password: 'hunter2' });
const MAIL = routerSpec({ name: 'mail', vrid: vrid(52) });
const KEEP: ReloadOptions = { dryRun: false, confirmWithin: null };
const DRY: ReloadOptions = { dryRun: true, confirmWithin: null };

const good = (...routers: readonly RouterSpec[]): Reading => ({ plan: planFor(...routers), report: '' });
const BAD: Reading = {
  plan: null,
  report: 'error[syntax]: ...\n',
  exit: 78,
  problem: { errors: 2, first: 'holdfast.toml:3:5 what is this' },
};

interface Rig {
  readonly agent: Agent;
  readonly log: ReturnType<typeof createLog>;
  /** What the engine heard, but for questions about its status. */
  readonly heard: ToEngine[];
  readonly told: string[];
  /** What the page was told. */
  readonly page: string[];
  readonly shown: string[];
  readonly timers: FakeTimers;
  readonly world: ServiceWorld;
  /** What hooks were told: router, event. */
  readonly calls: string[];
  /** The files, and the wall clock. */
  readonly files: { reading: Reading; loads: number; hold: Promise<void> | null; learned: string | null; wall: number };
  readonly engine: {
    plan: Plan | null;
    state: RouterStatus['state'];
    /** Deaf: it neither hears nor answers. */
    deaf: boolean;
    refuses: readonly Refused[];
    confirmBy: number | null;
    say(message: ToAgent): void;
    /** The time for the confirmation runs out. */
    expire(): void;
  };
  settled(): Promise<void>;
}

function rig(running: Plan | null = null, reading: Reading = good(WEB), legacy: Partial<Legacy> = {}): Rig {
  const log = createLog();
  const heard: ToEngine[] = [];
  const told: string[] = [];
  const shown: string[] = [];
  const files: Rig['files'] = { reading, loads: 0, hold: null, learned: null, wall: NOW };
  let before: Plan | null = null;
  const engine: Rig['engine'] = {
    plan: running,
    state: 'active',
    deaf: false,
    refuses: [],
    confirmBy: null,
    // A message takes a turn of the loop, and none overtakes another.
    say: message => void setImmediate(() => agent.received(JSON.parse(JSON.stringify(message)))),
    expire() {
      engine.confirmBy = null;
      engine.plan = before;
      if (before !== null) engine.say({ type: 'reverted', plan: before });
    },
  };
  function receive(message: ToEngine): void {
    if (engine.deaf) return;
    if (message.type !== 'status') heard.push(message);
    if (message.type === 'confirm') engine.confirmBy = null;
    if (message.type === 'plan') {
      before = engine.plan;
      engine.plan = message.plan;
      engine.confirmBy = message.confirmWithin === null ? null : seconds(1000) + message.confirmWithin;
      engine.say({ type: 'applied', id: message.id, refused: engine.refuses });
    }
    if (message.type === 'status') {
      const routers = engine.plan?.routers.map(spec => routerStatus({ state: engine.state }, spec)) ?? [];
      const confirmBy = engine.confirmBy === null ? null : micros(engine.confirmBy);
      engine.say({ type: 'status', id: message.id, status: engineStatus(routers, { confirmBy }) });
    }
  }
  const timers = createTimers(seconds(1000));
  const world = createServiceWorld(timers);
  const calls: string[] = [];
  const send = (message: ToEngine): void => void setImmediate(receive, JSON.parse(JSON.stringify(message)));
  const deliver = async (_hook: unknown, { environment }: HookCall) => {
    calls.push(`${environment.HOLDFAST_ROUTER}/${environment.HOLDFAST_FAMILY} ${environment.HOLDFAST_EVENT}`);
    return { ok: true, seen: 'exit 0' };
  };
  const orders = ordersFor(timers, log);
  const page: string[] = [];
  const history = createHistory({ read: async () => '', append: async () => {}, log });
  const agent = createAgent({
    orders,
    history,
    page: {
      configure: http => void page.push(http === null ? 'none' : `port ${http.listen.port}`),
      moved: ({ router, to }) => void page.push(`${router} ${to}`),
    },
    now: () => timers.now(),
    services: createServiceDesk({
      ...world,
      timers,
      log,
      orders,
      wallNow: () => files.wall,
      health: health => send({ type: 'health', health }),
    }),
    hooks: createHooks({
      runner: { deliver },
      log,
      timers,
      node: 'edge-a',
      wallNow: () => files.wall,
      delivered: (router, event) => send({ type: 'told', router, event }),
    }),
    version: '1.2.3',
    log,
    memory: {
      async read() {
        // Slower than the files of the configuration.
        for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve));
        return files.learned;
      },
      write: async text => {
        files.learned = text;
      },
    },
    send,
    async load() {
      files.loads += 1;
      const { reading: read } = files;
      await files.hold;
      return read;
    },
    show: report => void shown.push(report),
    tell: status => void told.push(status),
    wallNow: () => files.wall,
  });
  const settled = async () => {
    for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve));
  };
  const legacies = running === null ? null : { plan: running, health: [], told: {}, ...legacy };
  engine.say({ type: 'hello', protocol: PROTOCOL, version: '1.2.3', running: legacies });
  return { agent, log, heard, timers, world, calls, told, page, shown, files, engine, settled };
}

const plans = ({ heard }: Rig) => heard.flatMap(message => (message.type === 'plan' ? [message] : []));
const events = ({ log }: Rig) => log.lines.map(({ event }) => event);

/** Nobody may ever read it. */
function keepsSecret(t: Test, { log, told, agent }: Rig): void {
  t.notMatch(JSON.stringify([log.lines, told, agent.configuration()]), /hunter/);
}

t.test('greets, reads, sends the first plan, tells the roles', async t => {
  const all = rig();
  await all.settled();
  t.match(all.heard, [
    { type: 'hello', protocol: PROTOCOL, version: '1.2.3' },
    { type: 'plan', plan: { routers: [{ name: 'web', password: 'hunter2' }] }, learned: [], confirmWithin: null },
  ]);
  t.strictSame(all.told, ['web/ipv4 active']);
  t.strictSame(all.agent.configuration(), { loadedAt: NOW, lastReload: null });
  keepsSecret(t, all);
});

t.test('a configuration that does not check: shown, and refused with its exit status', async t => {
  const all = rig(null, BAD);
  await all.settled();
  t.strictSame(all.shown, [BAD.report]);
  t.match(all.heard.at(-1), { type: 'refuse', exit: 78 });
  t.strictSame(all.agent.configuration(), { loadedAt: null, lastReload: null });
});

t.test('an agent that was started again reads no file, and knows what runs', async t => {
  const all = rig(planFor(WEB), BAD);
  await all.settled();
  t.strictSame([all.files.loads, plans(all).length], [0, 0]);
  t.strictSame(all.told, ['web/ipv4 active']);
  all.files.reading = good(WEB);
  t.match(await all.agent.reload(KEEP), { outcome: 'unchanged' });
  all.files.reading = good({ ...WEB, priority: priority(150) });
  t.match(await all.agent.reload(KEEP), { outcome: 'applied', difference: { changed: [{ keys: ['priority'] }] } });
});

t.test('engine and agent of different builds: nothing is loaded', async t => {
  const all = rig();
  const other = rig();
  await all.settled();
  other.agent.received({ type: 'hello', protocol: PROTOCOL + 1, version: '9', running: null });
  await other.settled();
  t.strictSame(events(other), ['agent.protocol']);
});

t.test('what was learned goes with each plan, and what is learned is kept', async t => {
  const all = rig();
  all.files.learned = writeEntries([{ place: 'hf0/ipv4/51', checksums: ['rfc5798'] }]);
  await all.settled();
  t.strictSame(plans(all)[0]?.learned, [{ router: 'web/ipv4', checksums: ['rfc5798'] }]);
  all.files.reading = good(WEB, MAIL);
  await all.agent.reload(KEEP);
  all.engine.say({ type: 'learned', learned: { router: 'mail/ipv4', checksums: ['rfc9568', 'rfc5798'] } });
  await all.settled();
  t.match(JSON.parse(all.files.learned), {
    learned: [{ place: 'hf0/ipv4/51' }, { place: 'hf0/ipv4/52', checksums: ['rfc9568', 'rfc5798'] }],
  });
  t.strictSame(plans(all)[1]?.learned, [{ router: 'web/ipv4', checksums: ['rfc5798'] }]);
});

t.test('what was learned follows a router to its new name; what is learned meanwhile is still said in the old one', async t => {
  const all = rig();
  await all.settled();
  all.engine.say({ type: 'learned', learned: { router: 'web/ipv4', checksums: ['rfc5798'] } });
  all.files.reading = good({ ...WEB, name: 'site' });
  const { say } = all.engine;
  all.engine.say = message => {
    if (message.type === 'applied') say({ type: 'learned', learned: { router: 'web/ipv4', checksums: ['rfc5798', 'rfc9568'] } });
    say(message);
  };
  t.match(await all.agent.reload(KEEP), { outcome: 'applied' });
  t.strictSame(plans(all)[1]?.learned, [{ router: 'site/ipv4', checksums: ['rfc5798'] }]);
  t.match(JSON.parse(all.files.learned ?? ''), { learned: [{ place: 'hf0/ipv4/51', checksums: ['rfc5798', 'rfc9568'] }] });
});

t.test('reload: applied', async t => {
  const all = rig();
  await all.settled();
  all.files.wall = NOW + 60_000;
  all.files.reading = { plan: planFor({ ...WEB, priority: priority(150), password: 'hunter3' }, MAIL), report: 'warning[x]: ...\n' };
  const result = await all.agent.reload(KEEP);
  t.match(result, { outcome: 'applied', refused: [], confirmWithin: null, report: 'warning[x]: ...\n' });
  t.match(all.log.of('agent.reloaded'), [
    {
      level: 'info',
      fields: { added: 1, removed: 0, changed: 1 },
      message: /^reloaded: \+ mail\/ipv4 VRID 52 .*; ~ web\/ipv4 priority 100 -> 150, password changed$/,
    },
  ]);
  t.strictSame(all.agent.configuration(), {
    loadedAt: NOW + 60_000,
    lastReload: { at: NOW + 60_000, outcome: 'applied', problem: null },
  });
  t.strictSame(all.shown, ['', 'warning[x]: ...\n']);
  await all.settled();
  t.equal(all.told.at(-1), 'web/ipv4 active, mail/ipv4 active');
  keepsSecret(t, all);
});

t.test('reload: unchanged is a logged no-op', async t => {
  const all = rig();
  await all.settled();
  all.files.wall = NOW + 60_000;
  t.match(await all.agent.reload(KEEP), { outcome: 'unchanged' });
  t.strictSame([plans(all).length, events(all)], [1, ['agent.reload-unchanged']]);
  t.match(all.agent.configuration(), { loadedAt: NOW, lastReload: { outcome: 'unchanged', problem: null } });
});

t.test('reload: a file that does not check changes nothing and is told everywhere, until the next good one', async t => {
  const all = rig();
  await all.settled();
  all.files.wall = NOW + 3_600_000;
  all.files.reading = BAD;
  t.match(await all.agent.reload(KEEP), { outcome: 'invalid', report: BAD.report, problem: { errors: 2 } });
  t.equal(plans(all).length, 1);
  t.strictSame(all.shown, ['', BAD.report]);
  t.match(all.log.of('agent.reload-failed'), [
    { level: 'error', fields: { errors: 2 }, message: 'not reloaded, nothing was changed: holdfast.toml:3:5 what is this (and 1 more)' },
  ]);
  const failed = 'reload failed: holdfast.toml:3:5 what is this (and 1 more); still running the configuration of 12:00:00; web/ipv4 active';
  t.equal(all.told.at(-1), failed);
  t.match(all.agent.configuration(), {
    loadedAt: NOW,
    lastReload: { outcome: 'invalid', problem: 'holdfast.toml:3:5 what is this (and 1 more)' },
  });
  all.engine.say(transition('backup', { from: 'active', reason: 'higher-priority' }));
  await all.settled();
  t.equal(all.told.at(-1), failed.replace('active', 'backup'), 'also after a change of role');
  all.files.reading = good(WEB);
  await all.agent.reload(KEEP);
  t.equal(all.told.at(-1), 'web/ipv4 backup');
});

t.test('a dry run says all of it and does none of it', async t => {
  const all = rig();
  await all.settled();
  all.files.reading = good({ ...WEB, vrid: vrid(61) });
  t.match(await all.agent.reload(DRY), { outcome: 'planned', difference: { changed: [{ keys: ['vrid'], restarts: true }] } });
  all.files.reading = BAD;
  t.match(await all.agent.reload(DRY), { outcome: 'invalid', report: BAD.report });
  all.files.reading = good(WEB);
  t.match(await all.agent.reload(DRY), { outcome: 'unchanged' });
  t.strictSame([all.heard.length, events(all), all.shown, all.agent.configuration().lastReload], [2, [], [''], null]);
});

t.test('a router that the engine refuses', async t => {
  const all = rig();
  await all.settled();
  all.engine.refuses = [{ router: 'mail', reason: 'already-running' }];
  all.files.reading = good(WEB, MAIL);
  t.match(await all.agent.reload(KEEP), { outcome: 'applied', refused: [{ router: 'mail' }] });
  t.match(all.agent.configuration().lastReload, { outcome: 'applied', problem: /^mail was not started/ });
  t.match(all.told.at(-1), /^reload: mail was not started: .*; web\/ipv4 active/);
});

t.test('on probation: neither a reload nor SIGHUP is taken, confirmed it stays', async t => {
  const all = rig();
  await all.settled();
  all.files.reading = good({ ...WEB, priority: priority(150) });
  t.match(await all.agent.reload({ dryRun: false, confirmWithin: seconds(60) }), { outcome: 'applied', confirmWithin: seconds(60) });
  t.equal(plans(all).at(-1)?.confirmWithin, seconds(60));
  t.match(all.log.of('agent.reloaded')[0]?.message, /; goes back at 12:01:00 unless confirmed: holdfast confirm$/);
  all.files.reading = good({ ...WEB, priority: priority(200) });
  t.strictSame(await all.agent.reload(KEEP), { outcome: 'busy', left: seconds(60) });
  t.strictSame(await all.agent.reload(DRY), { outcome: 'busy', left: seconds(60) });
  all.engine.say({ type: 'reload' });
  await all.settled();
  t.match(all.heard.at(-1), { type: 'keep' });
  t.equal(all.files.loads, 2, 'the files are not even read');
  t.strictSame(all.agent.configuration().lastReload, {
    at: NOW,
    outcome: 'busy',
    problem: 'the files were not read, as the reload before was not confirmed yet',
  });
  t.equal(all.told.at(-1), 'reload: the files were not read, as the reload before was not confirmed yet; web/ipv4 active');
  t.match(all.log.of('agent.reload-busy'), [{ level: 'warn', message: /until 12:01:00 for its confirmation; holdfast confirm$/ }, {}]);
  t.equal(await all.agent.confirm(), 'confirmed');
  t.strictSame(events(all).at(-1), 'agent.confirmed');
  t.equal(await all.agent.confirm(), 'nothing-to-confirm');
  t.match(await all.agent.reload(KEEP), { outcome: 'applied' });
});

t.test('not confirmed: the configuration before runs again, and that is what is compared next', async t => {
  const all = rig();
  await all.settled();
  all.files.wall = NOW + 60_000;
  all.files.reading = good({ ...WEB, priority: priority(150) }, MAIL);
  await all.agent.reload({ dryRun: false, confirmWithin: seconds(60) });
  all.files.wall = NOW + 120_000;
  all.engine.expire();
  await all.settled();
  t.match(all.log.of('agent.reverted'), [{ message: 'taken back: - mail/ipv4 VRID 52 on hf0; ~ web/ipv4 priority 150 -> 100' }]);
  t.match(all.agent.configuration(), {
    loadedAt: NOW,
    lastReload: { at: NOW + 120_000, outcome: 'reverted', problem: /nobody confirmed in time/ },
  });
  t.equal(all.told.at(-1), 'reload went back: nobody confirmed; running the configuration of 12:00:00 again; web/ipv4 active');
  t.equal(await all.agent.confirm(), 'nothing-to-confirm');
  t.match(await all.agent.reload(DRY), {
    outcome: 'planned',
    difference: { added: [{ name: 'mail' }], changed: [{ keys: ['priority'] }] },
  });
  all.files.reading = good(WEB);
  t.match(await all.agent.reload(KEEP), { outcome: 'unchanged' });
});

t.test('a confirmation that comes too late by a hair', async t => {
  const all = rig();
  await all.settled();
  all.files.reading = good(WEB, MAIL);
  await all.agent.reload({ dryRun: false, confirmWithin: seconds(60) });
  await all.settled();
  const confirming = all.agent.confirm();
  // The engine has said that it waits; then it goes back, and hears the confirmation after that.
  const { say } = all.engine;
  all.engine.say = message => {
    say(message);
    if (message.type === 'status' && all.engine.confirmBy !== null) all.engine.expire();
  };
  t.equal(await confirming, 'nothing-to-confirm');
});

t.test('one after the other', async t => {
  const all = rig();
  await all.settled();
  let release = (): void => {};
  all.files.hold = new Promise(resolve => {
    release = resolve;
  });
  all.files.reading = good({ ...WEB, priority: priority(101) });
  const first = all.agent.reload(KEEP);
  await all.settled();
  all.files.reading = good({ ...WEB, priority: priority(102) });
  const second = all.agent.reload(KEEP);
  const confirming = all.agent.confirm();
  await all.settled();
  t.equal(all.files.loads, 2, 'the second has not begun');
  release();
  t.match([await first, await second, await confirming], [{ outcome: 'applied' }, { outcome: 'applied' }, 'nothing-to-confirm']);
  t.strictSame(
    plans(all).map(({ plan }) => plan.routers[0]?.priority),
    [100, 101, 102],
  );
});

t.test('a burst of SIGHUP: the last one counts, and each finds an answer behind it', async t => {
  const all = rig();
  await all.settled();
  all.files.reading = good({ ...WEB, priority: priority(101) });
  for (let i = 0; i < 50; i++) all.engine.say({ type: 'reload' });
  await all.settled();
  await all.agent.confirm();
  t.ok(all.files.loads <= 3, `read ${all.files.loads} times`);
  t.equal(all.engine.plan?.routers[0]?.priority, 101);
  all.files.reading = BAD;
  all.engine.say({ type: 'reload' });
  await all.settled();
  t.match(all.heard.at(-1), { type: 'keep' });
  t.equal(events(all).at(-1), 'agent.reload-failed');
});

t.test('a reload that is asked for before the first plan waits for it', async t => {
  const all = rig();
  let release = (): void => {};
  all.files.hold = new Promise(resolve => {
    release = resolve;
  });
  const asked = all.agent.reload(KEEP);
  await all.settled();
  t.equal(all.files.loads, 1);
  release();
  t.match(await asked, { outcome: 'unchanged' });
});

t.test('an engine that does not answer', async t => {
  const all = rig();
  await all.settled();
  all.engine.deaf = true;
  const [reload, confirm, status] = await Promise.all([all.agent.reload(KEEP), all.agent.confirm(), all.agent.status()]);
  t.strictSame([reload, confirm, status], [{ outcome: 'silent' }, 'silent', null]);
  t.match(all.agent.configuration().lastReload, { outcome: 'silent', problem: /engine does not answer/ });
  all.engine.deaf = false;
  t.match(await all.agent.reload(KEEP), { outcome: 'unchanged' }, 'and goes on');
});

/** A reload to two routers that the engine does without a word. @returns what it would have said */
async function applyInSilence(all: Rig): Promise<readonly ToAgent[]> {
  await all.settled();
  const { say } = all.engine;
  const unsaid: ToAgent[] = [];
  all.engine.say = message => (message.type === 'applied' ? void unsaid.push(message) : say(message));
  all.files.reading = good(WEB, MAIL);
  const result = await all.agent.reload(KEEP);
  all.engine.say = say;
  if (result.outcome !== 'silent') throw new Error(`${result.outcome} without an answer`);
  return unsaid;
}

t.test('an engine that does not say what it does', { timeout: 30_000 }, async t => {
  const [late, after, lost] = [rig(), rig(), rig()];
  // The patience of the agent is 10 s, and all three wait for its end.
  const unsaid = await Promise.all([late, after, lost].map(applyInSilence));
  const sayAll = async (all: Rig, messages: readonly ToAgent[] = []) => {
    for (const message of messages) all.engine.say(message);
    await all.settled();
  };

  await t.test('is believed when it does so late, and the last reload set right', async t => {
    t.match(late.told.at(-1), /^reload: .*engine does not answer; web/);
    late.files.wall = NOW + 60_000;
    await sayAll(late, unsaid[0]);
    t.strictSame(late.agent.configuration().lastReload, { at: NOW + 60_000, outcome: 'applied', problem: null });
    t.equal(late.told.at(-1), 'web/ipv4 active, mail/ipv4 active');
    t.equal(late.log.of('agent.reloaded').length, 1);
    t.match(await late.agent.reload(KEEP), { outcome: 'unchanged' });
    t.equal(late.engine.plan?.routers.map(routerKey).join(), 'web/ipv4,mail/ipv4');
  });

  await t.test('does not hide that the next reload failed', async t => {
    after.files.reading = BAD;
    t.match(await after.agent.reload(KEEP), { outcome: 'invalid' });
    await sayAll(after, unsaid[1]);
    t.match(after.agent.configuration().lastReload, { outcome: 'invalid' });
    t.equal(after.log.of('agent.reloaded').length, 1, 'what happened is in the log');
  });

  await t.test('has its next answer taken for what it is about, and a lost one for nothing', async t => {
    lost.files.reading = good({ ...WEB, priority: priority(102) });
    lost.engine.refuses = [{ router: 'web/ipv4', reason: 'already-running' }];
    t.match(await lost.agent.reload(KEEP), { outcome: 'applied', refused: [{ router: 'web/ipv4' }] });
    t.match(await lost.agent.reload(KEEP), { outcome: 'unchanged' }, 'what runs is the second one');
    await sayAll(lost, unsaid[2]);
    t.match(await lost.agent.reload(KEEP), { outcome: 'unchanged' }, 'also when the first answer turns up after all');
  });
});

t.test('version 2: what the other machines must have too is a warning of its own', async t => {
  const all = rig(null, good({ ...WEB, version: 2 }));
  await all.settled();
  all.files.reading = good({ ...WEB, version: 2, password: 'hunter3' });
  await all.agent.reload(KEEP);
  t.match(all.log.of('agent.reload-alone'), [{ level: 'warn', message: 'the other machines do not hear web/ipv4 until they have it too' }]);
  all.files.reading = good({ ...WEB, version: 2, password: 'hunter3', priority: priority(150) });
  await all.agent.reload(KEEP);
  t.equal(all.log.of('agent.reload-alone').length, 1);
  keepsSecret(t, all);
});

// ---- services and hooks -------------------------------------------------------------------------------------------

const TRACKED: RouterSpec = { ...WEB, tracked: true };
const DUTIES: Duties = {
  checks: [],
  watchdogs: [{ ...watchdogSpec(), probe: { type: 'tcp', host: 'nginx', port: 80 } }],
  tracks: [{ router: 'web', of: 'nginx', consequence: { do: 'demote' } }],
  hooks: [{ router: 'web', on: { change: { do: 'run', run: ['/usr/local/bin/notify'], user: null, timeout: seconds(30) } } }],
  http: null,
};
const WITH_DUTIES: Plan = { routers: [TRACKED], duties: DUTIES };

function transition(to: RouterStatus['state'], settings: Partial<Transition> = {}): ToAgent {
  const change = { from: 'backup', to, reason: 'active-down-expired', why: 'serving', priority: 150, active: null } as const;
  return { type: 'transition', transition: { router: 'web/ipv4', ...change, stopping: false, at: seconds(999), ...settings } };
}

t.test('the first plan carries the health that is known, and what is seen later follows', async t => {
  const all = rig(null, { plan: WITH_DUTIES, report: '' });
  await all.settled();
  t.match(plans(all)[0]?.health, [{ router: 'web/ipv4', standing: 'demoted', why: 'nginx: not looked at yet' }]);
  await all.timers.advance(millis(20));
  await all.settled();
  t.match(all.heard.at(-1), { type: 'health', health: [{ router: 'web/ipv4', standing: 'well', adjustment: 0, why: null }] });
  t.match(all.agent.services(), { watchdogs: [{ name: 'nginx', phase: 'up', routers: ['web'] }], hooks: [] });
});

t.test('hooks hear of a change that comes before the engine has answered the plan', async t => {
  const all = rig(null, { plan: WITH_DUTIES, report: '' });
  await all.settled();
  all.agent.received(transition('active'));
  await all.settled();
  t.strictSame(all.calls, ['web/ipv4 active']);
  t.match(all.heard.at(-1), { type: 'told', router: 'web/ipv4', event: 'active' });
  t.match(all.agent.services().hooks, [{ router: 'web/ipv4', on: 'change', event: 'active', ok: true, seen: 'exit 0' }]);
});

t.test('a change of a router that nobody knows is no news', async t => {
  const all = rig(null, { plan: WITH_DUTIES, report: '' });
  await all.settled();
  all.agent.received(transition('active', { router: 'ghost/ipv4' }));
  await all.settled();
  t.strictSame(all.calls, []);
});

t.test('an agent that was started again goes on with the services, and tells what its forerunner did not', async t => {
  const health = [{ router: 'web/ipv4', standing: 'well', adjustment: 0, why: null }] as const;
  const all = rig(WITH_DUTIES, BAD, { health, told: { 'web/ipv4': 'backup' } });
  await all.settled();
  t.strictSame(all.calls, ['web/ipv4 active']);
  all.world.service('nginx').state = 'stopped';
  await all.timers.advance(millis(20));
  await all.settled();
  t.equal(all.world.service('nginx').starts, 0);
  const again = rig(WITH_DUTIES, BAD, { health, told: { 'web/ipv4': 'active' } });
  await again.settled();
  t.strictSame(again.calls, [], 'and nothing twice');
});

t.test('a reload of duties alone is a change, and a router that serves does not notice', async t => {
  const all = rig(null, { plan: WITH_DUTIES, report: '' });
  await all.settled();
  await all.timers.advance(millis(20));
  all.files.reading = { plan: { ...WITH_DUTIES, duties: { ...DUTIES, watchdogs: [], tracks: [] } }, report: '' };
  t.match(await all.agent.reload(DRY), { outcome: 'planned' });
  t.match(await all.agent.reload(KEEP), { outcome: 'applied' });
  t.strictSame(all.agent.services().watchdogs, []);
});

t.test('a configuration that goes back takes its duties along', async t => {
  const all = rig(null, { plan: WITH_DUTIES, report: '' });
  await all.settled();
  all.files.reading = good(WEB);
  t.match(await all.agent.reload({ dryRun: false, confirmWithin: seconds(60) }), { outcome: 'applied' });
  t.strictSame(all.agent.services().watchdogs, []);
  all.engine.expire();
  await all.settled();
  t.match(all.agent.services().watchdogs, [{ name: 'nginx' }]);
});

t.test('a stop: the last hooks are called before the engine hears that all is said', async t => {
  const all = rig(null, { plan: WITH_DUTIES, report: '' });
  await all.settled();
  all.agent.received(transition('active'));
  all.agent.received(transition('leaving', { reason: 'shutdown', stopping: true }));
  all.agent.received(transition('initialize', { reason: 'handed-over', stopping: true }));
  all.agent.received({ type: 'finish' });
  await all.settled();
  t.strictSame(all.calls, ['web/ipv4 active', 'web/ipv4 stop']);
  t.match(all.heard.at(-1), { type: 'finished' });
});

t.test('orders are for routers that there are', async t => {
  const { agent, settled, heard, log } = rig();
  await settled();
  const drain = { move: 'drain', force: false, until: null, keep: false } as const;
  t.strictSame(agent.order(['db'], drain), { outcome: 'unknown-router', router: 'db', routers: ['web'] });
  t.strictSame(agent.order([], drain), { outcome: 'done', routers: ['web'] }, 'all of them');
  t.match(log.lines.at(-1), { event: 'operator.drain', message: /^web: drained since / });
  await settled();
  t.match(heard.at(-1), { type: 'health', health: [{ router: 'web/ipv4', standing: 'demoted' }] });
  t.strictSame(agent.announce(['web', 'web']), { outcome: 'done', routers: ['web'] });
  await settled();
  t.match(heard.at(-1), { type: 'announce', routers: ['web'] });
  t.strictSame(agent.order(['web'], null), { outcome: 'done', routers: ['web'] });
  t.strictSame(agent.order(['web'], null), { outcome: 'done', routers: [] }, 'nothing was ordered any more');
});

t.test('the page hears what is wanted and who moved, and of a reload that changes nothing too: its token may be another', async t => {
  const http = { listen: { address: ip('127.0.0.1'), port: 9112 }, token: null };
  const plan = { ...planFor(WEB), duties: { ...DUTIES, http } };
  const all = rig(null, { plan, report: '' });
  await all.settled();
  all.agent.received(transition('backup'));
  t.match(await all.agent.reload(KEEP), { outcome: 'unchanged' });
  t.match(await all.agent.reload(DRY), { outcome: 'unchanged' });
  all.files.reading = good(WEB);
  t.match(await all.agent.reload(KEEP), { outcome: 'applied' });
  t.strictSame(all.page, ['port 9112', 'web/ipv4 backup', 'port 9112', 'none']);
});
