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
  ['host', ['address', 'target', 'server', 'listen']],
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
  ['track_scripts', ['track']],
  ['depends_on', ['track']],
  ['checks', ['track']],
  ['watchdogs', ['track']],
  ['notify', ['on_change']],
  ['notify_master', ['on_active']],
  ['notify_backup', ['on_backup']],
  ['notify_fault', ['on_fault']],
  ['notify_stop', ['on_stop']],
  ['on_master', ['on_active']],
  ['script', ['run']],
  ['misc_path', ['run']],
  ['exec', ['run', 'start']],
  ['command', ['run', 'start']],
  ['cmd', ['run', 'start']],
  ['exec_start', ['start', 'run']],
  ['script_user', ['user']],
  ['delay_loop', ['interval']],
  ['connect_timeout', ['timeout']],
  ['misc_timeout', ['timeout']],
  ['retry', ['fall']],
  ['nb_get_retry', ['fall']],
  ['connect_ip', ['host', 'target', 'server']],
  ['connect_port', ['port']],
  ['address', ['host', 'target', 'server', 'listen']],
  ['bind', ['listen']],
  ['port', ['listen']],
  ['auth_token', ['token']],
  ['prometheus', ['http']],
  ['metrics', ['http']],
  ['hostname', ['host']],
  ['virtualhost', ['host']],
  ['sni_name', ['host']],
  ['bindto', ['interface']],
  ['bind_if', ['interface']],
  ['status_code', ['status']],
  ['regex', ['body_regex']],
  ['process', ['name']],
  ['quorum', ['count']],
  ['fork_delay', ['up_delay']],
  ['terminate_delay', ['down_delay']],
  ['service', ['unit']],
  ['systemd_unit', ['unit']],
  ['username', ['user']],
  ['dbname', ['database']],
  ['check', ['probe']],
  ['webhook', ['post']],
  ['url', ['post']],
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
const WEIGHT = 'write `on_fail = { weight = -20 }`; without, a machine with a check that is down serves only if nobody else can';
const A_CHECK = 'a check is a table here, `[check.NAME]`, and its name stands in `track` of the virtual router';
const A_COMMAND = 'write `[check.NAME]` with `type = "command"` and `run`, and its name into `track` of the virtual router';
const A_PROCESS = 'write `[check.NAME]` with `type = "process"`, and its name into `track` of the virtual router';
const A_FILE = 'write `[check.NAME]` with `type = "file"`, and its name into `track` of the virtual router';
const SECURE = 'leave it out: a program that others than root could change is never run';
const NO_MAIL = 'there is no mail here: `on_change` runs a program that can send one, or tells a URL by `post`';
const BY_START = 'write `start = "up"`, or leave it out: by default a check is down until its first good result';
const NO_FIFO = 'leave it out: hooks of one virtual router run one after the other, in order';
const CASES = 'write the whole of it into `body_regex`: `(?i)` at its beginning ignores case';
const typed = (type: string): string => `a check is a table here: \`[check.NAME]\` with \`type = "${type}"\``;

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
  ['dont_track_primary', 'write `track_interface = false`'],
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
  ['weight', WEIGHT],
  ['vrrp_script', A_COMMAND],
  ['check_script', A_COMMAND],
  ['vrrp_track_process', A_PROCESS],
  ['vrrp_track_file', A_FILE],
  ['init_fail', BY_START],
  ['init_state', BY_START],
  ['full_command', 'leave it out: a process is known by its `name`, its `pid_file` or its `cgroup`'],
  ['param_match', 'leave it out: a process is known by its `name`, its `pid_file` or its `cgroup`'],
  ['misc_dynamic', 'write `on_fail = { weight = "number" }`: the number that the program says is the weight'],
  ['digest', 'write `body` or `body_regex`: what the answer must contain'],
  ['regex_options', CASES],
  ['enable_sni', BY_ITSELF],
  ['enable_script_security', SECURE],
  ['use_symlink_paths', SECURE],
  ['smtp_alert', NO_MAIL],
  ['smtp_alert_vrrp', NO_MAIL],
  ['smtp_alert_checker', NO_MAIL],
  ['smtp_server', NO_MAIL],
  ['smtp_connect_timeout', NO_MAIL],
  ['smtp_helo_name', NO_MAIL],
  ['notification_email', NO_MAIL],
  ['notification_email_from', NO_MAIL],
  ['notify_fifo', NO_FIFO],
  ['notify_fifo_script', NO_FIFO],
  ['vrrp_notify_fifo', NO_FIFO],
  ['vrrp_notify_fifo_script', NO_FIFO],
  ['notify_up', A_CHECK],
  ['notify_down', A_CHECK],
  ['tcp_check', typed('tcp')],
  ['http_get', typed('http')],
  ['ssl_get', typed('http')],
  ['misc_check', typed('command')],
  ['ping_check', typed('ping')],
  ['dns_check', typed('dns')],
  ['file_check', typed('file')],
  ['health_check', A_CHECK],
  ['global_tracking', A_CHECK],
  ['smtp_check', 'there is no check for mail servers; `type = "tcp"` sees whether one listens'],
  ['udp_check', NOT_YET],
  ['bfd_check', NOT_YET],
  ['track_bfd', NOT_YET],
  ['bfd_instance', NOT_YET],
  ['real_server', NOT_YET],
  ['vrrp_sync_group', NOT_YET],
  ['virtual_server', NOT_YET],
]);

/** What a `type` of check is called here. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['tcp_check', 'tcp'],
  ['connect', 'tcp'],
  ['port', 'tcp'],
  ['http_get', 'http'],
  ['ssl_get', 'http'],
  ['https', 'http'],
  ['url', 'http'],
  ['misc_check', 'command'],
  ['script', 'command'],
  ['vrrp_script', 'command'],
  ['exec', 'command'],
  ['program', 'command'],
  ['run', 'command'],
  ['ping_check', 'ping'],
  ['icmp', 'ping'],
  ['gateway', 'ping'],
  ['dns_check', 'dns'],
  ['file_check', 'file'],
  ['track_file', 'file'],
  ['vrrp_track_process', 'process'],
  ['track_process', 'process'],
  ['pid', 'process'],
  ['pid_file', 'process'],
  ['cgroup', 'process'],
  ['track_interface', 'interface'],
  ['link', 'interface'],
  ['systemd', 'unit'],
  ['service', 'unit'],
  ['mariadb', 'mysql'],
  ['galera', 'mysql'],
  ['postgresql', 'postgres'],
  ['pgsql', 'postgres'],
  ['valkey', 'redis'],
  ['keydb', 'redis'],
]);

/** @returns our type of check for the word of another program, or null */
export function typeNamed(word: string): string | null {
  return TYPES.get(normal(word)) ?? null;
}

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
