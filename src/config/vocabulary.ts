// Words that people bring along from keepalived and its relatives, and what they are called here.
// Must not know the schema: the words are answers to keys that it does not have.

/** Words that have one of ours in their place. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['virtual_router_id', 'vrid'],
  ['virtual_router', 'vrid'],
  ['router_id', 'vrid'],
  ['id', 'vrid'],
  ['virtual_ipaddress', 'addresses'],
  ['virtual_ipaddress_excluded', 'addresses'],
  ['virtual_address', 'addresses'],
  ['virtual_addresses', 'addresses'],
  ['virtual_ip', 'addresses'],
  ['virtual_ips', 'addresses'],
  ['vip', 'addresses'],
  ['vips', 'addresses'],
  ['ip', 'addresses'],
  ['advert_int', 'advert_interval'],
  ['advertisement_interval', 'advert_interval'],
  ['interval', 'advert_interval'],
  ['unicast_peer', 'peers'],
  ['unicast_src_ip', 'source'],
  ['mcast_src_ip', 'source'],
  ['track_script', 'track'],
  ['track_process', 'track'],
  ['track_file', 'track'],
  ['vrrp_version', 'version'],
  ['auth_pass', 'password'],
]);

const BY_PRIORITY = 'mastership follows `priority`: among those that are alive, the highest one serves';
const NO_PREEMPT = 'write `preempt = false`';
const NO_PASSWORDS = 'version 3 has no passwords (RFC 9568 §9); leave it out';
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
  ['authentication', NO_PASSWORDS],
  ['auth_type', NO_PASSWORDS],
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
 *  @returns our word for a key of another VRRP program, or null */
export function rename(key: string): string | null {
  return RENAMED.get(normal(key)) ?? null;
}

/** @returns what to do about a key of another VRRP program that has nothing in its place, or null for a word that nobody uses */
export function answer(key: string): string | null {
  return ANSWERED.get(normal(key)) ?? null;
}

function normal(key: string): string {
  return key.toLowerCase().replaceAll('-', '_');
}
