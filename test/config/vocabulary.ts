// Tests src/config/vocabulary.ts: the words of keepalived have answers, and the answers name keys that exist.
import t from 'tap';
import { ROUTER_KEYS } from '../../src/config/schema.ts';
import { answer, rename } from '../../src/config/vocabulary.ts';

t.test('knows the words of a keepalived.conf', async t => {
  for (const [word, key] of [
    ['virtual_router_id', 'vrid'],
    ['virtual_ipaddress', 'addresses'],
    ['Virtual-IPAddress', 'addresses'],
    ['advert_int', 'advert_interval'],
    ['unicast_peer', 'peers'],
    ['auth_pass', 'password'],
  ] as const) {
    t.equal(rename(word), key, word);
    t.ok(Object.hasOwn(ROUTER_KEYS, key), `${key} is a key`);
  }
  t.match(answer('state'), /mastership follows `priority`/);
  t.match(answer('MASTER'), /mastership follows `priority`/);
  t.match(answer('nopreempt'), /`preempt = false`/);
  t.match(answer('authentication'), /no passwords/);
});

t.test('knows none of our own keys, and nothing by accident', async t => {
  for (const word of [...Object.keys(ROUTER_KEYS), 'constructor', '__proto__', '']) {
    t.equal(rename(word), null, word);
    t.equal(answer(word), null, word);
  }
});
