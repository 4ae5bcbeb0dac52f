// Tests src/config/vocabulary.ts: the words of keepalived have answers, and the answers name keys that exist.
import t from 'tap';
import { CHECK_KEYS, isCheckType, ownKeys, TYPES } from '../../src/config/check-schema.ts';
import { ADDRESS_KEYS, PASSWORD_KEYS, PEER_KEYS } from '../../src/config/elements.ts';
import { TLS_KEYS } from '../../src/config/probe-schema.ts';
import { ROUTER_KEYS } from '../../src/config/router-schema.ts';
import { HOOK_KEYS, SECRET_KEYS, TRACK_KEYS, WEIGHT_KEYS } from '../../src/config/service-elements.ts';
import { answer, rename, typeNamed } from '../../src/config/vocabulary.ts';

import { WATCHDOG_KEYS } from '../../src/config/watchdog-schema.ts';

const TABLES = [
  ROUTER_KEYS,
  ADDRESS_KEYS,
  PEER_KEYS,
  PASSWORD_KEYS,
  TLS_KEYS,
  WATCHDOG_KEYS,
  HOOK_KEYS,
  SECRET_KEYS,
  TRACK_KEYS,
  WEIGHT_KEYS,
].map(Object.keys);
const KEYS = [...TABLES.flat(), ...Object.keys(CHECK_KEYS)];

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

t.test('checks, scripts and hooks of keepalived', async t => {
  const check = Object.keys(CHECK_KEYS);
  for (const [word, key] of [
    ['script', 'run'],
    ['misc_path', 'run'],
    ['delay_loop', 'interval'],
    ['connect_timeout', 'timeout'],
    ['connect_port', 'port'],
    ['status_code', 'status'],
    ['nb_get_retry', 'fall'],
  ] as const)
    t.equal(rename(word, check), key, word);
  for (const [word, key] of [
    ['track_script', 'track'],
    ['track_process', 'track'],
    ['track_file', 'track'],
    ['notify', 'on_change'],
    ['notify_master', 'on_active'],
    ['notify_backup', 'on_backup'],
    ['notify_fault', 'on_fault'],
    ['notify_stop', 'on_stop'],
  ] as const)
    t.equal(rename(word, Object.keys(ROUTER_KEYS)), key, word);
  t.equal(rename('script_user', Object.keys(HOOK_KEYS)), 'user');
  t.match(answer('weight'), /`on_fail = \{ weight = -20 \}`/);
  t.match(answer('init_fail'), /`start = "up"`/);
  t.match(answer('vrrp_script'), /`type = "command"`/);
  t.match(answer('vrrp_track_process'), /`type = "process"`/);
  t.match(answer('enable_script_security'), /never run/);
  t.match(answer('dont_track_primary'), /`track_interface = false`/);
  for (const word of ['smtp_alert', 'notification_email', 'smtp_server']) t.match(answer(word), /no mail/, word);
  for (const [word, type] of [
    ['TCP_CHECK', 'tcp'],
    ['HTTP_GET', 'http'],
    ['SSL_GET', 'http'],
    ['MISC_CHECK', 'command'],
    ['PING_CHECK', 'ping'],
    ['DNS_CHECK', 'dns'],
    ['FILE_CHECK', 'file'],
  ] as const) {
    t.match(answer(word), `\`type = "${type}"\``, word);
    t.equal(typeNamed(word), type, word);
  }
  t.strictSame(['mariadb', 'https', 'vrrp-script', 'tcp', 'constructor'].map(typeNamed), ['mysql', 'http', 'command', null, null]);
});

t.test('every word that is meant is one of ours', async t => {
  for (const word of ['virtual_router_id', 'script', 'notify', 'service', 'connect_ip', 'regex', 'webhook', 'dbname']) {
    const meant = rename(word, KEYS);
    t.ok(meant !== null && KEYS.includes(meant), word);
  }
});

t.test('knows no key of the table that it stands in, and nothing by accident', async t => {
  const own = Object.keys(TYPES).filter(isCheckType).map(ownKeys);
  for (const keys of [...TABLES, ...own]) for (const word of keys) t.equal(rename(word, keys), null, word);
  for (const word of ['constructor', '__proto__', '']) {
    t.equal(rename(word, KEYS), null, word);
    t.equal(answer(word), null, word);
  }
});
