// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so keepalived.conf has it.
// Files that are hard to read: each becomes a translation or a refusal with its line, never a crash, and never silence.
// What the report says of them is what an operator would need to know.
import t from 'tap';
import { brief, broken, imported, instance, type World } from '../fixtures/keepalived.ts';

/** `line verdict text` that must be among what is said; a refusal has nothing else to show. */
type Said = readonly [line: number, verdict: string, says: RegExp];

interface Case {
  readonly told: string;
  readonly text: string;
  readonly world?: World;
  /** Parts of the TOML, in this order; null: refused. */
  readonly toml: readonly string[] | null;
  readonly said?: readonly Said[];
}

const BODY = 'interface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n192.0.2.200/24\n}\n';
const WEB = 'interface = "eth0"\nvrid = 51';

const CASES: readonly Case[] = [
  { told: 'an empty file', text: '', toml: null, said: [[1, 'refused', /no vrrp_instance/]] },
  { told: 'comments alone', text: '! a\n# b\n\n', toml: null, said: [[1, 'refused', /no vrrp_instance/]] },
  {
    told: 'comments with both characters, behind values, with quotes in them',
    text: instance('  priority 150 # it\'s "ours', '  ! "', '#}', 'advert_int 2!x'),
    toml: ['priority = 150', 'advert_interval = "2s"'],
  },
  {
    told: 'Windows line ends, tabs, a byte order mark, trailing blanks',
    text: `\ufeff${instance('\tpriority\t150  ').replaceAll('\n', '\r\n')}`,
    toml: [WEB, 'priority = 150'],
  },
  {
    told: 'the brace on the next line, and braces wherever they like',
    text: 'vrrp_instance web\n{\ninterface eth0 virtual_ipaddress\n{ 192.0.2.200/24 }\nvirtual_router_id 51 }',
    toml: null,
    said: [[3, 'refused', /no braces/]],
  },
  {
    told: 'braces on one line',
    text: 'vrrp_instance web { interface eth0\nvirtual_router_id 51\nvirtual_ipaddress { 192.0.2.200/24 } priority 120 }\n',
    toml: ['[vrrp.web]', 'priority = 120', 'addresses = ["192.0.2.200/24"]'],
  },
  { told: 'a brace that is never closed', text: `vrrp_instance web {\n${BODY}`, toml: null, said: [[1, 'refused', /never closed/]] },
  {
    told: 'a brace that is missing before the next block',
    text: `vrrp_instance a {\ninterface eth0\ntrack_script {\nx\n}\nvrrp_instance b {\n${BODY}}\n`,
    toml: null,
    said: [[1, 'refused', /still open where `vrrp_instance b`.*line 6/]],
  },
  { told: 'a brace too many', text: `${instance()}}\n`, toml: null, said: [[8, 'refused', /never opened/]] },
  { told: 'a brace before anything', text: `{\n${instance()}`, toml: null, said: [[1, 'refused', /nothing stands before it/]] },
  {
    told: 'braces behind a word that has none',
    text: instance('no_accept track_script {\nchk\n}'),
    toml: null,
    said: [[8, 'refused', /has no block/]],
  },
  {
    told: 'stray text before the first block',
    text: `Configuration File for keepalived\n\n${instance()}`,
    toml: [WEB],
    said: [[1, 'unsupported', /does not know this word/]],
  },
  {
    told: 'two statements on a line: the second one is not read',
    text: instance('state MASTER priority 150'),
    toml: ['priority = 255'],
    said: [[7, 'unsupported', /`priority` is not read/]],
  },
  {
    told: '`weight=0`',
    text: `vrrp_script chk {\nscript "/bin/true"\nweight=0\n}\n${instance('track_script {\nchk\n}')}`,
    toml: ['on_fail = "demote"'],
    said: [[3, 'unsupported', /a blank belongs behind `weight`/]],
  },
  {
    told: 'units behind numbers, semicolons behind values',
    text: `vrrp_script chk {\nscript "/bin/true"\ninterval 2s\nfall 3;\ntimeout 500ms\nweight -5,\n}\n${instance('priority 150;', 'advert_int 1s', 'track_script {\nchk\n}')}`,
    toml: ['priority = 150', 'advert_interval = "1s"', 'interval = "2s"', 'timeout = "500ms"', 'fall = 3', 'weight = -5'],
    said: [
      [3, 'changed', /reads no units/],
      [14, 'changed', /without `;`/],
    ],
  },
  {
    told: 'values that are none',
    text: instance('priority high', 'advert_int fast', 'preempt_delay soon', 'version 4', 'unicast_src_ip eth0'),
    toml: null,
    said: [
      [7, 'refused', /number from 1 to 255.*takes 100/],
      [8, 'refused', /takes 1/],
      [9, 'refused', /number of seconds/],
      [10, 'refused', /number from 2 to 3/],
      [11, 'refused', /no address/],
    ],
  },
  {
    told: 'an instance without what it needs',
    text: 'vrrp_instance web {\nstate MASTER\n}\nvrrp_instance {\n}\nvrrp_instance a b {\n}\nvrrp_instance c\n',
    toml: null,
    said: [
      [1, 'refused', /no `virtual_router_id`.*no `interface`|no `interface`.*no `virtual_router_id`/],
      [4, 'refused', /one name/],
      [6, 'refused', /one name/],
      [8, 'refused', /one name/],
    ],
  },
  {
    told: 'addresses that cannot be',
    text: 'vrrp_instance web {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n192.0.2.256/24\n192.0.2.0/24\n192.0.2.1/33\n10.1\n192.0.2.9 dev\n}\n}\n',
    toml: null,
    said: [
      [5, 'refused', /no IP address/],
      [6, 'refused', /address of the network/],
      [7, 'refused', /prefix length/],
      [8, 'refused', /no IP address/],
      [9, 'refused', /nothing stands behind `dev`/],
    ],
  },
  {
    told: 'an interface that is none, and the loopback',
    text: `vrrp_instance a {\ninterface eth0:1\nvirtual_router_id 1\nvirtual_ipaddress {\n192.0.2.1\n}\n}\nvrrp_instance b {\ninterface lo\nvirtual_router_id 2\nvirtual_ipaddress {\n192.0.2.2\n}\n}\n`,
    toml: null,
    said: [
      [2, 'refused', /colon/],
      [9, 'refused', /loopback/],
    ],
  },
  {
    told: 'templates of all tastes',
    text: 'interface {{ iface }}\npriority ${PRIO}\nauth_pass <your password>\nvirtual_router_id @@VRID@@\nstate %STATE%\nnotify "/bin/x <STATE>"\n{% if x %}\n<% if %>\ninterface $IFACE\nadvert_int __INT__\ndebug @DEBUG@\n{# no #}\n',
    toml: null,
    said: Array.from({ length: 12 }, (_, i): Said => [i + 1, 'refused', /placeholder/]),
  },
  {
    told: 'dollars of the shell are no placeholders',
    text: `vrrp_script chk {\nscript "/bin/sh -c 'test -e /run/$(hostname) && test \${X:-1} = 1'"\n}\n${instance('track_script {\nchk\n}', 'notify "/bin/n $HOME"')}`,
    toml: ['on_change = ["/bin/n", "$HOME"]', `run = ["/bin/sh", "-c", "test -e /run/$(hostname) && test \${X:-1} = 1"]`],
  },
  {
    told: 'definitions, also of several lines, in braces and in each other',
    text: `$IF = eth0\n$VIP=192.0.2.200\n$BLOCK=\\\ninterface $IF \\\nvirtual_router_id 51\nvrrp_instance web {\n$BLOCK\nvirtual_ipaddress {\n\${VIP}/24 dev $IF\n}\n}\n`,
    toml: [WEB, 'addresses = ["192.0.2.200/24"]'],
    said: [
      [1, 'changed', /no blank before the `=`/],
      [3, 'translated', /wherever its name stands/],
    ],
  },
  {
    told: 'a definition that leads to itself',
    text: `$A=x $B y\n$B=$A z\n${instance('notify "$A"', 'state $A')}`,
    toml: null,
    said: [[10, 'refused', /leads to itself/]],
  },
  {
    told: 'what is known on the machine only',
    text: instance('priority ${_ENV PRIO}', 'state ${_RANDOM 1 2}'),
    toml: null,
    said: [[7, 'refused', /running machine only/]],
  },
  {
    told: 'a sequence',
    text: '$N=2\n~SEQ(I, 1, $N) vrrp_instance VI_${I} { interface eth${I}\n}\n',
    toml: null,
    said: [[2, 'translated', /repeated 2 times/]],
  },
  {
    told: 'a sequence within a list',
    text: 'vrrp_instance web {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n~SEQ(I, 10, 20, 30) 192.0.2.${I}/24\n}\n}\n',
    toml: ['addresses = ["192.0.2.10/24", "192.0.2.30/24"]'],
    said: [[5, 'translated', /repeated 2 times/]],
  },
  { told: 'a list of lists', text: instance('~LST(I,{1,2}) priority ${I}'), toml: null, said: [[7, 'refused', /write the lines out/]] },
  {
    told: 'lines of other machines',
    text: instance('@a priority 150', '@b priority 100', '@^a nopreempt', '@^b state MASTER'),
    world: { id: 'a' },
    toml: ['priority = 150'],
    said: [
      [8, 'dropped', /for b only/],
      [9, 'dropped', /every machine but a/],
    ],
  },
  {
    told: 'lines of other machines, and nobody says which this is',
    text: instance('@a priority 150', '@^a priority 90'),
    toml: ['priority = 90'],
    said: [[7, 'dropped', /--config-id NAME/]],
  },
  {
    told: 'included files, by pattern, in each other',
    text: 'include conf.d/*.conf\ninclude "one.conf"\n',
    world: {
      files: {
        '/etc/keepalived/conf.d/a.conf': instance(),
        '/etc/keepalived/conf.d/b.conf': 'include ../two.conf\n',
        '/etc/keepalived/two.conf': instance().replace('web', 'two').replaceAll('51', '52').replace('.200', '.201'),
        '/etc/keepalived/one.conf': 'global_defs {\nvrrp_version 3\n}\n',
      },
    },
    toml: ['[vrrp.web]', '[vrrp.two]', 'version = 3'],
  },
  {
    told: 'files that include themselves',
    text: 'include a.conf\n',
    world: { files: { '/etc/keepalived/a.conf': 'include b.conf\n', '/etc/keepalived/b.conf': 'include a.conf\n' } },
    toml: null,
    said: [[1, 'refused', /includes itself: .*a\.conf -> .*b\.conf -> .*a\.conf/]],
  },
  {
    told: 'an included file that is not there',
    text: `include no/*.conf\n${instance()}`,
    toml: [WEB],
    said: [[1, 'unsupported', /no file has that name/]],
  },
  {
    told: 'a quote that is not closed',
    text: instance('notify "/bin/x', "notify_master '/bin/y"),
    toml: null,
    said: [[7, 'refused', /no other half/]],
  },
  {
    told: 'single quotes that are not closed, and a command that is empty',
    text: instance("notify_master '/bin/y", 'notify ""'),
    toml: null,
    said: [
      [7, 'refused', /no other half/],
      [8, 'refused', /./],
    ],
  },
  {
    told: 'everything said twice',
    text: instance(
      'priority 100',
      'priority 120',
      'notify "/bin/a"',
      'notify "/bin/b"',
      'virtual_ipaddress {\n192.0.2.200/24\n192.0.2.201/24\n}',
      'nopreempt',
      'preempt',
    ),
    toml: ['priority = 120', 'addresses = ["192.0.2.200/24", "192.0.2.201/24"]', 'on_change = "/bin/a"'],
    said: [
      [7, 'dropped', /said again on line 8/],
      [10, 'dropped', /line 9/],
      [12, 'dropped', /twice/],
      [15, 'dropped', /`preempt` behind it counts/],
    ],
  },
  {
    told: 'two instances of one name, of one VRID, with one address',
    text: `${instance()}${instance()}${instance().replace('web', 'other').replace('.200', '.201')}`,
    toml: null,
    said: [
      [8, 'unsupported', /of that name on line 1/],
      [15, 'refused', /same `vrid` 51 on eth0/],
    ],
  },
  {
    told: 'names that holdfast cannot have',
    text: `vrrp_script "läuft es?" {\nscript "/bin/true"\n}\n${instance('track_script {\n"läuft es?"\n}').replace('web', 'VI/ä.1')}${instance().replace('web', '/').replaceAll('51', '52').replace('.200', '.201')}`,
    toml: ['[vrrp."VI-.1"]', '[vrrp.unnamed]', '[check.l-uft-es]'],
  },
  {
    told: 'scripts that are tracked and never defined, defined and never tracked',
    text: `vrrp_script idle {\nscript "/bin/true"\n}\n${instance('track_script {\nghost\n}')}`,
    toml: [WEB],
    said: [
      [1, 'dropped', /nobody|no instance tracks it/],
      [11, 'unsupported', /nothing of that name/],
    ],
  },
  {
    told: 'a script with nothing in it',
    text: `vrrp_script a {\n}\nvrrp_script b {\nscript\n}\nvrrp_script\n${instance('track_script {\na\nb\n}')}`,
    toml: null,
    said: [[6, 'refused', /a name/]],
  },
  {
    told: 'version 2 with IPv6, version 3 with a password, both families in one list',
    text: `vrrp_instance six {\ninterface eth0\nversion 2\nvirtual_router_id 6\nvirtual_ipaddress {\n2001:db8::1/64\n192.0.2.7/24\n}\n}\n${instance('version 3', 'authentication {\nauth_type PASS\nauth_pass x\n}')}`,
    toml: ['version = 3', 'addresses = ["2001:db8::1/64"]', 'version = 3', 'checksum = "rfc5798"'],
    said: [
      [3, 'changed', /IPv6 has version 3 only/],
      [7, 'unsupported', /other family/],
      [17, 'dropped', /version 3 has no passwords/],
    ],
  },
  {
    told: 'an interval that no group can have',
    text: instance('advert_int 60'),
    toml: null,
    said: [[7, 'refused', /at most 40s/]],
  },
  {
    told: 'a password that is cut in the middle of a character',
    text: instance('authentication {\nauth_type PASS\nauth_pass 1234567ä\n}'),
    toml: null,
    said: [[9, 'refused', /middle of a character/]],
  },
  {
    told: 'what says what is so anyway is no loss',
    text: `global_defs {\nvrrp_mcast_group4 224.0.0.18\nvrrp_down_timer_adverts 3\nsmtp_alert off\nvrrp_startup_delay 0\n}\n${instance('unicast_ttl 255', 'smtp_alert no')}`,
    toml: [WEB],
    said: [2, 3, 4, 5, 13, 14].map((line): Said => [line, 'dropped', /^the default$/]),
  },
  {
    told: 'a fault that is none here',
    text: `vrrp_script chk {\nscript "/bin/true"\ninterval 0\n}\n${instance('track_script {\nchk\n}', 'notify_fault "/bin/f"')}`,
    toml: ['track = ["chk"]', 'on_fault = "/bin/f"', 'interval = "1s"'],
    said: [
      [3, 'changed', /interval = "1s"/],
      [14, 'changed', /demotes and is no fault/],
    ],
  },
  {
    told: 'the own interface, tracked although it is not',
    text: instance('dont_track_primary', 'track_interface {\neth0 weight -20\n}'),
    toml: ['track_interface = false', '{ name = "link-eth0", on_fail = { weight = -20 } }', '[check.link-eth0]'],
  },
  {
    told: 'strict mode with what it refuses',
    text: instance('strict_mode', 'preempt_delay 5', 'unicast_peer {\n192.0.2.12\n}', 'authentication {\nauth_type PASS\nauth_pass x\n}'),
    toml: ['`preempt_delay = "5s"` makes it true', 'accept = false', 'peers = ["192.0.2.12"]'],
    said: [
      [8, 'changed', /strict mode has none/],
      [9, 'changed', /refuses an instance with peers/],
      [12, 'dropped', /strict mode has no passwords/],
    ],
  },
  { told: 'blocks within blocks within blocks', text: 'a {\n'.repeat(100), toml: null, said: [[33, 'refused', /deep/]] },
  { told: 'NUL characters', text: `${instance()}\0`, toml: null, said: [[1, 'refused', /NUL/]] },
  {
    told: 'what would move the cursor of a terminal',
    text: instance('\u001b[2Jstate\u202e x', 'notify "/bin/\u001b]0,x\u0007"', 'notify_stop "/bin/\u202e\u{e0041}\ud800\\\\"'),
    toml: ['on_stop = "/bin/\\u202E\\U000E0041\\uFFFD\\\\"', 'on_change = "/bin/\\u001B]0,x\\u0007"'],
  },
  {
    told: 'lines that backslashes join',
    text: instance('notify "/bin/x \\\nabc"', 'priority \\\n150'),
    toml: ['priority = 150', 'on_change = ["/bin/x", "abc"]'],
    said: [[7, 'changed', /joined/]],
  },
  { told: 'no line end at the end', text: instance('priority 7').trimEnd(), toml: ['priority = 7'] },
  {
    told: 'a file that is something else',
    text: '<?xml version="1.0"?>\n<network><forward mode="nat"/></network>\n',
    toml: null,
    said: [[1, 'refused', /placeholder/]],
  },
  { told: 'JSON', text: '{ "vrrp": { "priority": 150 } }\n', toml: null, said: [[1, 'refused', /nothing stands before it/]] },
];

for (const { told, text, world, toml, said = [] } of CASES) {
  t.test(told, async t => {
    const outcome = await imported(text, world);
    t.strictSame(await broken(text, outcome, world), []);
    if (toml === null) t.equal(outcome.toml, null, 'refused', { said: brief(outcome), toml: outcome.toml });
    else {
      let from = 0;
      for (const part of toml) {
        const found = (outcome.toml ?? '').indexOf(part, from);
        t.ok(found >= 0, part, { toml: outcome.toml, said: brief(outcome) });
        from = Math.max(from, found + 1);
      }
    }
    for (const [line, verdict, says] of said) {
      const there = outcome.findings.filter(each => each.line === line && each.verdict === verdict && says.test(each.says));
      t.ok(there.length > 0, `line ${line}: ${verdict} ${says}`, { said: brief(outcome) });
    }
  });
}

t.test('10 MB are read in seconds, or refused', async t => {
  const started = process.hrtime.bigint();
  const many = Array.from(
    { length: 20_000 },
    (_, i) => `virtual_server 192.0.2.1 ${i} {\n  real_server 192.0.2.2 80 {\n    weight 1 # ${'x'.repeat(400)}\n  }\n}\n`,
  );
  const text = `${many.join('')}${instance()}`;
  t.ok(text.length > 9_000_000, `${text.length} characters`);
  const outcome = await imported(text);
  t.match(outcome.toml, WEB);
  t.equal(outcome.findings.filter(({ verdict }) => verdict === 'unsupported').length, 20_000);
  const line = await imported(`${'x'.repeat(10_000_000)} ${'{ a '.repeat(3)}`);
  t.equal(line.toml, null);
  t.ok(
    line.findings.every(({ text: shown, says }) => shown.length < 100 && says.length < 1000),
    'and nothing repeats it',
  );
  const huge = await imported('# x\n'.repeat(5_000_000));
  t.match(brief(huge)[0], /16 MiB/);
  t.ok(Number(process.hrtime.bigint() - started) / 1e9 < 30, 'all of it within 30 s');
});
