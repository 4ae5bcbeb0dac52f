// Drill: keepalived.conf files as they were found in the wild, adapted in the names of their interfaces only, moved to holdfast as
// docs/from-keepalived.md says: the Backup is replaced, takes over, the other one is replaced, all goes back. At each step the address is
// where the pair of keepalived had it. Must not know how a file is translated: `holdfast import` does that, and nobody helps.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { now, sleep } from '../lab/clock.ts';
import { holdfast, statusOf } from '../lab/control.ts';
import { type Daemon, start } from '../lab/daemon.ts';
import { drill, HANDOVER_MS, type Lab } from '../lab/drill.ts';
import { ip, run } from '../lab/exec.ts';
import { EXECUTABLE, type Holdfast, startWith } from '../lab/holdfast.ts';
import { runKeepalived } from '../lab/keepalived.ts';
import { kindMissing } from '../lab/speaker.ts';
import { exactlyOneHolder, outageAtMost } from '../lab/verdict.ts';

type Name = 'a' | 'b';

interface Sample {
  readonly file: string;
  /** What is said there of the machine's own interface. */
  readonly device: string;
  /** Where each address belongs, by the priorities of the two files. */
  readonly homes: Readonly<Record<string, Name>>;
  /** Own addresses of the nodes, which the file expects. */
  readonly own: Readonly<Record<Name, string>>;
  /** What its author says to change on the other machine. */
  partner(text: string): string;
  /** A process that must run for the file's check to be good. */
  readonly process?: string;
  /** What to change beside the names of interfaces. */
  readonly also?: (text: string) => string;
  readonly told: string;
}

const CROSSED: Sample = {
  told: 'two instances with crossed priorities and passwords, multicast',
  file: 'dual-master-01',
  device: 'eth0',
  homes: { '192.168.4.200': 'a', '192.168.4.201': 'b' },
  own: { a: '192.168.4.1/24', b: '192.168.4.2/24' },
  partner: text =>
    text
      .replaceAll(/priority (\d+)/g, (_, old) => `priority ${old === '150' ? 100 : 150}`)
      .replaceAll(/state (\w+)/g, (_, old) => `state ${old === 'MASTER' ? 'BACKUP' : 'MASTER'}`),
};

const SAMPLES: readonly Sample[] = [
  CROSSED,
  {
    // The address is on b only if the bonus of the check counts on both sides, +2 each: 101 is less than 102.
    told: 'unicast, a check by killall with a bonus',
    file: 'k8s-apiserver-01',
    device: 'eth1',
    homes: { '192.168.56.100': 'b' },
    own: { a: '192.168.56.121/24', b: '192.168.56.122/24' },
    process: 'haproxy',
    partner: text =>
      text
        .replace('priority 100', 'priority 101')
        .replace(/192\.168\.56\.12[12]\b/g, old => (old.endsWith('1') ? '192.168.56.122' : '192.168.56.121')),
  },
];

/** The same again, in the version whose checksum is the trap: one line more in its global_defs. */
const VERSION_3: Sample = {
  ...CROSSED,
  told: 'two instances, version 3',
  also: text => text.replace('global_defs {', 'global_defs {\n   vrrp_version 3'),
};

const HOW_LONG = 15_000;

async function move(t: Test, lab: Lab, sample: Sample): Promise<void> {
  const addresses = Object.keys(sample.homes);
  const files = { a: writeConf(lab, sample, 'a'), b: writeConf(lab, sample, 'b') };
  await ip(lab.network.client.namespace, ['route add 192.168.0.0/16 dev hf0']);
  for (const node of ['a', 'b'] as const) await ip(lab.node(node).namespace, [`address add ${sample.own[node]} dev hf0`]);
  if (sample.process !== undefined) lab.watch(pretend(lab, sample.process));

  const pair = { a: keepalived(lab, 'a', files.a), b: keepalived(lab, 'b', files.b) };
  const home = async (told: string, where: Readonly<Record<string, Name>> = sample.homes): Promise<void> => {
    for (const address of addresses) await lab.observer.servesAlone(where[address] ?? 'a', address, HOW_LONG);
    const from = now();
    await sleep(700);
    const window = await lab.window(from);
    for (const address of addresses) lab.judge(exactlyOneHolder(window, address, where[address] ?? 'a'), told);
  };
  await home('a pair of keepalived');

  await pair.b.stop();
  const b = await imported(lab, 'b', files.b);
  await home('holdfast in the place of one');
  const status = await statusOf(b.socket);
  t.strictSame(
    status.neighbours.map(({ reason }) => reason).filter(reason => reason !== null),
    [],
    'and nothing to remark about the other',
  );

  const moves = addresses.some(address => sample.homes[address] === 'a');
  if (!moves) {
    await pair.a.stop();
    await imported(lab, 'a', files.a);
    return home('a pair of holdfast');
  }
  const promoted = now();
  const answer = await holdfast(b.socket, 'promote');
  t.equal(answer.code, 0, `promote: ${answer.out}${answer.err}`);
  const there = Object.fromEntries(addresses.map(address => [address, 'b'] as const));
  await home('promoted beside keepalived', there);
  const moved = await lab.window(promoted);
  for (const address of addresses) lab.judge(outageAtMost(moved, address, HANDOVER_MS), 'promoted');

  await pair.a.stop();
  await imported(lab, 'a', files.a);
  await home('holdfast on both', there);
  const resumed = now();
  t.equal((await holdfast(b.socket, 'resume')).code, 0, 'resume');
  await home('a pair of holdfast');
  const back = await lab.window(resumed);
  for (const address of addresses) lab.judge(outageAtMost(back, address, HANDOVER_MS), 'back');
}

function writeConf(lab: Lab, { file, device, partner, also = text => text }: Sample, node: Name): string {
  const original = readFileSync(join(import.meta.dirname, '../../keepalived/golden', `${file}.conf`), 'utf8');
  const text = also(node === 'a' ? original : partner(original)).replaceAll(device, 'hf0');
  const folder = join(lab.network.folder, node);
  mkdirSync(folder);
  const path = join(folder, 'keepalived.conf');
  writeFileSync(path, text);
  return path;
}

function keepalived(lab: Lab, name: Name, file: string): Daemon {
  const daemon = runKeepalived(lab.node(name), file, `${file}.`, ['chrt', '--rr', '40']);
  lab.watch(daemon);
  return daemon;
}

/** What an operator does: import, look at nothing, run. */
async function imported(lab: Lab, name: Name, file: string): Promise<Holdfast> {
  const toml = file.replace(/keepalived\.conf$/, 'holdfast.toml');
  await run(EXECUTABLE, ['import', file, '--output', toml]);
  const daemon = startWith(lab.network, lab.node(name), ['run', '--config', toml]);
  lab.watch(daemon);
  await daemon.says(/to=(backup|active)/, HOW_LONG);
  return daemon;
}

/** A process of that name, which does nothing. */
function pretend(lab: Lab, name: string): Daemon {
  const path = join(lab.network.folder, name);
  copyFileSync('/bin/sleep', path);
  return start(lab.node('a'), { name, command: [path, '600'] });
}

const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? kindMissing('keepalived') : 'it is about holdfast';
// Version 3 is the same story once more, and told where there is time.
for (const sample of process.env.HOLDFAST_RELOADS === undefined ? SAMPLES : [...SAMPLES, VERSION_3]) {
  const options = { addresses: Object.keys(sample.homes), limitMs: 120_000, missing };
  await drill(`${sample.file}: ${sample.told}`, options, (t, lab) => move(t, lab, sample));
}
