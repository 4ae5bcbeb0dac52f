// Denied addresses against a real kernel: a client on the wire gets no answer from them, but finds them.
// Must not know the bytes: see nftables-codec.ts. What `nft` makes of it is looked at where there is one.
import { existsSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { SystemError } from '../../../src/platform/ports.ts';
import type { Address, Family } from '../../../src/vrrp/address.ts';
import { makeNamespace, needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { startWorker } from '../../fixtures/remote.ts';
import { ip } from '../../fixtures/virtual-router.ts';
import { type Lan, makeLan } from './fixtures/client.ts';
import type { NetworkMethods } from './fixtures/network-worker.ts';
import type { Question } from './fixtures/probes.ts';

const WORKER = new URL('fixtures/network-worker.ts', import.meta.url);
const nft = (process.env.PATH ?? '').split(':').some(folder => existsSync(`${folder}/nft`));
const needsNft = needs.skip !== false || nft ? needs : { skip: 'needs nft: WHAT NFT MAKES OF OUR TABLES IS NOT TESTED HERE' };

const VIP: Readonly<Record<Family, Address>> = { ipv4: ip('192.0.2.200'), ipv6: ip('2001:db8::200') };
const LENGTH: Readonly<Record<Family, number>> = { ipv4: 24, ipv6: 64 };
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

async function put(t: Test, { call, link }: Lan, family: Family, addresses: readonly Address[]): Promise<void> {
  const requests = addresses.map(address => ({ address, length: LENGTH[family], family, validFor: null }));
  t.same(await call.putAll(link, requests), []);
}

/** The questions that an address answers. */
async function answers(lan: Lan, family: Family, address: Address): Promise<readonly Question[]> {
  const answered: Question[] = [];
  for (const question of ['discovery', 'reachability', 'ping', 'tcp'] as const) {
    if ((await lan.ask(question, family, [address])).length > 0) answered.push(question);
  }
  return answered;
}

for (const family of FAMILIES) {
  t.test(`${family}: a denied address is found and does not answer`, needs, async t => {
    const lan = await makeLan(t);
    const vip = VIP[family];
    await put(t, lan, family, [vip]);
    t.same(await answers(lan, family, vip), ['discovery', 'reachability', 'ping', 'tcp'], 'before');
    t.equal(await lan.call.deny('web/x', family, [vip]), null);
    t.same(await answers(lan, family, vip), ['discovery', 'reachability']);
    t.equal(await lan.call.deny('web/x', family, []), null);
    t.same(await answers(lan, family, vip), ['discovery', 'reachability', 'ping', 'tcp'], 'after');
  });
}

t.test('what is denied replaces what the same key denied before, and no other key', needs, async t => {
  const lan = await makeLan(t);
  const [one, two, three] = [ip('192.0.2.201'), ip('192.0.2.202'), ip('192.0.2.203')];
  const all = [one, two, three];
  await put(t, lan, 'ipv4', all);
  await put(t, lan, 'ipv6', [VIP.ipv6]);
  const open = () => lan.ask('ping', 'ipv4', all);
  t.same(await open(), all);
  t.equal(await lan.call.deny('web', 'ipv4', [one, two, two]), null);
  t.same(await open(), [three]);
  t.equal(await lan.call.deny('mail', 'ipv4', [three]), null);
  t.same(await open(), []);
  t.equal(await lan.call.deny('web', 'ipv4', [two]), null);
  t.same(await open(), [one]);
  t.equal(await lan.call.deny('web', 'ipv6', [VIP.ipv6]), null, 'the other family is no other key');
  t.same(await open(), [one, two]);
  t.same(await lan.ask('ping', 'ipv6', [VIP.ipv6]), []);
  t.equal(await lan.call.deny('nothing', 'ipv4', []), null, 'nothing to take back is no error');
  t.equal(await lan.call.deny('web', 'ipv4', []), null);
  t.equal(await lan.call.deny('web', 'ipv4', []), null, 'nor is doing so twice');
  t.same(await open(), [one, two]);
  t.same(await lan.ask('ping', 'ipv6', [VIP.ipv6]), [VIP.ipv6]);
});

t.test('what a daemon left behind that was killed still stands, and the next one replaces it', needs, async t => {
  const lan = await makeLan(t);
  const [one, two] = [ip('192.0.2.201'), ip('192.0.2.202')];
  await put(t, lan, 'ipv4', [one, two]);
  t.equal(await lan.call.deny('web', 'ipv4', [one]), null);
  await lan.restart();
  t.same(await lan.ask('ping', 'ipv4', [one, two]), [two]);
  t.equal(await lan.call.deny('web', 'ipv4', [two]), null);
  t.same(await lan.ask('ping', 'ipv4', [one, two]), [one]);
  await lan.restart();
  t.equal(await lan.call.deny('web', 'ipv4', []), null);
  t.same(await lan.ask('ping', 'ipv4', [one, two]), [one, two]);
});

t.test('what others deny is listed by its keys, and whoever knows that they are dead takes it away', needs, async t => {
  const lan = await makeLan(t);
  const [one, two] = [ip('192.0.2.201'), ip('192.0.2.202')];
  await put(t, lan, 'ipv4', [one, two]);
  t.same(await lan.call.deniedByOthers(), [], 'no table at all');
  t.equal(await lan.call.deny('hf0/ipv4/51', 'ipv4', [one]), null);
  t.equal(await lan.call.deny('hf0/ipv6/52', 'ipv6', [VIP.ipv6]), null);
  t.same(await lan.call.deniedByOthers(), [], 'our own are not among them');
  await lan.restart();
  t.equal(await lan.call.deny('hf0/ipv4/53', 'ipv4', [two]), null);
  t.same([...(await lan.call.deniedByOthers())].sort(), ['hf0/ipv4/51', 'hf0/ipv6/52']);
  t.equal(await lan.call.deny('hf0/ipv6/52', 'ipv6', [VIP.ipv6]), null, 'what we deny ourselves from now on is ours');
  t.same(await lan.call.deniedByOthers(), ['hf0/ipv4/51']);
  t.equal(await lan.call.deny('hf0/ipv4/51', 'ipv4', []), null);
  t.equal(await lan.call.deny('hf0/ipv6/52', 'ipv4', []), null, 'whatever the family');
  t.same(await lan.call.deniedByOthers(), []);
  t.same(await lan.ask('ping', 'ipv4', [one, two]), [one]);
});

t.test('hundreds of tables, and those of other people', needsNft, async t => {
  const lan = await makeLan(t);
  const keys = Array.from({ length: 1000 }, (_, i) => `hf0/ipv4/${i}`);
  for (const key of keys) t.equal(await lan.call.deny(key, 'ipv4', [VIP.ipv4]), null);
  await lan.near.run('nft', 'add', 'table', 'inet', 'filter');
  await lan.near.run('nft', 'add', 'table', 'ip', 'holdfast-hf0/ipv4/9999');
  await lan.restart();
  t.same([...(await lan.call.deniedByOthers())].sort(), keys.sort());
});

t.test('denying again lets nothing through meanwhile', needs, async t => {
  const lan = await makeLan(t);
  await put(t, lan, 'ipv4', [VIP.ipv4]);
  t.equal(await lan.call.deny('web', 'ipv4', [VIP.ipv4]), null);
  let over = false;
  const again = lan.call.denyAgain(400, 'web', 'ipv4', [VIP.ipv4]).finally(() => {
    over = true;
  });
  const lot = Array.from({ length: 50 }, () => VIP.ipv4);
  let rounds = 0;
  do {
    t.same(await lan.ask('ping', 'ipv4', lot), []);
    rounds += 1;
  } while (!over);
  t.equal(await again, 0);
  t.comment(`${rounds * lot.length} packets`);
});

t.test('a key is any text that the kernel takes for a name', needs, async t => {
  const lan = await makeLan(t);
  await put(t, lan, 'ipv4', [VIP.ipv4]);
  const long = 'k'.repeat(64);
  for (const key of ['a', '0', 'web/ipv4', '._/-', `${long.slice(1)}x`, long]) {
    t.equal(await lan.call.deny(key, 'ipv4', [VIP.ipv4]), null, key);
    t.same(await lan.ask('ping', 'ipv4', [VIP.ipv4]), []);
    t.equal(await lan.call.deny(key, 'ipv4', []), null);
    t.same(await lan.ask('ping', 'ipv4', [VIP.ipv4]), [VIP.ipv4], `${key} is gone`);
  }
});

const failure = (code: string, target = 'web'): SystemError => ({ kind: 'system-error', op: 'deny packets', code, target });

t.test('what the kernel refuses comes back by its name, and the next wish is not confused by it', needs, async t => {
  const { call, near } = await makeLan(t);
  const tooLong = 'k'.repeat(300);
  t.same(await call.deny(tooLong, 'ipv4', [VIP.ipv4]), failure('ERANGE', tooLong), 'only the first of several refusals');
  t.equal(await call.deny('web', 'ipv4', [VIP.ipv4]), null);
  const endless = Array.from({ length: 60_000 }, (_, i) => ip(`10.0.${i >> 8}.${i & 255}`));
  t.same(await call.deny('web', 'ipv4', endless), failure('EMSGSIZE'));
  t.equal(await call.deny('web', 'ipv4', [VIP.ipv4]), null);
  t.equal(await call.denyAtOnce('web', 'ipv4', endless), false, 'never from inside the call');
  const start = (command: readonly string[]) => near.start(['setpriv', '--bounding-set', '-net_admin', '--', ...command]);
  const poor = startWorker<NetworkMethods>(WORKER, start);
  t.teardown(() => poor.worker.kill());
  t.same(await poor.call.deny('web', 'ipv4', [VIP.ipv4]), failure('EPERM'));
  t.same(await poor.call.deny('web', 'ipv4', []), failure('EPERM'), 'what cannot be taken back is an error too');
});

t.test('a kernel without nf_tables: nothing can be denied, and nothing is to be taken back', needs, async t => {
  const space = await makeNamespace();
  const { worker, call } = startWorker<NetworkMethods>(WORKER, command => space.start(command));
  t.teardown(() => worker.kill());
  await call.refuse('socket', 'EPROTONOSUPPORT');
  t.same(await call.deny('web', 'ipv4', [VIP.ipv4]), failure('EPROTONOSUPPORT'));
  t.equal(await call.denyAtOnce('web', 'ipv4', [VIP.ipv4]), false, 'never from inside the call');
  t.equal(await call.deny('web', 'ipv4', []), null);
  t.same(await call.deniedByOthers(), [], 'nor is anything denied by others');
  await call.refuse('socket', null);
  t.equal(await call.deny('web', 'ipv4', [VIP.ipv4]), null, 'its module was loaded later');
  for (const code of ['EOPNOTSUPP', 'EAFNOSUPPORT'] as const) {
    await call.refuse('sendto', code);
    t.match(await call.deny('web', 'ipv4', [VIP.ipv4]), { op: 'deny packets', target: 'web' });
    t.same(await call.deniedByOthers(), []);
    t.equal(await call.deny('web', 'ipv4', []), null);
  }
  await call.refuse('sendto', 'ENOBUFS');
  t.same(await call.deny('web', 'ipv4', []), failure('ENOBUFS'));
});

t.test('what nft makes of our tables, it makes again', needsNft, async t => {
  const { near, call } = await makeLan(t);
  t.equal(await call.deny('web/ipv4', 'ipv4', [ip('192.0.2.201'), ip('192.0.2.202')]), null);
  t.equal(await call.deny('web/ipv6', 'ipv6', [VIP.ipv6]), null);
  const shown = (await near.run('nft', 'list', 'ruleset')).replaceAll('priority mangle', 'priority -150');
  const squeezed = shown.replaceAll(/\s+/g, ' ').replace('{ 192.0.2.202, 192.0.2.201 }', '{ 192.0.2.201, 192.0.2.202 }').trim();
  t.equal(
    squeezed,
    [
      'table inet holdfast-web/ipv4 { set addresses { type ipv4_addr elements = { 192.0.2.201, 192.0.2.202 } }',
      'chain input { type filter hook input priority -150; policy accept; ip daddr @addresses drop } }',
      'table inet holdfast-web/ipv6 { set addresses { type ipv6_addr elements = { 2001:db8::200 } }',
      'chain input { type filter hook input priority -150; policy accept;',
      'icmpv6 type 135-136 accept ip6 daddr @addresses drop } }',
    ].join(' '),
  );
  const before = await near.run('nft', 'list', 'ruleset');
  await near.run('sh', '-c', 'nft list ruleset >/dev/shm/$$ && { nft flush ruleset; nft -f /dev/shm/$$; r=$?; rm /dev/shm/$$; exit $r; }');
  t.equal(await near.run('nft', 'list', 'ruleset'), before);
  t.equal(await call.deny('web/ipv4', 'ipv4', []), null, 'and it is still ours');
  t.equal(await call.deny('web/ipv6', 'ipv6', []), null);
  t.equal(await near.run('nft', 'list', 'ruleset'), '');
});
