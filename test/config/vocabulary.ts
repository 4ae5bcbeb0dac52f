// Tests src/config/vocabulary.ts: the words of keepalived have answers, and the answers name keys that exist.
import t from 'tap';
import { ADDRESS_KEYS, PASSWORD_KEYS, PEER_KEYS } from '../../src/config/elements.ts';
import { ROUTER_KEYS } from '../../src/config/schema.ts';
import { answer, rename } from '../../src/config/vocabulary.ts';

const KEYS = [ROUTER_KEYS, ADDRESS_KEYS, PEER_KEYS, PASSWORD_KEYS].flatMap(Object.keys);

t.test('knows the words of a keepalived.conf', async t => {
  for (const [word, key] of [
    ['virtual_router_id', 'vrid'],
    ['virtual_ipaddress', 'addresses'],
    ['Virtual-IPAddress', 'addresses'],
    ['advert_int', 'advert_interval'],
    ['unicast_peer', 'peers'],
    ['unicast_src_ip', 'source'],
    ['auth_pass', 'password'],
  ] as const) {
    t.equal(rename(word, Object.keys(ROUTER_KEYS)), key, word);
    t.ok(Object.hasOwn(ROUTER_KEYS, key), `${key} is a key`);
  }
  t.match(answer('state'), /mastership follows `priority`/);
  t.match(answer('MASTER'), /mastership follows `priority`/);
  t.match(answer('nopreempt'), /`preempt = false`/);
  t.match(answer('authentication'), /`password = .*no passwords/);
  for (const word of ['no_accept', 'vrrp_strict']) t.match(answer(word), /`accept = false`/, word);
  for (const word of ['v3_checksum_as_v2', 'old_unicast_checksum']) t.match(answer(word), /`checksum = "auto"`/, word);
  for (const word of ['unicast_ttl', 'ttl']) t.match(answer(word), /min_ttl/, word);
  t.match(answer('virtual_ipaddress_excluded'), /into `addresses`/);
  t.match(answer('no_virtual_ipaddress'), /`addresses = \[\]`/);
  t.match(answer('brd'), /prefix length/);
});

t.test('a word means what there is where it stands', async t => {
  t.equal(rename('ip', Object.keys(ROUTER_KEYS)), 'addresses');
  t.equal(rename('ip', Object.keys(PEER_KEYS)), 'address');
  t.equal(rename('dev', Object.keys(ADDRESS_KEYS)), 'interface');
  t.equal(rename('dev', Object.keys(PEER_KEYS)), null);
});

t.test('knows none of our own keys, and nothing by accident', async t => {
  for (const word of [...KEYS, 'constructor', '__proto__', '']) {
    t.equal(rename(word, KEYS), null, word);
    t.equal(answer(word), null, word);
  }
});
