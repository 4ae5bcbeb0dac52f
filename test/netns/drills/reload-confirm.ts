// Drill: a reload that goes back unless somebody confirms it, with and without the confirmation, and with a dead agent; a dry
// run; and the exit codes that scripts rely on. The client notices nothing of any of them.
// Must not know which process keeps the time.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { now, sleep, until } from '../lab/clock.ts';
import { type FullStatus, holdfast, statusOf } from '../lab/control.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import { kill } from '../lab/guard.ts';
import { configuration, type Holdfast, startHoldfast, writeHoldfast } from '../lab/holdfast.ts';
import { type RouterSettings, VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost, steadyAdverts } from '../lab/verdict.ts';

const INTERVAL = 100;
const MAIL = '10.77.0.201';
const EXTRA = '10.77.0.202';
const mail = (priority: number): RouterSettings => ({ ...web(priority), name: 'mail', vrid: 52, addresses: [MAIL] });
const extra: RouterSettings = { ...web(200), name: 'extra', vrid: 53, addresses: [EXTRA] };

const BEFORE = [web(200), mail(150)];
/** Something in place, and something that comes. */
const AFTER = [web(200), mail(180), extra];

const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? null : 'only holdfast confirms';

interface Scene {
  readonly t: Test;
  readonly lab: Lab;
  readonly a: Holdfast;
}

async function begin(t: Test, lab: Lab): Promise<Scene> {
  const a = startHoldfast(lab.network, lab.node('a'), BEFORE);
  lab.watch(a);
  await lab.observer.servesAlone('a', VIP, 15_000);
  await lab.observer.servesAlone('a', MAIL, 5000);
  const b = startHoldfast(lab.network, lab.node('b'), [web(100), mail(100)]);
  lab.watch(b);
  await b.says(/router=mail .*to=backup/, 15_000);
  return { t, lab, a };
}

const runs = (status: FullStatus) => status.routers.map(({ name, priority }) => `${name} ${priority.configured}`).sort();
const names = (routers: readonly RouterSettings[]) => routers.map(({ name, priority }) => `${name} ${priority}`).sort();

/** Nobody noticed: both addresses answered all the time, from `a`, and no advertisement was late. */
async function unnoticed({ lab }: Scene, from: number, told: string): Promise<void> {
  const window = await lab.window(from);
  for (const [address, vrid] of [[VIP, 51] as const, [MAIL, 52] as const]) {
    lab.judge(exactlyOneHolder(window, address, 'a'), told);
    lab.judge(outageAtMost(window, address, marginMs(INTERVAL)), told);
    lab.judge(steadyAdverts(window, vrid, 'a', INTERVAL, marginMs(INTERVAL)), told);
  }
}

/** Reloads on probation. @returns the instant just before */
async function onProbation({ t, lab, a }: Scene): Promise<number> {
  writeHoldfast(lab.network, lab.node('a'), AFTER);
  const from = now();
  const { code, out } = await holdfast(a.socket, 'reload', '--confirm', '3s');
  t.equal(code, 0, out.trim());
  t.match(out, /Goes back at .* unless you confirm:\n.*confirm --socket/, 'and says what to do');
  const status = await statusOf(a.socket);
  t.strictSame(runs(status), names(AFTER), 'the new configuration runs');
  t.ok(Date.parse(status.configuration.confirm_by ?? '') > Date.now(), 'status says until when');
  await lab.observer.servesAlone('a', EXTRA, 2000);
  return from;
}

async function goneBack({ t, lab, a }: Scene, from: number): Promise<void> {
  await lab.observer.silence(EXTRA, 5000);
  const seconds = (now() - from) / 1e6;
  t.ok(seconds > 3 && seconds < 6, `back after ${seconds.toFixed(1)} s`);
  const status = await until('the configuration before', 10_000, async () => {
    const seen = await statusOf(a.socket).catch(() => undefined);
    return seen !== undefined && seen.configuration.confirm_by === null && seen.routers.length === BEFORE.length && seen;
  });
  t.strictSame(runs(status), names(BEFORE), 'the configuration before runs again');
}

const ADDRESSES = [VIP, MAIL, EXTRA];

await drill('nobody confirms', { addresses: ADDRESSES, missing }, async (t, lab) => {
  const scene = await begin(t, lab);
  const from = await onProbation(scene);
  const busy = await holdfast(scene.a.socket, 'reload');
  t.equal(busy.code, 1, busy.err.trim());
  await goneBack(scene, from);
  t.match((await statusOf(scene.a.socket)).configuration.last_reload, { outcome: 'reverted', problem: /./ }, 'and status says so');
  t.match((await holdfast(scene.a.socket, 'status')).out, /nobody confirmed/, 'in words too');
  const late = await holdfast(scene.a.socket, 'confirm');
  t.equal(late.code, 1, late.err.trim());
  await unnoticed(scene, from, 'nobody confirms');
});

await drill('the agent dies before anybody confirms', { addresses: ADDRESSES, missing }, async (t, lab) => {
  const scene = await begin(t, lab);
  const from = await onProbation(scene);
  const agent = await until('an agent', 1000, () => scene.a.agent());
  kill(agent, 'SIGKILL');
  await goneBack(scene, from);
  await unnoticed(scene, from, 'the agent died');
  // The next reload takes the file that is still there.
  const again = await holdfast(scene.a.socket, 'reload');
  t.equal(again.code, 0, again.out.trim());
  t.strictSame(runs(await statusOf(scene.a.socket)), names(AFTER), 'a new agent reloads');
});

await drill('somebody confirms', { addresses: ADDRESSES, missing }, async (t, lab) => {
  const scene = await begin(t, lab);
  const { a } = scene;
  const from = await onProbation(scene);
  const confirmed = await holdfast(a.socket, 'confirm');
  t.equal(confirmed.code, 0, confirmed.out.trim());
  const { configuration: state } = await statusOf(a.socket);
  t.equal(state.confirm_by, null, 'nothing waits any more');
  await sleep(3500);
  t.strictSame(runs(await statusOf(a.socket)), names(AFTER), 'it stays');
  lab.judge(exactlyOneHolder(await lab.window(from + 2_000_000), EXTRA, 'a'), 'the new one too');
  await unnoticed(scene, from, 'somebody confirms');
});

await drill('dry runs and exit codes', { addresses: ADDRESSES, missing }, async (t, lab) => {
  const scene = await begin(t, lab);
  const { a } = scene;
  const file = join(lab.network.folder, 'a.toml');
  const from = now();
  const before = await statusOf(a.socket);

  const same = await holdfast(a.socket, 'reload');
  t.equal(same.code, 0, same.out.trim());
  t.match(same.out, /nothing to do/);

  writeHoldfast(lab.network, lab.node('a'), AFTER);
  const dry = await holdfast(a.socket, 'reload', '--dry-run');
  t.equal(dry.code, 0, dry.out.trim());
  t.match(dry.out, /would change/);
  t.match(dry.out, /~ mail\/ipv4 +priority 150 -> 180/);
  t.match(dry.out, /\+ extra\/ipv4/);
  const after = await statusOf(a.socket);
  t.strictSame(runs(after), names(BEFORE), 'a dry run changes nothing');
  t.equal(after.configuration.loaded_at, before.configuration.loaded_at);
  t.equal(after.configuration.confirm_by, null);

  writeFileSync(file, configuration(AFTER).replace('vrid = 52', 'vrid = 520'));
  for (const args of [['--dry-run'], [], ['--confirm', '3s']]) {
    const invalid = await holdfast(a.socket, 'reload', ...args);
    t.equal(invalid.code, 78, `reload ${args.join(' ')} of an invalid file`);
    t.match(invalid.err, /a\.toml:\d+:\d+/, 'says where');
    t.match(invalid.err, /nothing was changed/);
  }
  t.strictSame(runs(await statusOf(a.socket)), names(BEFORE), 'an invalid file changes nothing');

  for (const args of [['--confirm', 'soon'], ['--confirm', '1ms'], ['--confirm', '3s', '--dry-run'], ['--no-such-option']]) {
    t.equal((await holdfast(a.socket, 'reload', ...args)).code, 2, `reload ${args.join(' ')}`);
  }
  const nothing = await holdfast(a.socket, 'confirm');
  t.equal(nothing.code, 1, nothing.err.trim());
  const nowhere = `${a.socket}.none`;
  for (const verb of ['reload', 'confirm', 'status']) t.equal((await holdfast(nowhere, verb)).code, 3, `${verb} where no daemon is`);
  await unnoticed(scene, from, 'dry runs and errors');
});
