// Every word that the parser of keepalived 2.4 knows, and what becomes of it: the table of docs/from-keepalived.md, and what a report
// says of a line that needs no thought of its own. Must not know how a line is translated.
import type { Verdict } from './finding.ts';

/** Where keepalived has a word: the same one may mean several things. */
export const CLASSES = ['global', 'vrrp', 'file', 'bfd', 'lvs', 'checker'] as const;
export type Class = (typeof CLASSES)[number];

export interface Keyword {
  readonly verdict: Exclude<Verdict, 'refused'>;
  /** One sentence, with what stands in its place. */
  readonly says: string;
}

export interface Row extends Keyword {
  readonly words: readonly string[];
}

const row = (verdict: Keyword['verdict'], words: string, says: string): Row => ({ verdict, words: words.split(' '), says });

const ANNOUNCED = 'addresses are announced at once, again on every sign of another Active, and every minute';
const NO_MAIL = 'no mail is sent; `on_change = { post = "https://..." }` tells a URL, or runs a program that can mail';
const NO_LVS = 'load balancing (LVS) is not part of holdfast';
const NO_BFD = 'BFD is not part of holdfast';
const NO_VMAC =
  'virtual MAC addresses are not supported: addresses live on the interface itself, and move by announcements (decision 0015)';
const NO_SNMP = 'no SNMP: `holdfast status --json` says all of it';
const NO_HMAC = 'signed advertisements are not supported: replace the machines of the group together';
const REAL_TIME = 'the engine is a real-time process of its own';
/** Of hooks that keepalived calls with the operator's arguments alone. */
export const ARGUMENTS = 'the program gets four more arguments, as those of `notify`: INSTANCE, name, state, priority';
const ONLY_PEERS = 'always so: whoever is not among `peers` is not listened to';
const AS_CHECKED = '`holdfast reload` applies only what checks, and `--confirm 60s` goes back by itself';

const ROWS: Readonly<Record<Class, readonly Row[]>> = {
  global: [
    row('translated', 'global_defs', 'there are no global settings: what they mean stands in each router'),
    row('translated', 'vrrp_version', '`version`; without it 2, the default of keepalived'),
    row('translated', 'script_user', '`user` of checks and hooks'),
    row('translated', 'v3_checksum_as_v2', '`checksum`'),
    row('changed', 'vrrp_strict', '`accept = false`, no password, no `preempt_delay`: what strict mode implies'),
    row('changed', 'vrrp_lower_prio_no_advert', 'a lower priority is answered at once (RFC 9568)'),
    row('translated', 'enable_script_security', 'always so, and the log says which part of a path others than root could change'),
    row('dropped', 'use_symlink_paths set_supplementary_groups', 'programs run as their `user`, with the groups of that account'),
    row('dropped', 'router_id', 'no part of the protocol; logs and hooks have the name of the machine'),
    row(
      'dropped',
      'notification_email notification_email_from smtp_server smtp_helo_name smtp_connect_timeout no_email_faults no_checker_emails',
      'no mail is sent; where `smtp_alert` asks for it, that line is the loss',
    ),
    row('unsupported', 'smtp_alert smtp_alert_vrrp', NO_MAIL),
    row('dropped', 'smtp_alert_checker', NO_LVS),
    row(
      'dropped',
      'vrrp_garp_interval vrrp_gna_interval vrrp_garp_master_delay vrrp_garp_master_repeat vrrp_garp_master_refresh vrrp_garp_master_refresh_repeat ' +
        'vrrp_garp_lower_prio_delay vrrp_garp_lower_prio_repeat vrrp_min_garp',
      ANNOUNCED,
    ),
    row('dropped', 'vrrp_skip_check_adv_addr', 'another list of addresses is a warning, and heard all the same'),
    row('dropped', 'vrrp_check_unicast_src', ONLY_PEERS),
    row('dropped', 'vrrp_higher_prio_send_advert', 'always so: who yields sends one last advertisement (decision 0006)'),
    row('dropped', 'vrrp_owner_ignore_adverts', 'always so: no advertisement changes the state of an owner'),
    row('dropped', 'log_unknown_vrids', '`holdfast status` lists every VRRP speaker that is heard'),
    row('dropped', 'dynamic_interfaces', 'always so: an interface may come and go'),
    row('dropped', 'default_interface', 'each router names its interface'),
    row('dropped', 'linkbeat_use_polling', 'the kernel tells when a link is lost; nothing is polled'),
    row(
      'dropped',
      'max_auto_priority min_auto_priority_delay vrrp_priority vrrp_rt_priority vrrp_rlimit_rtime vrrp_rlimit_rttime vrrp_no_swap vrrp_cpu_affinity',
      REAL_TIME,
    ),
    row(
      'dropped',
      'vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs ' +
        'vrrp_netlink_monitor_rcv_bufs_force process_monitor_rcv_bufs process_monitor_rcv_bufs_force',
      'sizes of buffers are chosen by holdfast',
    ),
    row(
      'dropped',
      'process_names process_name vrrp_process_name checker_process_name lvs_process_name bfd_process_name child_wait_time instance use_pid_dir',
      'about the processes of keepalived',
    ),
    row(
      'dropped',
      'data_use_instance state_dump_file stats_dump_file json_dump_file json_version umask',
      'no dumps: `holdfast status`, `status --json`, `why` and `history` answer at any time',
    ),
    row(
      'dropped',
      'reload_check_config reload_file reload_repeat reload_time_file config_save_dir tmp_config_directory include_check',
      AS_CHECKED,
    ),
    row('dropped', 'iproute_etc_dir iproute_usr_dir random_seed', 'no such names or numbers are needed'),
    row(
      'dropped',
      'vrrp_iptables vrrp_ipsets nftables nftables_counters nftables_ifindex nftables_priority namespace_with_ipsets',
      'with `accept = false` holdfast has an nftables table of its own',
    ),
    row(
      'dropped',
      'vmac_prefix vmac_addr_prefix vrrp_vmac_garp_intvl vrrp_garp_extra_if disable_local_igmp',
      'about virtual MAC addresses; `use_vmac` is the loss',
    ),
    row(
      'unsupported',
      'vrrp_mcast_group4 vrrp_mcast_group6',
      'the multicast group is the one of the RFC: another one is not spoken to (`peers` may help)',
    ),
    row('unsupported', 'vrrp_down_timer_adverts', 'an Active is replaced after 3 intervals without a word, as the RFC has it'),
    row(
      'unsupported',
      'vrrp_startup_delay vrrp_delay_after_boot',
      'no wait after a start; `preempt_delay` keeps a returning machine from taking over at once',
    ),
    row('unsupported', 'vrrp_notify_priority_changes', 'hooks are told of changes of state only'),
    row(
      'unsupported',
      'notify_fifo notify_fifo_script vrrp_notify_fifo vrrp_notify_fifo_script lvs_notify_fifo lvs_notify_fifo_script fifo_write_vrrp_states_on_reload',
      'no FIFO: `on_change` of a router runs a program for each change, in order, with JSON on its standard input',
    ),
    row(
      'unsupported',
      'startup_script startup_script_timeout shutdown_script shutdown_script_timeout',
      'write `ExecStartPre=` or `ExecStopPost=` into the unit: `systemctl edit holdfast`',
    ),
    row(
      'unsupported',
      'net_namespace net_namespace_ipvs',
      'write `NetworkNamespacePath=/run/netns/NAME` into the unit: `systemctl edit holdfast`',
    ),
    row(
      'unsupported',
      'enable_snmp_vrrp enable_snmp_keepalived enable_snmp_checker enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_traps',
      NO_SNMP,
    ),
    row('dropped', 'snmp_socket snmp_vs_stats_update_interval snmp_rs_stats_update_interval', NO_SNMP),
    row('unsupported', 'enable_dbus', 'no D-Bus: `holdfast status --json`, `announce` and `reload` do the same'),
    row('dropped', 'dbus_service_name dbus_no_interface_name', 'no D-Bus'),
    row('unsupported', 'lvs_flush lvs_flush_on_stop lvs_flush_onstop lvs_sync_daemon lvs_timeouts rs_init_notifies nftables_ipvs', NO_LVS),
    row(
      'dropped',
      'nftables_ipvs_priority nftables_ipvs_start_fwmark lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs ' +
        'lvs_netlink_monitor_rcv_bufs_force checker_cpu_affinity checker_log_all_failures checker_no_swap checker_priority checker_rlimit_rtime ' +
        'checker_rlimit_rttime checker_rt_priority',
      NO_LVS,
    ),
    row('dropped', 'bfd_cpu_affinity bfd_no_swap bfd_priority bfd_rlimit_rtime bfd_rlimit_rttime bfd_rt_priority', NO_BFD),
  ],
  vrrp: [
    row('translated', 'vrrp_instance', '`[vrrp.NAME]`'),
    row('translated', 'interface', '`interface`'),
    row('translated', 'virtual_router_id', '`vrid`'),
    row('translated', 'priority', '`priority`; without it 100, but 255 with `state MASTER`'),
    row('translated', 'advert_int', '`advert_interval`'),
    row('translated', 'version', '`version`'),
    row('translated', 'virtual_ipaddress', '`addresses`, with `interface`, `label` and `scope`'),
    row('translated', 'no_virtual_ipaddress', '`addresses = []`'),
    row('translated', 'unicast_peer', '`peers`, with `min_ttl` and `max_ttl`'),
    row('translated', 'unicast_src_ip mcast_src_ip', '`source`'),
    row('translated', 'nopreempt', '`preempt = false`, which needs no `state BACKUP`'),
    row('translated', 'preempt_delay', '`preempt_delay`'),
    row('translated', 'accept no_accept', '`accept`'),
    row('translated', 'dont_track_primary', '`track_interface = false`'),
    row('translated', 'v3_checksum_as_v2', '`checksum = "rfc9568"`; else `"rfc5798"`, the only form that keepalived hears'),
    row('translated', 'authentication auth_type auth_pass', '`password`, in a file of its own; AH is not supported'),
    row('translated', 'track_script track_process track_file', '`track`, with `on_fail = { weight = ... }`'),
    row('translated', 'track_interface', '`track`, and a check of `type = "interface"`; the own interface needs none'),
    row('translated', 'notify', '`on_change`, with the same four arguments'),
    row(
      'changed',
      'notify_master notify_backup notify_fault notify_stop',
      `\`on_active\`, \`on_backup\`, \`on_fault\`, \`on_stop\`; ${ARGUMENTS}`,
    ),
    row('changed', 'notify_deleted', 'a router that a reload takes out calls `on_stop`'),
    row('translated', 'vrrp_script', '`[check.NAME]`, or a `[watchdog.NAME]` where the script restarts nginx'),
    row('translated', 'script', '`run`; `killall -0`, `pidof`, `pgrep`, `systemctl is-active` become checks that need no script'),
    row('translated', 'interval timeout rise fall user', 'the same, where somebody looks; a `process` is told by the kernel'),
    row('translated', 'weight', '`on_fail = { weight = ... }`; without a weight `"demote"`'),
    row('translated', 'init_fail', '`start = "down"`, the default'),
    row('translated', 'vrrp_track_process', '`[check.NAME]` of `type = "process"`'),
    row('translated', 'process', '`name`'),
    row('translated', 'quorum', '`count`'),
    row('translated', 'delay fork_delay terminate_delay', '`up_delay`, `down_delay`'),
    row(
      'unsupported',
      'param_match full_command quorum_max',
      'a process is known by its name; `pid_file` and `cgroup` tell two of one name apart',
    ),
    row('changed', 'strict_mode', '`accept = false`, no password, no `preempt_delay`: what strict mode implies'),
    row('changed', 'unicast_ttl', 'advertisements leave with 255; `min_ttl` lets in what comes from further away'),
    row('changed', 'lower_prio_no_advert', 'a lower priority is answered at once (RFC 9568)'),
    row('dropped', 'state', 'who serves follows from `priority` and health alone'),
    row('dropped', 'preempt', 'the default'),
    row(
      'dropped',
      'garp_master_delay garp_master_repeat garp_master_refresh garp_master_refresh_repeat garp_lower_prio_delay garp_lower_prio_repeat ' +
        'garp_group garp_interval gna_interval interfaces',
      ANNOUNCED,
    ),
    row('dropped', 'skip_check_adv_addr', 'another list of addresses is a warning, and heard all the same'),
    row('dropped', 'check_unicast_src unicast_fault_no_peer', ONLY_PEERS),
    row('dropped', 'track_src_ip', 'always so: without its `source` a machine takes no part'),
    row('dropped', 'promote_secondaries', 'always so'),
    row('dropped', 'higher_prio_send_advert owner_ignore_adverts timer_expired_backup thread_timer_expired', 'always so'),
    row('dropped', 'native_ipv6', 'obsolete: the family follows from the addresses'),
    row('dropped', 'linkbeat_use_polling linkbeat_interfaces', 'the kernel tells when a link is lost; nothing is polled'),
    row('dropped', 'kernel_rx_buf_size debug', 'chosen by holdfast'),
    row(
      'unsupported',
      'virtual_ipaddress_excluded',
      'in `addresses`, and so advertised: a keepalived beside it discards another list than its own',
    ),
    row(
      'unsupported',
      'vrrp_sync_group',
      'routers do not move together; what can be is translated: they share checks, and each watches the links of the others',
    ),
    row('dropped', 'group', 'the members of a group: `vrrp_sync_group` is the loss'),
    row('dropped', 'global_tracking sync_group_tracking_weight', 'the members of a group share their checks'),
    row('unsupported', 'use_vmac use_vmac_addr use_ipvlan', NO_VMAC),
    row('dropped', 'vmac_xmit_base garp_extra_if vmac_garp_intvl', 'about virtual MAC addresses; `use_vmac` is the loss'),
    row('unsupported', 'auth_hmac', NO_HMAC),
    row('dropped', 'key active_key time_window anti_replay mode', 'about signed advertisements; `auth_hmac` is the loss'),
    row('unsupported', 'virtual_routes virtual_rules', 'routes and rules do not move with the role; a hook can set them'),
    row(
      'unsupported',
      'static_ipaddress static_routes static_rules track_group',
      "the machine's own addresses, routes and rules belong into its network configuration",
    ),
    row(
      'unsupported',
      'interface_up_down_delays',
      'a carrier counts at once; `up_delay` and `down_delay` of an `interface` check for other links',
    ),
    row('unsupported', 'mcast_dst_ip', 'the multicast group is the one of the RFC: another one is not spoken to (`peers` may help)'),
    row('unsupported', 'down_timer_adverts', 'an Active is replaced after 3 intervals without a word, as the RFC has it'),
    row(
      'unsupported',
      'old_unicast_checksum',
      'the checksum of keepalived before 1.3.7 is not spoken: upgrade that machine, or replace both together',
    ),
    row('unsupported', 'notify_master_rx_lower_pri notify_priority_changes', 'hooks are told of changes of state only'),
    row('unsupported', 'vrf', 'without an interface there is no router: name the one that the peers are behind'),
    row('unsupported', 'smtp_alert', NO_MAIL),
    row('unsupported', 'lvs_sync_daemon_interface', NO_LVS),
    row('unsupported', 'track_bfd', NO_BFD),
  ],
  file: [
    row('translated', 'track_file vrrp_track_file', '`[check.NAME]` of `type = "file"`, with `on_fail = { weight = "number" }`'),
    row('translated', 'file', '`path`'),
    row('translated', 'weight', 'only 1: the number in the file is the weight'),
    row('dropped', 'init_file', 'a file that is not there is a check that is down; write it at boot (systemd-tmpfiles)'),
  ],
  bfd: [
    row('unsupported', 'bfd_instance', `${NO_BFD}; a check of \`type = "ping"\` sees a neighbour that is gone`),
    row(
      'dropped',
      'neighbor_ip neighbour_ip source_ip min_rx min_tx idle_tx multiplier passive ttl hoplimit max_hops multihop vrrp checker weight',
      `${NO_BFD}; \`bfd_instance\` is the loss`,
    ),
  ],
  lvs: [
    row(
      'unsupported',
      'virtual_server virtual_server_group SSL',
      `${NO_LVS}; the virtual address is. Keep keepalived for this part: \`keepalived --check\``,
    ),
    row(
      'dropped',
      'real_server sorry_server sorry_server_inhibit sorry_server_lvs_method alpha omega quorum quorum_up quorum_down hysteresis ha_suspend ' +
        'lb_algo lb_kind lvs_method lvs_sched hashed flag-1 flag-2 flag-3 sh-port sh-fallback mh-port mh-fallback ops protocol ip_family ' +
        'persistence_engine persistence_granularity persistence_timeout weight uthreshold lthreshold inhibit_on_failure notify_up notify_down ' +
        'delay_loop retry delay_before_retry connect_timeout warmup smtp_alert snmp_name virtualhost ca certificate key password',
      'within a virtual server, which is the loss',
    ),
  ],
  checker: [
    row(
      'dropped',
      'BFD_CHECK DNS_CHECK FILE_CHECK HTTP_GET MISC_CHECK PING_CHECK SMTP_CHECK SSL_GET TCP_CHECK UDP_CHECK alpha bind_if bind_port bindto connect_ip ' +
        'connect_port connect_timeout delay_before_retry delay_loop digest enable_sni fast_recovery fwmark helo_name host http_protocol ' +
        'log_all_failures max_reply_length min_reply_length misc_dynamic misc_path misc_timeout name nb_get_retry path payload regex ' +
        'regex_max_offset regex_min_offset regex_no_match regex_options regex_stack require_reply retry sni_name status_code tls_compliant track_file ' +
        'type url user virtualhost warmup weight',
      'within a real server; the same kinds are checks for virtual routers: `tcp`, `http`, `dns`, `ping`, `command`, `file`',
    ),
  ],
};

/** The rows of a class, in the order of the manual. */
export function rowsOf(where: Class): readonly Row[] {
  return ROWS[where];
}

const BY_WORD = new Map(CLASSES.map(where => [where, new Map(ROWS[where].flatMap(each => each.words.map(word => [word, each] as const)))]));

export function keywordOf(where: Class, word: string): Keyword | null {
  return BY_WORD.get(where)?.get(word) ?? null;
}

/** Every word, for "did you mean". */
export const WORDS: ReadonlySet<string> = new Set(CLASSES.flatMap(where => ROWS[where].flatMap(({ words }) => words)));
