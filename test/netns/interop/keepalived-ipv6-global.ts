// Drill: a keepalived with a global IPv6 address and no link-local one, as most of its files are, beside a holdfast that was
// given the same; and lists that really differ, where nothing helps but to say so. keepalived ignores whoever has another list.
// Must not know how holdfast finds out: decision 0025 is judged by who holds the address.
import { now, sleep, until } from '../lab/clock.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import { downMs } from '../lab/protocol.ts';
import { type RouterSettings, VIP, VIP6, web } from '../lab/router.ts';
import { type Kind, kindMissing, type Speaker, startSpeaker } from '../lab/speaker.ts';
import { claims } from '../lab/timeline.ts';
import { exactlyOneHolder } from '../lab/verdict.ts';

const INTERVAL = 100;
const WINDOW = 500;
const MAIL = '2001:db8:77::201';
const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? kindMissing('keepalived') : 'it is about holdfast';

/** `web` belongs to holdfast on a, `mail` to keepalived on b: each event is seen from both roles. */
function routers(node: 'a' | 'b'): readonly RouterSettings[] {
  const [high, low] = node === 'a' ? [200, 100] : [100, 200];
  return [
    { ...web(high), addresses: [VIP6] },
    { ...web(low), name: 'mail', vrid: 52, addresses: [MAIL] },
  ];
}

async function launch(lab: Lab, node: 'a' | 'b', list = routers(node)): Promise<Speaker> {
  return launchAs(lab, node === 'a' ? 'holdfast' : 'keepalived', node, list);
}

async function launchAs(lab: Lab, kind: Kind, node: string, list: readonly RouterSettings[]): Promise<Speaker> {
  const speaker = await startSpeaker(kind, lab.network, lab.node(node), list);
  lab.watch(speaker.daemon);
  return speaker;
}

/** Each address gets to its node within the bound of a convergence, and is its alone from then on. */
async function settled(lab: Lab, told: string, web: string, mail: string): Promise<void> {
  await lab.observer.servesAlone(web, VIP6, 12_000);
  await lab.observer.servesAlone(mail, MAIL, 12_000);
  const from = now();
  await sleep(WINDOW);
  const window = await lab.window(from);
  lab.judge(exactlyOneHolder(window, VIP6, web), told);
  lab.judge(exactlyOneHolder(window, MAIL, mail), told);
}

/** So long may keepalived take to claim what it did not hear of. */
const CLAIMED = downMs(INTERVAL, 100) + 2 * marginMs(INTERVAL);

await drill('keepalived with a global IPv6 address only', { addresses: [VIP6, MAIL], limitMs: 60_000, missing }, async (t, lab) => {
  let a = await launch(lab, 'a');
  await settled(lab, 'holdfast alone', 'a', 'a');
  let b = await launch(lab, 'b');
  await sleep(CLAIMED);
  await settled(lab, 'keepalived joins', 'a', 'b');
  const from = now();
  await sleep(WINDOW);
  const { adverts } = (await lab.window(from)).seen;
  const counts = (node: string) => [...new Set(adverts.filter(advert => advert.node === node).map(({ count }) => count))];
  t.strictSame([counts('a'), counts('b')], [[1], [1]], 'both advertise one address');
  for (const name of ['web', 'mail']) {
    const said = a.daemon.lines.filter(({ text }) => /vrrp\.shorter-list/.test(text) && new RegExp(`router=${name}\\b`).test(text));
    t.equal(said.length, 1, `${name}: holdfast says once that its list is shorter now`);
  }

  await b.stop();
  await settled(lab, 'keepalived is stopped', 'a', 'a');
  b = await launch(lab, 'b');
  await sleep(CLAIMED);
  await settled(lab, 'keepalived is back', 'a', 'b');
  await b.stop();
  b = await launch(lab, 'b');
  await sleep(CLAIMED);
  await settled(lab, 'keepalived is restarted at once', 'a', 'b');

  await a.stop();
  await settled(lab, 'holdfast is stopped', 'b', 'b');
  a = await launch(lab, 'a');
  await sleep(CLAIMED);
  await settled(lab, 'holdfast is back', 'a', 'b');
  a.daemon.signal('SIGKILL');
  await a.daemon.ended(1000);
  a = await launch(lab, 'a');
  // Longer than what is left of a lease of its former life.
  await sleep(1000 + CLAIMED);
  await settled(lab, 'holdfast is killed and started again', 'a', 'b');

  await b.stop();
  await a.stop();
  await lab.observer.silence(VIP6, 5000);
});

await drill('a keepalived between two holdfasts', { addresses: [VIP6], nodes: ['a', 'b', 'c'], missing }, async (_t, lab) => {
  const put = (kind: Kind, node: string, priority: number) => launchAs(lab, kind, node, [{ ...web(priority), addresses: [VIP6] }]);
  const alone = async (told: string, node: string) => {
    await sleep(CLAIMED);
    await lab.observer.servesAlone(node, VIP6, 12_000);
    const from = now();
    await sleep(WINDOW);
    lab.judge(exactlyOneHolder(await lab.window(from), VIP6, node), told);
  };
  // The two holdfasts agree on the long list before the other one comes.
  let a = await put('holdfast', 'a', 200);
  const c = await put('holdfast', 'c', 100);
  await alone('two holdfasts', 'a');
  let b = await put('keepalived', 'b', 150);
  await alone('keepalived joins', 'a');
  await a.stop();
  await alone('the first is stopped', 'b');
  a = await put('holdfast', 'a', 200);
  await alone('the first is back', 'a');
  await b.stop();
  await a.stop();
  await alone('only the last is left', 'c');
  b = await put('keepalived', 'b', 150);
  await alone('keepalived is back', 'b');
  await c.stop();
  await b.stop();
});

await drill('lists that differ', { missing }, async (t, lab) => {
  const a = await launch(lab, 'a', [web(200)]);
  await lab.observer.servesAlone('a', VIP, 15_000);
  const b = await launch(lab, 'b', [{ ...web(100), addresses: [VIP, '10.77.0.201'] }]);
  const line = await a.daemon.says(/vrrp\.addresses-differ/, 10_000);
  t.match(line.text, /router=web\b/, line.text);
  t.match(line.text, /10\.77\.0\.2\b/, 'it names who');
  t.match(line.text, /10\.77\.0\.201/, 'and what differs');
  t.match(line.text, /both serve/, 'and what comes of it');
  let nodes = '';
  await until(
    'both to hold the address, as the line says',
    5000,
    async () => {
      const recent = await lab.window(now() - 200_000);
      const all = claims(recent.seen, VIP).map(claim => claim.nodes.join('+'));
      nodes = [...new Set(all)].join(', ');
      return all.length >= 10 && all.filter(each => each === 'a+b').length > all.length / 2;
    },
    () => nodes,
  );
  t.pass(`held by ${nodes}`);
  await sleep(1000);
  const said = a.daemon.lines.filter(({ text }) => /vrrp\.addresses-differ/.test(text));
  t.equal(said.length, 1, 'it is said once, not with each advertisement');
  // With one list the two agree again, without a restart of holdfast.
  await b.reload([web(100)]);
  await lab.observer.servesAlone('a', VIP, 12_000);
  const from = now();
  await sleep(WINDOW);
  lab.judge(exactlyOneHolder(await lab.window(from), VIP, 'a'), 'one list again');
});
