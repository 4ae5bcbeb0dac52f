// Long: the page of real daemons in a real browser. On a desk, on a phone, by night, without scripts; two Actives; and a daemon that
// dies under an open page. Screenshots go to the folder in HOLDFAST_SHOTS, for people. Must not know how the page is made.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Looked, Step } from '../netns/lab/browser.ts';
import { now, sleep } from '../netns/lab/clock.ts';
import { holdfast } from '../netns/lab/control.ts';
import { start } from '../netns/lab/daemon.ts';
import { drill, type Lab } from '../netns/lab/drill.ts';
import { drop } from '../netns/lab/faults.ts';
import { type Holdfast, startHoldfast } from '../netns/lab/holdfast.ts';
import { type RouterSettings, VIP, web } from '../netns/lab/router.ts';

const DUTIES = `[http]
[check.disk]
type = "file"
path = "/etc/hostname-that-is-not-there"
minimum = 1
on_fail = { weight = -5 }
[check.gateway]
type = "ping"
target = "10.77.0.100"`;

const router = (priority: number): RouterSettings => ({ ...web(priority), track: ['disk', 'gateway'], duties: DUTIES });
const URL = 'http://127.0.0.1:9112/';
const DESK = { url: URL, width: 1280, height: 900 };
const PHONE = { url: URL, width: 390, height: 844 };
const STATE = 'document.querySelector(".badge")?.textContent';
const PAINTED = `performance.getEntriesByName('first-contentful-paint').length > 0`;
/** Whether the text runs out of the screen. */
const FITS = 'document.documentElement.scrollWidth <= innerWidth';

async function serving(lab: Lab, name: string, priority: number): Promise<Holdfast> {
  const daemon = startHoldfast(lab.network, lab.node(name), [router(priority)]);
  lab.watch(daemon);
  await daemon.says(/page\.serving/, 15_000);
  return daemon;
}

function browse(lab: Lab, node: string, steps: readonly Step[]) {
  const program = join(import.meta.dirname, '../netns/lab/browser.ts');
  const command = ['nice', '-n', '19', process.execPath, program, lab.network.folder, JSON.stringify(steps)];
  const browser = start(lab.node(node), { name: 'browser', command, env: { PATH: process.env.PATH ?? '', HOME: lab.network.folder } });
  return {
    browser,
    async looked(name: string): Promise<Looked> {
      const { text } = await browser.says(new RegExp(`^looked {"name":"${name}"`), 40_000);
      const folder = process.env.HOLDFAST_SHOTS;
      if (folder !== undefined) copyFileSync(join(lab.network.folder, `${name}.png`), join(folder, `${name}.png`));
      return JSON.parse(text.slice('looked '.length));
    },
  };
}

await drill('a desk, a phone, the night, no scripts, and a daemon that dies', { limitMs: 180_000 }, async (t, lab) => {
  const a = await serving(lab, 'a', 200);
  await lab.observer.servesAlone('a', VIP, 15_000);
  await serving(lab, 'b', 100);
  await sleep(2000);
  const active = `${STATE} === "Active"`;
  const timing = `(() => { const [nav] = performance.getEntriesByType('navigation');
    return { state: ${STATE}, fits: ${FITS}, paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime - nav.responseEnd,
      live: ${STATE} && document.querySelector('header p').textContent, asked: performance.getEntriesByType('resource').map(each => each.name) }; })()`;
  const grey = `({ words: document.getElementById('stale').textContent, shown: !document.getElementById('stale').hidden,
    colour: getComputedStyle(document.querySelector('.badge')).backgroundColor, title: document.title })`;
  const { looked } = browse(lab, 'a', [
    { name: 'plain', ...DESK, plain: true, when: active, ask: `({ state: ${STATE} })` },
    { name: 'desk', ...DESK, when: PAINTED, ask: timing },
    ...['desk-2', 'desk-3'].map(name => ({ name, ...DESK, url: `${URL}?${name}`, when: PAINTED, ask: timing })),
    { name: 'phone', ...PHONE, when: active, ask: timing },
    { name: 'dark', ...DESK, dark: true, when: active, ask: timing },
    { name: 'dark-phone', ...PHONE, dark: true, when: active, ask: timing },
    { name: 'live', ...DESK, when: `${STATE} === "Backup"`, ask: timing },
    { name: 'dead', ...DESK, when: `document.documentElement.classList.contains('stale')`, ask: grey },
    { name: 'dead-phone', ...PHONE, dark: true, when: 'true', ask: grey },
  ]);
  const plain = await looked('plain');
  t.match(plain, { found: { state: 'Active' }, complaints: [] }, 'all is there without a script');
  const desk = await looked('desk');
  t.match(desk, { found: { state: 'Active', fits: true }, complaints: [] });
  const { asked } = desk.found as { readonly asked: readonly string[] };
  const paints = [desk, await looked('desk-2'), await looked('desk-3')].map(({ found }) => (found as { readonly paint: number }).paint);
  t.comment(`first paint behind its HTML: ${paints.map(paint => `${paint.toFixed(0)} ms`).join(', ')}`);
  // A browser that has just been started, at the lowest priority, has more to do than to paint.
  t.ok(Math.min(...paints) < 200, 'first paint within 200 ms of its HTML');
  t.strictSame(
    asked.filter(url => url !== `${URL}events`),
    [],
    'nothing else is asked for',
  );
  for (const name of ['phone', 'dark', 'dark-phone'])
    t.match(await looked(name), { found: { state: 'Active', fits: true }, complaints: [] }, name);
  t.equal((await holdfast(a.socket, 'drain')).code, 0);
  t.match(await looked('live'), { found: { state: 'Backup' }, complaints: [] }, 'the open page follows');
  await holdfast(a.socket, 'resume');
  await lab.observer.servesAlone('a', VIP, 15_000);
  await sleep(1500);
  const died = now();
  const agent = a.agent();
  a.signal('SIGKILL');
  if (agent !== undefined) process.kill(agent, 'SIGKILL');
  const dead = await looked('dead');
  t.ok((now() - died) / 1000 < 7000, `grey after ${((now() - died) / 1000).toFixed(0)} ms`);
  t.match(dead.found, {
    words: /^No word from this machine since \d\d:\d\d:\d\d, \d+ s:/,
    shown: true,
    colour: 'rgb(139, 148, 156)',
    title: /^no word: /,
  });
  await looked('dead-phone');
});

await drill('two Actives, and a frozen engine', { limitMs: 180_000 }, async (t, lab) => {
  const a = await serving(lab, 'a', 200);
  await serving(lab, 'b', 100);
  await lab.observer.servesAlone('a', VIP, 15_000);
  const { looked } = browse(lab, 'a', [
    {
      name: 'two',
      ...DESK,
      when: `/claims to be Active too/.test(document.body.textContent)`,
      ask: `document.querySelector('section .notice').textContent`,
    },
    {
      name: 'frozen',
      ...DESK,
      when: `/has not answered/.test(document.body.textContent)`,
      ask: `({ state: ${STATE}, title: document.title })`,
    },
  ]);
  await sleep(3000);
  await drop(lab.network, lab.node('b'), 'to', 'vrrp');
  t.match((await looked('two')).found, /10\.77\.0\.2 claims to be Active too/);
  a.signal('SIGSTOP');
  t.match((await looked('frozen')).found, { state: 'unknown', title: /: unknown$/ });
  a.signal('SIGCONT');
});
