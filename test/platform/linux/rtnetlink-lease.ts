// Leases of virtual IPv6 addresses: the kernel ends them, renewals prolong them and lose nothing on the way.
// Must not know the bytes in between: see rtnetlink-codec.ts.
import t from 'tap';
import type { Address } from '../../../src/vrrp/address.ts';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { ip } from '../../fixtures/virtual-router.ts';
import { sleep, until } from '../../netns/lab/clock.ts';
import { BOUND, held, type Lan, makeLan, request, routes, shown } from './fixtures/client.ts';

const VIP = ip('2001:db8::200');
/** Seconds; long against one step of a test. */
const LEASE = 4;
const PUT = 'scope global nodad deprecated dynamic noprefixroute';

/** Waits for the mirror to have nothing of an address. */
const gone = (lan: Lan, address: Address) =>
  until(
    `${address} to go`,
    BOUND,
    async () => (await held(lan, address)) === undefined,
    () => address,
  );

t.test('the kernel ends a lease, a renewal prolongs it and keeps everything', needs, async t => {
  const lan = await makeLan(t);
  const [kept, left] = [VIP, ip('2001:db8::201')];
  const routed = await routes(lan);
  for (const address of [kept, left]) t.equal(await lan.call.put(lan.link, request(`${address}/64`, LEASE)), null);
  await until('the mirror to show both', BOUND, async () => (await held(lan, kept)) && (await held(lan, left)));
  const checked = async () => (await lan.call.link('hf0'))?.addresses.every(({ tentative }) => !tentative);
  await until('the interface’s own address to be checked, which is news', BOUND, checked);
  await lan.call.same('hf0');
  const changes = await lan.call.changes();
  // Until the other one is gone, so that this machine's own pace is the measure; every step renews before a lease can end.
  let renewals = 0;
  let silent = true;
  await until(
    'the lease that nobody renews to end',
    BOUND,
    async () => {
      t.equal(await lan.call.put(lan.link, request(`${kept}/64`, LEASE)), null);
      renewals += 1;
      const told = await lan.call.changes();
      if ((await shown(lan, left)) !== '') silent &&= told === changes;
      await sleep(200);
      return (await held(lan, left)) === undefined;
    },
    () => `after ${renewals} renewals`,
  );
  t.ok(silent, 'a renewal is no news');
  t.match(await shown(lan, kept), new RegExp(PUT), `after ${renewals} renewals`);
  t.equal(await routes(lan), routed);
  t.same(await lan.ask('ping', 'ipv6', [kept, left]), [kept]);
  const started = Date.now();
  await gone(lan, kept);
  t.comment(`ended ${Date.now() - started} ms after the last renewal of ${LEASE} s`);
  t.equal(await shown(lan, kept), '');
  t.same(await lan.ask('discovery', 'ipv6', [kept, left]), []);
});

t.test('a lease becomes permanent and back when that is asked for', needs, async t => {
  const lan = await makeLan(t);
  const lasting = (validFor: number | null) => async () => (await held(lan, VIP))?.validFor === validFor;
  await lan.call.put(lan.link, request('2001:db8::200/64', 60));
  await until('the lease', BOUND, lasting(60));
  await lan.call.put(lan.link, request('2001:db8::200/64', null));
  await until('the address for good', BOUND, lasting(null));
  await lan.call.put(lan.link, request('2001:db8::200/64', 1));
  await until('the lease again', BOUND, lasting(1));
  await gone(lan, VIP);
  t.pass();
});
