// Drill: hundreds of addresses in one virtual router move together, whether its node leaves or dies; and how many fit into one.
// Each address is probed and asked for every 50 ms: what moves late or twice is seen, to that accuracy.
// Must not know how they are put or announced.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { now, sleep, until } from '../lab/clock.ts';
import { statusOf } from '../lab/control.ts';
import { drill, HANDOVER_MS, type Lab, marginMs } from '../lab/drill.ts';
import { ip, run } from '../lab/exec.ts';
import { blackhole, bringBack } from '../lab/faults.ts';
import { configuration, EXECUTABLE, type Holdfast, missing as notBuilt, startHoldfast } from '../lab/holdfast.ts';
import { downMs } from '../lab/protocol.ts';
import { type Family, linkLocal, type RouterSettings, web } from '../lab/router.ts';
import { exactlyOneHolder, outageAtMost, overlapAtMost, type Verdict } from '../lab/verdict.ts';

const INTERVAL = 100;
const MARGIN = marginMs(INTERVAL);
const PROBE = 50;

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
// 200 of a network: its first and last address are nobody's.
const ipv4 = (count: number) => numbers(count).map(i => `10.79.${Math.floor((i - 1) / 200)}.${((i - 1) % 200) + 1}`);
const ipv6 = (count: number) => numbers(count).map(i => `2001:db8:77::1:${i.toString(16)}`);

const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? null : 'keepalived announces late on purpose';

interface Crowd {
  readonly family: Family;
  /** As in the file. */
  readonly listed: readonly string[];
  /** As on the interface. */
  readonly held: readonly string[];
  /** A further address of the client, where they have a network of their own. */
  readonly client?: string;
}

/** The verdicts of all addresses as one test point. */
function judgeAll(t: Test, told: string, addresses: readonly string[], verdict: (address: string) => Verdict): void {
  const verdicts = addresses.map(verdict);
  const bad = verdicts.filter(({ ok }) => !ok);
  const text = bad[0]?.text ?? `all ${verdicts.length}, such as: ${verdicts.at(-1)?.text}`;
  t.ok(verdicts.length > 0 && bad.length === 0, `${told}: ${bad.length > 0 ? `${bad.length} are wrong: ` : ''}${text}`, {
    seen: bad[0]?.seen,
  });
}

/** Waits until each address has answered from this node alone for three probes, then judges a window. */
async function aloneOn(t: Test, lab: Lab, { listed }: Crowd, node: string, told: string): Promise<void> {
  for (const address of listed) await lab.observer.answersFrom(node, address, 15_000, 3 * PROBE);
  const from = now();
  await sleep(10 * PROBE);
  const window = await lab.window(from);
  judgeAll(t, told, listed, address => exactlyOneHolder(window, address, node));
}

/** Every address was announced by the node: gratuitous ARP, or an unsolicited advertisement with the override flag. */
async function announced(t: Test, lab: Lab, { family, held }: Crowd, node: string, from: number, told: string): Promise<void> {
  const { arps, neighbours, adverts } = (await lab.window(from)).seen;
  const first = new Map<string, number>();
  const seen = (address: string, at: number) => first.set(address, first.get(address) ?? at);
  for (const arp of arps) if (arp.node === node && arp.sender === arp.target) seen(arp.sender, arp.at);
  for (const { at, node: by, type, flags, target } of neighbours) if (by === node && type === 136 && (flags & 1) === 1) seen(target, at);
  const lacking = held.filter(address => !first.has(address));
  t.strictSame(lacking, [], `${told}: each of the ${held.length} was announced`);
  const last = Math.max(...first.values());
  const advert = adverts.find(each => each.node === node && each.priority > 0);
  t.equal(advert?.count, held.length, `${told}: and all are advertised`);
  const spread = (last - Math.min(...first.values())) / 1000;
  t.comment(`${told}: ${family}: the last was announced ${spread.toFixed(1)} ms after the first`);
}

async function story(t: Test, lab: Lab, crowd: Crowd): Promise<void> {
  if (crowd.client !== undefined) await ip(lab.network.client.namespace, [`address add ${crowd.client} dev hf0`]);
  const settings = (priority: number): RouterSettings => ({ ...web(priority), addresses: crowd.listed });
  const launch = (name: string, priority: number): Holdfast => {
    const daemon = startHoldfast(lab.network, lab.node(name), [settings(priority)]);
    lab.watch(daemon);
    return daemon;
  };
  const a = launch('a', 200);
  await a.says(/router=web .*to=active/, 15_000);
  const b = launch('b', 100);
  await b.says(/router=web .*to=backup/, 15_000);
  await aloneOn(t, lab, crowd, 'a', 'election');
  const [router] = (await statusOf(a.socket)).routers;
  t.strictSame(router?.addresses.filter(({ held }) => held).length, crowd.held.length, 'status lists all as held');

  const stopped = a.signal('SIGTERM');
  t.equal((await a.ended(5000)).code, 0, 'leaves with exit code 0');
  const left = await run('ip', ['-n', lab.node('a').namespace, '-o', 'address', 'show', 'dev', 'hf0']);
  t.strictSame(
    crowd.held.filter(address => left.includes(` ${address}/`)),
    [],
    'a clean stop leaves none behind',
  );
  await aloneOn(t, lab, crowd, 'b', 'a clean stop');
  await announced(t, lab, crowd, 'b', stopped, 'a clean stop');
  const stop = await lab.window(stopped);
  // Two probes in a row may be the machine's own pause; the third is not.
  judgeAll(t, 'a clean stop', crowd.listed, address => outageAtMost(stop, address, PROBE + HANDOVER_MS));
  judgeAll(t, 'a clean stop', crowd.listed, address => overlapAtMost(stop, address, 2 * PROBE));

  const started = now();
  const again = launch('a', 200);
  await again.says(/router=web .*to=active/, 15_000);
  await aloneOn(t, lab, crowd, 'a', 'the return');
  await announced(t, lab, crowd, 'a', started, 'the return');
  const back = await lab.window(started);
  judgeAll(t, 'the return', crowd.listed, address => outageAtMost(back, address, PROBE + HANDOVER_MS));
  judgeAll(t, 'the return', crowd.listed, address => overlapAtMost(back, address, 2 * PROBE));

  const died = now();
  await blackhole(lab.network, lab.node('a'));
  await aloneOn(t, lab, crowd, 'b', 'a dead node');
  await announced(t, lab, crowd, 'b', died, 'a dead node');
  const dead = await lab.window(died);
  judgeAll(t, 'a dead node', crowd.listed, address => outageAtMost(dead, address, downMs(INTERVAL, 100) + MARGIN + PROBE));
  const healed = now();
  await bringBack(lab.network, lab.node('a'));
  await aloneOn(t, lab, crowd, 'a', 'its return');
  const heal = await lab.window(healed);
  judgeAll(t, 'its return', crowd.listed, address => overlapAtMost(heal, address, INTERVAL + MARGIN + PROBE));
  await until('b to have none', 3000, async () => {
    const text = await run('ip', ['-n', lab.node('b').namespace, '-o', 'address', 'show', 'dev', 'hf0']);
    return crowd.held.every(address => !text.includes(` ${address}/`));
  });
}

const FOUR = ipv4(200);
const SIX = ipv6(89);
const slow = { probeMs: PROBE, askMs: PROBE, limitMs: 60_000, missing };

await drill('200 IPv4 addresses', { ...slow, addresses: FOUR }, (t, lab) =>
  story(t, lab, { family: 'ipv4', listed: FOUR, held: FOUR, client: '10.79.0.254/24' }),
);

await drill('89 IPv6 addresses and the link-local one', { ...slow, addresses: SIX }, (t, lab) =>
  story(t, lab, { family: 'ipv6', listed: SIX, held: [linkLocal(51), ...SIX] }),
);

const why = notBuilt();
if (why !== null) process.stderr.write(`SKIPPED how many fit: ${why}\n`);
await t.test('how many fit', why === null ? {} : { skip: why }, async t => {
  const folder = t.testdir();
  const check = (name: string, addresses: readonly string[]) =>
    new Promise<{ readonly code: unknown; readonly text: string }>(resolve => {
      const file = join(folder, `${name}.toml`);
      writeFileSync(file, configuration([{ ...web(100), addresses }]));
      execFile(EXECUTABLE, ['check', file], (error, out, err) => resolve({ code: error?.code ?? 0, text: out + err }));
    });
  const fits = async (name: string, addresses: readonly string[]) => {
    const { code, text } = await check(name, addresses);
    t.equal(code, 0, `${name}: ${addresses.length} fit`, { text });
  };
  const tooMany = async (name: string, addresses: readonly string[], most: number) => {
    const { code, text } = await check(name, addresses);
    t.equal(code, 78, `${name}: ${addresses.length} do not`);
    t.match(text, new RegExp(`too-many-addresses[\\s\\S]*\\bat most ${most} do\\b`), `and it says that ${most} do`);
  };
  await fits('ipv4', ipv4(255));
  await tooMany('ipv4', ipv4(256), 255);
  await fits('ipv6', ipv6(89));
  await tooMany('ipv6', ipv6(90), 89);
  await fits('ipv6-with-link-local', [linkLocal(51), ...ipv6(89)]);
  await tooMany('ipv6-with-link-local', [linkLocal(51), ...ipv6(90)], 90);
  await fits('both', [...ipv4(255), ...ipv6(89)]);
});
