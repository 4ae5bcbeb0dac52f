// What comes back when peers do not take what is sent to them, and that it is over: mostly waiting for the kernel to give up a
// neighbour, so it has a file of its own beside advert-sender-unicast.ts. Must not know what advertisements mean.
import t, { type Test } from 'tap';
import type { Family } from '../../../src/vrrp/address.ts';
import { needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { now, until } from '../../netns/lab/clock.ts';
import type { Told } from './fixtures/advert-worker.ts';
import { advert, another, BOUND, begin, FAR, NEAR } from './fixtures/cable.ts';

const FAMILIES = ['ipv4', 'ipv6'] as const;
/** Nobody has these. */
const NOBODY = { ipv4: ['192.0.2.99'], ipv6: ['fe80::99', '2001:db8::99'] } as const;
/** What a host says where nothing listens for VRRP. */
const NO_PROTOCOL = { ipv4: 'ENOPROTOOPT', ipv6: 'EPROTO' } as const;

const message = advert(51);

async function story(t: Test, family: Family): Promise<void> {
  const { far, link, listen } = await begin(t, family);
  await listen(51);
  const [source] = NEAR[family];
  const speakers = [source, ...(family === 'ipv6' ? ['2001:db8::10'] : [])];
  const nobody = NOBODY[family].map((destination, i) => ({ message, source: speakers[i] ?? source, destination }));
  const deaf = { message, source, destination: FAR[family] };
  /** Sends to all ten times a second, until what was told is enough. What waits for one neighbour comes back as one ICMP error
   *  each, and of more than 50 at once the kernel keeps some back: net.ipv4.icmp_msgs_burst, icmp(7). */
  let sent = 0;
  let last: readonly Told[] = [];
  const sendUntil = (what: string, enough: (told: readonly Told[]) => boolean) =>
    until(
      what,
      BOUND,
      async () => {
        if (now() - sent >= 100_000) {
          sent = now();
          await link.send([deaf, ...nobody]);
        }
        last = await link.told();
        return enough(last) && last;
      },
      () => JSON.stringify(last),
    );
  const about = (told: readonly Told[], destination: string) =>
    told.filter(each => each.destination === destination).map(({ error }) => error);

  let told = await sendUntil('all to fail', all => all.length >= 1 + nobody.length);
  const failure = (code: string) => ({ kind: 'system-error', op: 'deliver advertisement', code, target: 'hf0' });
  t.same(about(told, FAR[family]), [failure(NO_PROTOCOL[family])], 'nothing listens there');
  for (const { destination } of nobody) t.same(about(told, destination), [failure('EHOSTUNREACH')], 'nobody is there');

  const { call: peer } = await another(t, far, family);
  await peer.listenFor([51]);
  await far.ip(...nobody.map(({ destination }) => `address add ${destination}/${family === 'ipv4' ? 24 : '64 nodad'} dev hf0`));
  told = await sendUntil('all to be reached', all => all.length >= 2 * (1 + nobody.length));
  t.same(about(told, FAR[family]), [failure(NO_PROTOCOL[family]), null]);
  for (const { destination } of nobody) t.same(about(told, destination), [failure('EHOSTUNREACH'), null]);
  t.equal(told.length, 2 * (1 + nobody.length));
}

t.test('what the network says comes back, once, for that peer alone, until it gets through', needs, async t => {
  await Promise.all(FAMILIES.map(family => story(t, family)));
});
