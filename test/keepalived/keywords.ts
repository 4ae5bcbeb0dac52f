// Tests src/keepalived/keywords.ts: every keyword of keepalived's parser has a verdict, a line with it gets a finding, and the manual
// has the table as it is. HOLDFAST_GOLDEN=write rewrites the table in the manual.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CLASSES, type Class, keywordOf, type Row, rowsOf } from '../../src/keepalived/keywords.ts';
import { at, imported } from '../fixtures/keepalived.ts';
import { installedBy } from '../fixtures/keepalived-keywords.ts';

t.test('each keyword of the parser has one verdict, and no other word has any', async t => {
  let words = 0;
  for (const where of CLASSES) {
    const installed = installedBy(where);
    words += installed.length;
    const listed = rowsOf(where).flatMap(row => row.words);
    t.strictSame([...listed].sort(), [...installed].sort(), where);
    t.equal(new Set(listed).size, listed.length, `${where}: none twice`);
  }
  t.equal(words, 383, 'as many as keepalived 2.4.3 has');
});

/** Without what is said once of the first program. */
const GLOBALS = 'global_defs {\nscript_user ops\nenable_script_security\n}\n';
const BASE = 'interface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n192.0.2.200/24\n}\n';

/** A line where keepalived has such a word, complete enough to be read, always the first one. */
const LINES: Readonly<Record<string, string>> = {
  global_defs: 'global_defs {\n}',
  script_user: 'script_user ops',
  vrrp_version: 'vrrp_version 3',
  vrrp_instance: 'vrrp_instance b {\ninterface eth0\nvirtual_router_id 52\nno_virtual_ipaddress\n}',
  interface: 'interface eth0',
  virtual_router_id: 'virtual_router_id 51',
  priority: 'priority 150',
  version: 'version 2',
  advert_int: 'advert_int 1',
  preempt_delay: 'preempt_delay 5',
  state: 'state BACKUP',
  quorum: 'quorum 2',
  delay: 'delay 2',
  fork_delay: 'fork_delay 2',
  terminate_delay: 'terminate_delay 2',
  interval: 'interval 2',
  timeout: 'timeout 2',
  rise: 'rise 2',
  fall: 'fall 2',
  weight: 'weight -2',
  user: 'user ops',
  script: 'script "/bin/true"',
  process: 'process named',
  file: 'file /run/x',
  virtual_ipaddress: 'virtual_ipaddress {\n192.0.2.200/24\n}',
  virtual_ipaddress_excluded: 'virtual_ipaddress_excluded {\n192.0.2.201/24\n}',
  unicast_peer: 'unicast_peer {\n192.0.2.12\n}',
  unicast_src_ip: 'unicast_src_ip 192.0.2.11',
  mcast_src_ip: 'mcast_src_ip 192.0.2.11',
  notify: 'notify "/bin/n"',
  notify_master: 'notify_master "/bin/n"',
  notify_backup: 'notify_backup "/bin/n"',
  notify_fault: 'notify_fault "/bin/n"',
  notify_stop: 'notify_stop "/bin/n"',
  authentication: 'authentication {\nauth_type PASS\nauth_pass x\n}',
  auth_type: 'auth_type PASS\nauth_pass x',
  auth_pass: 'auth_pass x\nauth_type PASS',
  track_script: 'track_script {\nx\n}',
  track_process: 'track_process {\nx\n}',
  track_file: 'track_file {\nx\n}',
  track_interface: 'track_interface {\neth1\n}',
  vrrp_script: 'vrrp_script x {\nscript "/bin/true"\nweight 1\n}',
  vrrp_track_process: 'vrrp_track_process x {\nprocess named\nweight 1\n}',
  vrrp_track_file: 'vrrp_track_file x {\nfile /run/x\n}',
  vrrp_sync_group: 'vrrp_sync_group g {\ngroup {\na\n}\n}',
  group: 'group {\na\n}',
};

const SCRIPT = /^(script|interval|timeout|rise|fall|user|weight|init_fail)$/;
const PROCESS = /^(process|param_match|quorum|quorum_max|delay|fork_delay|terminate_delay|full_command)$/;
const GROUP = /^(group|global_tracking|sync_group_tracking_weight)$/;
const OUTER =
  /^(vrrp_script|vrrp_track_process|vrrp_sync_group|vrrp_instance|static_\w+|track_group|garp_group|linkbeat_interfaces|interface_up_down_delays)$/;

/** A file with a line of that word where keepalived has it, and the number of that line. */
function around(where: Class, word: string): readonly [text: string, line: number] {
  const line = LINES[word] ?? `${word} x`;
  const base = `${where === 'vrrp' ? GLOBALS : ''}vrrp_instance a {\n${BASE}`;
  const tracking = (kind: string, more = ''): string => `${base}track_${kind} {\nx\n}\n}\n${more}`;
  const placed = (text: string, own = line): readonly [string, number] => [
    text,
    text.split('\n').lastIndexOf(own.split('\n')[0] ?? '') + 1,
  ];
  switch (where) {
    case 'global':
      return word === 'global_defs' ? placed(`${line}\n${base}}\n`) : placed(`global_defs {\n${line}\n}\n${base}}\n`);
    case 'file':
      if (/track_file$/.test(word)) return placed(tracking('file', `${word} x {\nfile /run/x\n}\n`), `${word} x {`);
      return word === 'weight'
        ? placed(tracking('file', 'track_file x {\nfile /run/x\nweight 1\n}\n'), 'weight 1')
        : placed(tracking('file', `track_file x {\n${word === 'file' ? '' : 'file /run/x\n'}${line}\n}\n`));
    case 'bfd':
      return word === 'bfd_instance'
        ? placed(`bfd_instance x {\n}\n${base}}\n`, 'bfd_instance x {')
        : placed(`bfd_instance b {\n${word} x\n}\n${base}}\n`, `${word} x`);
    case 'lvs':
    case 'checker':
      return /^(virtual_server|virtual_server_group|SSL)$/.test(word)
        ? placed(`${word} x {\n}\n${base}}\n`, `${word} x {`)
        : placed(`virtual_server 192.0.2.200 80 {\n${word} x\n}\n${base}}\n`, `${word} x`);
    case 'vrrp':
      if (SCRIPT.test(word))
        return placed(tracking('script', `vrrp_script x {\n${word === 'script' ? '' : 'script "/bin/true"\n'}${line}\n}\n`));
      if (PROCESS.test(word))
        return placed(tracking('process', `vrrp_track_process x {\n${word === 'process' ? '' : 'process named\n'}${line}\n}\n`));
      if (GROUP.test(word)) return placed(`${base}}\nvrrp_sync_group g {\n${line}\n}\n`);
      if (word === 'vrrp_script') return placed(tracking('script', `${line}\n`));
      if (word === 'vrrp_track_process') return placed(tracking('process', `${line}\n`));
      if (OUTER.test(word)) return placed(`${base}}\n${line}\n`);
      if (/^auth_(type|pass)$/.test(word)) return placed(`${base}authentication {\n${line}\n}\n}\n`);
      if (/^(key|active_key|time_window|anti_replay|mode)$/.test(word)) return placed(`${base}auth_hmac {\n${line}\n}\n}\n`);
      if (/^(garp_interval|gna_interval|interfaces)$/.test(word)) return placed(`${base}}\ngarp_group {\n${line}\n}\n`);
      if (/^track_(script|process|file)$/.test(word)) {
        const kind =
          word === 'track_script'
            ? 'vrrp_script x {\nscript "/bin/true"\n}'
            : word === 'track_process'
              ? 'vrrp_track_process x {\nprocess named\n}'
              : 'track_file x {\nfile /run/x\n}';
        return placed(`${base}${line}\n}\n${kind}\n`);
      }
      return placed(`${base.replace(/^(interface|virtual_router_id) .*\n/gm, all => (all.startsWith(`${word} `) ? '' : all))}${line}\n}\n`);
  }
}

/** A word within a block that is lost as a whole: that block is what the report is about. */
function coveredBy(outcome: Awaited<ReturnType<typeof imported>>, line: number) {
  return at(outcome, line) ?? outcome.findings.find(each => each.line <= line && line <= each.endLine);
}

for (const where of CLASSES) {
  t.test(`a line with each word of ${where} gets its verdict`, async t => {
    for (const word of installedBy(where)) {
      const [text, line] = around(where, word);
      const outcome = await imported(text);
      const finding = coveredBy(outcome, line);
      const wanted = keywordOf(where, word)?.verdict;
      // Within a block that is lost, the block is.
      const within = finding !== undefined && finding.line < line ? ['unsupported', 'dropped', 'changed'] : [wanted];
      t.ok(line > 0 && within.some(verdict => verdict === finding?.verdict), `${word}: ${wanted}`, { finding, text });
      t.not(outcome.toml, null, `${word}: it is translated`);
    }
  });
}

t.test('the manual has the table', async t => {
  const manual = join(import.meta.dirname, '../../docs/from-keepalived.md');
  const TITLES: Readonly<Record<Class, string>> = {
    vrrp: 'Instances, groups, scripts, processes',
    file: 'Track files',
    global: '`global_defs` and the top of the file',
    lvs: 'Virtual and real servers',
    checker: 'Checkers',
    bfd: 'BFD',
  };
  const tables = (['vrrp', 'file', 'global', 'lvs', 'checker', 'bfd'] as const).map(where => `### ${TITLES[where]}\n\n${wordsOf(where)}`);
  const table = `<!-- words -->\n${tables.join('\n')}<!-- end of words -->`;
  const text = readFileSync(manual, 'utf8');
  const written = text.replace(/<!-- words -->[\s\S]*<!-- end of words -->/, () => table);
  if (process.env.HOLDFAST_GOLDEN === 'write') writeFileSync(manual, written);
  t.match(text, '<!-- words -->');
  t.equal(readFileSync(manual, 'utf8'), written, 'HOLDFAST_GOLDEN=write node test/keepalived/keywords.ts writes it');
});

const LISTS = [
  ['changed', 'With another meaning'],
  ['unsupported', 'Not supported'],
  ['dropped', 'Not needed'],
] as const;

/** What means the same as a table, the rest as lists by what is said of it. */
function wordsOf(where: Class): string {
  const rows = (verdict: Row['verdict']) =>
    rowsOf(where)
      .filter(row => row.verdict === verdict)
      .map(({ words, says }) => ({ words: words.map(word => `\`${word}\``).join(' '), says }));
  const same = rows('translated').map(({ words, says }) => `| ${words} | ${says} |\n`);
  const table = same.length === 0 ? [] : [`| word | here |\n|---|---|\n${same.join('')}`];
  const lists = LISTS.flatMap(([verdict, title]) => {
    const items = rows(verdict).map(({ words, says }) => `${wrapped(`- ${says}: ${words}`)}\n`);
    return items.length === 0 ? [] : [`${title}:\n\n${items.join('')}`];
  });
  return [...table, ...lists].join('\n');
}

function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    const longer = `${lines[last]}${lines[last] === '' ? '' : ' '}${word}`;
    if (longer.length <= 138) lines[last] = longer;
    else lines.push(`  ${word}`);
  }
  return lines.join('\n');
}
