// Words that people bring along from keepalived and its relatives, and what they are called here.
// Must not know the schema: the words are answers to keys that it does not have.

/** Words that have one of ours in their place; several, where it depends on the table. */
const RENAMED: ReadonlyMap<string, readonly string[]> = new Map([
  ['virtual_router_id', ['vrid']],
  ['virtual_router', ['vrid']],
  ['router_id', ['vrid']],
  ['id', ['vrid']],
  ['virtual_ipaddress', ['addresses']],
  ['virtual_address', ['addresses']],
  ['virtual_addresses', ['addresses']],
  ['virtual_ip', ['addresses', 'address']],
  ['virtual_ips', ['addresses']],
  ['vip', ['addresses', 'address']],
  ['vips', ['addresses']],
  ['ip', ['addresses', 'address']],
  ['ipaddress', ['addresses', 'address']],
  ['host', ['address']],
  ['dev', ['interface']],
  ['device', ['interface']],
  ['nic', ['interface']],
  ['default_interface', ['interface']],
  ['advert_int', ['advert_interval']],
  ['advertisement_interval', ['advert_interval']],
  ['interval', ['advert_interval']],
  ['unicast_peer', ['peers']],
  ['unicast_peers', ['peers']],
  ['unicast_src_ip', ['source']],
  ['mcast_src_ip', ['source']],
  ['track_script', ['track']],
  ['track_process', ['track']],
  ['track_file', ['track']],
  ['vrrp_version', ['version']],
  ['auth_pass', ['password']],
  ['path', ['file']],
  ['systemd_credential', ['credential']],
]);

const BY_PRIORITY = 'mastership follows `priority`: among those that are alive, the highest one serves';
const NO_PREEMPT = 'write `preempt = false`';
const PASSWORDS = 'version 2 has `password = { file = "/etc/holdfast/web.password" }`; version 3 has no passwords (RFC 9568 §9)';
const PLAIN_ONLY = 'leave it out: the only kind is plain text, by `password` in version 2';
const ONE_LIST = 'write them into `addresses`: all of them are announced';
const TTLS = 'advertisements leave with 255; for peers behind routers: `peers = [{ address = "192.0.2.11", min_ttl = 250 }]`';
const CHECKSUM = 'leave it out: `checksum = "auto"` understands both forms and follows the peers';
const NO_ACCEPT = 'write `accept = false`';
const STRICT = 'leave it out: the RFC is followed anyway; the strict mode of keepalived also means `accept = false`';
const ONLY_PEERS = 'leave it out: only `peers` are listened to';
const BROADCAST = 'leave it out: it follows from the prefix length';
const BY_ITSELF = 'leave it out: that is always done';
const OUR_ANNOUNCEMENTS = 'leave it out: addresses are announced several times, and again every minute';
const A_TABLE = 'a virtual router is a table here: `[vrrp.NAME]`';
const NO_GLOBALS = 'leave it out: there are no global settings';
const NOT_YET = 'there is nothing in its place in this version';

/** Words that have none, and what to do instead. */
const ANSWERED: ReadonlyMap<string, string> = new Map([
  ['state', BY_PRIORITY],
  ['initial_state', BY_PRIORITY],
  ['role', BY_PRIORITY],
  ['master', BY_PRIORITY],
  ['backup', BY_PRIORITY],
  ['nopreempt', NO_PREEMPT],
  ['no_preempt', NO_PREEMPT],
  ['accept_mode', 'write `accept = true` or `accept = false`'],
  ['no_accept', NO_ACCEPT],
  ['noaccept', NO_ACCEPT],
  ['authentication', PASSWORDS],
  ['auth', PASSWORDS],
  ['auth_type', PLAIN_ONLY],
  ['auth_hmac', 'leave it out: the signed advertisements of keepalived 2.4 are not available'],
  ['virtual_ipaddress_excluded', ONE_LIST],
  ['excluded', ONE_LIST],
  ['no_virtual_ipaddress', 'write `addresses = []`'],
  ['unicast_ttl', TTLS],
  ['ttl', TTLS],
  ['v3_checksum_as_v2', CHECKSUM],
  ['old_unicast_checksum', CHECKSUM],
  ['checksum_compatibility', CHECKSUM],
  ['strict_mode', STRICT],
  ['vrrp_strict', STRICT],
  ['check_unicast_src', ONLY_PEERS],
  ['vrrp_check_unicast_src', ONLY_PEERS],
  ['unicast_fault_no_peer', 'leave it out: without `peers`, advertisements are multicast'],
  ['brd', BROADCAST],
  ['broadcast', BROADCAST],
  ['nodad', BY_ITSELF],
  ['noprefixroute', BY_ITSELF],
  ['promote_secondaries', BY_ITSELF],
  ['higher_prio_send_advert', BY_ITSELF],
  ['vrrp_higher_prio_send_advert', BY_ITSELF],
  ['track_interface', 'leave it out: a router follows its own `interface` anyway'],
  ['dont_track_primary', 'leave it out: a router cannot serve without its own `interface`'],
  ['native_ipv6', 'leave it out: the family follows from `addresses`'],
  ['garp_master_delay', OUR_ANNOUNCEMENTS],
  ['garp_master_repeat', OUR_ANNOUNCEMENTS],
  ['garp_master_refresh', OUR_ANNOUNCEMENTS],
  ['vrrp_garp_interval', OUR_ANNOUNCEMENTS],
  ['vrrp_instance', A_TABLE],
  ['instance', A_TABLE],
  ['router', A_TABLE],
  ['routers', A_TABLE],
  ['global_defs', NO_GLOBALS],
  ['global', NO_GLOBALS],
  ['use_vmac', NOT_YET],
  ['notify', NOT_YET],
  ['notify_master', NOT_YET],
  ['notify_backup', NOT_YET],
  ['notify_fault', NOT_YET],
  ['smtp_alert', NOT_YET],
  ['vrrp_script', NOT_YET],
  ['vrrp_sync_group', NOT_YET],
  ['virtual_server', NOT_YET],
]);

/** Upper case, `-` and `_` do not matter.
 *  @param known the keys that there are where the word stands
 *  @returns our word for a key of another VRRP program, one out of `known`, or null */
export function rename(key: string, known: readonly string[]): string | null {
  return RENAMED.get(normal(key))?.find(word => known.includes(word)) ?? null;
}

/** @returns what to do about a key of another VRRP program that has nothing in its place, or null for a word that nobody uses */
export function answer(key: string): string | null {
  return ANSWERED.get(normal(key)) ?? null;
}

function normal(key: string): string {
  return key.toLowerCase().replaceAll('-', '_');
}
