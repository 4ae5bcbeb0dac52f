// The laboratory with other daemons only, over IPv6, unicast, version 2 and with FRR: what it measures there is known, so it
// may measure us. Must not know holdfast.
import t, { type Test } from 'tap';
import { now, sleep } from './lab/clock.ts';
import { frrMissing, ownLinkLocal, showFrr, startFrr } from './lab/frr.ts';
import { whyNot } from './lab/guard.ts';
import { startKeepalived } from './lab/keepalived.ts';
import { makeNetwork, type Network } from './lab/network.ts';
import { type Observer, startObserver } from './lab/observer.ts';
import { skewMs } from './lab/protocol.ts';
import { linkLocal, type RouterSettings, VIP, VIP6, web } from './lab/router.ts';
import { outages } from './lab/timeline.ts';
import { exactlyOneHolder } from './lab/verdict.ts';

const why = whyNot();
if (why !== null) process.stderr.write(`SKIPPED the peers: ${why}\n`);
t.setTimeout(900_000);

interface Place {
  readonly network: Network;
  readonly observer: Observer;
}

function story(name: string, missing: string | null, tell: (t: Test, place: Place) => Promise<void>): void {
  t.test(name, { ...(missing === null ? {} : { skip: missing }), timeout: 900_000 }, async t => {
    const network = await makeNetwork(['a', 'b']);
    t.teardown(() => network.delete());
    const observer = await startObserver(network, { addresses: [VIP, VIP6] });
    t.teardown(() => observer.stop());
    await tell(t, { network, observer });
  });
}

const ipv6 = (priority: number): RouterSettings => ({ ...web(priority), addresses: [linkLocal(51), VIP6] });

story('a clean stop of keepalived over IPv6 is dark for the skew', why, async (t, { network, observer }) => {
  const a = startKeepalived(network, network.node('a'), [ipv6(200)]);
  await observer.servesAlone('a', VIP6, 10_000);
  const b = startKeepalived(network, network.node('b'), [ipv6(100)]);
  await b.says(/Entering BACKUP/, 10_000);
  const from = a.signal('SIGTERM');
  await observer.servesAlone('b', VIP6, 10_000);
  // It may be silent within the millisecond, before another probe was answered.
  const before = from - 50_000;
  const seen = await observer.seen(before);
  const [outage] = outages(seen, VIP6, before, now(), 5);
  t.match(outage, { before: 'a', after: 'b' });
  const ms = outage?.ms ?? 0;
  t.ok(ms >= skewMs(100, 100), `${ms.toFixed(1)} ms are not less than the skew`);
  t.ok(ms <= skewMs(100, 100) + 20 + (outage?.controlMs ?? 0), `${ms.toFixed(1)} ms are not much more`);
  const zero = seen.adverts.find(advert => advert.priority === 0);
  t.match(zero, { node: 'a', vrid: 51, version: 3, source: /^fe80::/, destination: 'ff02::12', intervalMs: 100, count: 2 });
  const announced = seen.neighbours.filter(n => n.node === 'b' && n.type === 136 && n.target === VIP6);
  t.ok(announced.length > 0 && announced.every(n => (n.flags & 1) === 1), 'unsolicited advertisements with the override flag');
  const [left] = outages(seen, VIP, from, now(), 5);
  t.match(left, { before: null, after: null }, 'an address that nobody has is not answered');
});

story('unicast and version 2 are seen on the switch, and two passwords are two holders', why, async (t, { network, observer }) => {
  const [a, b] = [network.node('a'), network.node('b')];
  const settings = (priority: number, password: string, source: string, peer: string): RouterSettings => ({
    ...web(priority, 1000),
    version: 2,
    password,
    source,
    peers: [peer],
  });
  startKeepalived(network, a, [settings(200, 'one', a.address, b.address)]);
  await observer.servesAlone('a', VIP, 10_000);
  const from = now();
  startKeepalived(network, b, [settings(100, 'two', b.address, a.address)]);
  await observer.advert('b to advertise, deaf to another password', 10_000, from, advert => advert.node === 'b');
  await sleep(300);
  const seen = await observer.seen(from);
  const [of] = seen.adverts.filter(advert => advert.node === 'a');
  t.match(of, { version: 2, vrid: 51, priority: 200, intervalMs: 1000, source: a.address, destination: b.address, count: 1 });
  const verdict = exactlyOneHolder({ seen, from, to: now() }, VIP, 'a');
  t.notOk(verdict.ok, `two holders are seen: ${verdict.text}`);
});

story('FRR takes over from keepalived, and back', why ?? frrMissing(), async (t, { network, observer }) => {
  const both = (priority: number): RouterSettings => ({ ...web(priority), addresses: [VIP, linkLocal(51), VIP6] });
  const a = startKeepalived(network, network.node('a'), [both(200)]);
  await observer.servesAlone('a', VIP, 10_000);
  const b = await startFrr(network, network.node('b'), [both(100)]);
  await sleep(500);
  await observer.servesAlone('a', VIP, 10_000);
  await observer.servesAlone('a', VIP6, 10_000);
  t.match(await showFrr(network, network.node('b')), /Status \(v4\)\s+Backup/);
  await a.stop();
  await observer.servesAlone('b', VIP, 10_000);
  await observer.servesAlone('b', VIP6, 10_000);
  const from = now();
  startKeepalived(network, network.node('a'), [both(200)]);
  await observer.servesAlone('a', VIP, 10_000);
  await observer.servesAlone('a', VIP6, 10_000);
  const { adverts } = await observer.seen(from);
  const sources = new Set(adverts.filter(advert => advert.node === 'b').map(advert => advert.source));
  const own = [linkLocal(51), ownLinkLocal(network.node('b'), 51)];
  t.ok(sources.size === 2 && sources.has('10.77.0.2') && own.some(address => sources.has(address)), 'FRR speaks in both families', {
    sources: [...sources],
  });
  t.equal((await b.stop().then(() => b.exit()))?.code, 0, 'and ends when it is told to');
});
