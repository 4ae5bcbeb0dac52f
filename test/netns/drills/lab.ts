// Drill: `holdfast lab`, driven as by somebody who tries holdfast: up, each fault and its end with the outage that it tells, down, and
// commands that are killed half-way. Must not know how the verb makes its network: only the executable, and what the machine shows.
import { execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { now, until } from '../lab/clock.ts';
import { HANDOVER_MS, marginMs } from '../lab/drill.ts';
import { run, runNow } from '../lab/exec.ts';
import { onExit, prepare, whyNot } from '../lab/guard.ts';
import { EXECUTABLE, missing } from '../lab/holdfast.ts';
import { downMs } from '../lab/protocol.ts';

const FOLDER = '/run/holdfast-lab';
const INTERVAL = 100;
/** Priority of edge-b in the usual laboratory. */
const NEXT = 180;
/** Between two requests of its client, and what it calls its own rhythm, ms. */
const REQUESTS = 10;
const RHYTHM = 50;

const namespaces = () => (existsSync('/run/netns') ? readdirSync('/run/netns').filter(name => name.startsWith('hf-lab-')) : []);
const busy = () => (existsSync(FOLDER) || namespaces().length > 0 ? 'a laboratory is up: holdfast lab down' : null);

const why = whyNot() ?? missing() ?? busy();
if (why !== null) process.stderr.write(`SKIPPED holdfast lab: ${why}\n`);
const skip = why === null ? {} : { skip: why };
t.setTimeout(900_000);

interface Answer {
  readonly code: number | string | null | undefined;
  readonly out: string;
  readonly err: string;
}

function lab(...args: readonly string[]): Promise<Answer> {
  return new Promise(resolve => {
    execFile(EXECUTABLE, ['lab', ...args], { encoding: 'utf8', timeout: 90_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : error.code, out, err }),
    );
  });
}

interface Seen {
  readonly nodes: readonly {
    readonly name: string;
    readonly fault: { readonly what: string } | null;
    readonly routers: readonly { readonly state: string }[] | null;
  }[];
  readonly targets: readonly { readonly who: string | null }[];
  readonly last: {
    readonly did: string;
    readonly outages: readonly {
      readonly before: string | null;
      readonly after: string | null;
      readonly longestMs: number;
      readonly lost: number;
      readonly lateMs: number;
    }[];
  } | null;
}

async function seen(): Promise<Seen> {
  return JSON.parse((await lab('status', '--json')).out);
}

/** What the last command has left written down; quicker than to ask. */
function noted(): Pick<Seen, 'last'> & { readonly faults: readonly { readonly node: string; readonly what: string }[] } {
  return JSON.parse(readFileSync(`${FOLDER}/state.json`, 'utf8'));
}

/** What of this machine the laboratory must leave as it was. */
function machine() {
  const ours = (pid: string): boolean => {
    try {
      return /holdfast-lab|hf-lab-/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1')) && pid !== String(process.pid);
    } catch {
      return false;
    }
  };
  return {
    namespaces: namespaces(),
    links: runNow('ip', ['-o', '-br', 'link', 'show']),
    addresses: runNow('ip', ['-o', '-br', 'address', 'show']),
    // Others mount what they like meanwhile.
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter(line => /\/run\/(systemd|dbus|holdfast-lab|netns(\/hf-lab-\S*)?) /.test(line)),
    folder: existsSync(FOLDER),
    processes: readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && ours(pid)),
  };
}

/** How late this machine lets an ordinary process be: what three of them in a row may have cost, ms. */
function control(): (from: number) => number {
  const naps: { at: number; late: number }[] = [];
  let due = now() + 5000;
  const timer = setInterval(() => {
    naps.push({ at: now(), late: (now() - due) / 1000 });
    due = now() + 5000;
  }, 5);
  timer.unref();
  return from => 3 * Math.max(0, ...naps.filter(({ at }) => at >= from).map(({ late }) => late));
}

t.test('holdfast lab', { ...skip, timeout: 900_000 }, async t => {
  await prepare();
  onExit(() => {
    runNow(EXECUTABLE, ['lab', 'down']);
  });
  const before = machine();
  const late = control();

  /** Does something and compares what the verb tells with the protocol. */
  const tells = async (t: Test, words: readonly string[], from: string, to: string, leastMs: number, mostMs: number) => {
    const began = now();
    const answer = await lab(...words);
    t.equal(answer.code, 0, `${words.join(' ')}: ${answer.out}${answer.err}`);
    const outage = noted().last?.outages[0];
    t.match(outage, { before: from, after: to }, `${words.join(' ')}: from ${from} to ${to}`);
    const ms = outage?.longestMs ?? Number.NaN;
    const allowed = mostMs + late(began) + (outage?.lateMs ?? 0);
    t.ok(ms >= leastMs && ms <= allowed, `${words.join(' ')}: ${ms.toFixed(0)} ms; ${leastMs.toFixed(0)} to ${allowed.toFixed(0)}`);
    if (leastMs > 0) {
      t.match(answer.out, `${ms.toFixed(0)} ms, the longest time between two answers`);
      const asked = ms / REQUESTS;
      t.ok(Math.abs((outage?.lost ?? 0) - asked) <= 5 + 0.2 * asked, `${outage?.lost} of some ${asked.toFixed(0)} requests were lost`);
    }
    return answer.out;
  };

  await t.test('up', async t => {
    t.match(await lab('status'), { code: 1, err: /there is no laboratory; `holdfast lab up` makes one/ });
    const answer = await lab('up', '--nodes', '3');
    t.match(answer, { code: 0, out: /edge-a +10\.77\.0\.11[\s\S]*holdfast lab break power edge-a/, err: '' });
    t.same(
      (await seen()).nodes.map(({ name, routers }) => [name, routers?.[0]?.state]),
      [
        ['edge-a', 'active'],
        ['edge-b', 'backup'],
        ['edge-c', 'backup'],
      ],
    );
    t.match(await lab('up'), { code: 0, out: /^a laboratory is up already \(3 nodes\)\n/ });
    t.match(await lab('up', '--nodes', '2'), { code: 1, out: /`holdfast lab down` first, for another one/ });
    t.same([machine().links, machine().addresses], [before.links, before.addresses], 'the host has no interface and no address more');
  });

  await t.test('nobody runs in the network of the host, nor reaches its systemd', async t => {
    const host = readlinkSync('/proc/self/ns/net');
    const { processes } = machine();
    t.ok(processes.length >= 7, `${processes.length} processes`);
    for (const pid of processes) {
      t.not(readlinkSync(`/proc/${pid}/ns/net`), host, `process ${pid}`);
      for (const folder of ['systemd', 'dbus'].filter(each => existsSync(`/run/${each}`)))
        t.same(readdirSync(`/proc/${pid}/root/run/${folder}`), [], `/run/${folder} is covered for ${pid}`);
    }
    await run('ip', ['netns', 'exec', 'hf-lab-edge-a', EXECUTABLE, 'lab', 'down']).then(
      () => t.fail('a laboratory inside a laboratory'),
      error => t.match(String(error), /there is an hf0 in this network/),
    );
  });

  await t.test('each fault, and its end', async t => {
    const down = downMs(INTERVAL, NEXT);
    // A cable is pulled in the laboratory of somebody's own file.
    for (const what of ['power', 'freeze'] as const) {
      const most = down + HANDOVER_MS + marginMs(INTERVAL) + REQUESTS;
      const out = await tells(t, ['break', what, 'edge-a'], 'edge-a', 'edge-b', down - INTERVAL - marginMs(INTERVAL), most);
      t.match(out, /why +web\/ipv4: this machine serves since [\s\S]*fell silent/);
      t.match(out, `still broken: ${what} edge-a; holdfast lab heal edge-a`);
      t.match(noted().faults, [{ node: 'edge-a', what }]);
      await tells(t, ['heal'], 'edge-b', 'edge-a', 0, RHYTHM);
    }
    const out = await tells(t, ['break', 'nginx', 'edge-a'], 'edge-a', 'edge-a', 0, 400);
    t.match(out, /holdfast has brought nginx on edge-a back/);
    await tells(t, ['break', 'power', 'edge-c'], 'edge-a', 'edge-a', 0, RHYTHM);
    t.match(await lab('break', 'cable', 'edge-c'), { code: 1, err: /edge-c has a fault already \(power\)/ });
    t.match(await seen(), { nodes: [{ fault: null }, { fault: null }, { routers: null, fault: { what: 'power' } }] });
    t.match(
      await lab('heal', 'edge-b'),
      { code: 0, out: /^edge-b is healed[\s\S]*still broken: power edge-c/ },
      'what is not broken stays as it is',
    );
  });

  await t.test('watch, where there is no terminal: one picture without colour', async t => {
    const { code, out } = await lab('watch');
    t.equal(code, 0);
    t.match(out, /^holdfast lab +\d\d:\d\d:\d\d\n\nnode +address[\s\S]*edge-a +10\.77\.0\.11 +nginx, watched +Active[\s\S]*edge-a answers/);
    t.ok(
      out.split('\n').every(line => line.length <= 80),
      'in 80 columns',
    );
    t.notMatch(out, '\x1b');
  });

  await t.test('a break that is interrupted', async t => {
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const child = spawn(EXECUTABLE, ['lab', 'break', 'freeze', 'edge-a'], { stdio: ['ignore', 'ignore', 'pipe'] });
      const ended = new Promise<number | null>(resolve => child.once('exit', resolve));
      let err = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text;
      });
      await until('the fault', 10_000, () => readFileSync(`${FOLDER}/state.json`, 'utf8').includes('"freeze"'));
      child.kill(signal);
      const code = await ended;
      if (signal === 'SIGINT')
        t.same([code, /edge-a stays broken \(freeze\) until `holdfast lab heal edge-a`/.test(err)], [130, true], err);
      t.match(noted().faults.at(-1), { node: 'edge-a', what: 'freeze' }, `${signal}: it is known`);
      if (signal === 'SIGINT') t.match(await lab('heal', 'edge-a'), { code: 0, out: /edge-a answers/ }, 'and healed');
    }
    t.match(await lab('heal'), { code: 0, out: /^(edge-[ac](, )?){2} are healed[\s\S]*edge-a answers/ });
    t.match(await lab('heal'), { code: 0, out: 'nothing is broken\n' });
  });

  await t.test('down leaves nothing', async t => {
    t.match(await lab('down'), { code: 0, out: /^removed: 5 network namespaces, \d+ processes/ });
    t.same(machine(), before);
    t.match(await lab('down'), { code: 0, out: 'there is no laboratory\n' });
  });

  await t.test('up after an up that was killed half-way', async t => {
    // With its first daemon; every other point: test/lab/laboratory.ts.
    const child = spawn(EXECUTABLE, ['lab', 'up'], { stdio: 'ignore' });
    const ended = new Promise(resolve => child.once('exit', resolve));
    await until('the first daemon', 10_000, () => existsSync(`${FOLDER}/edge-a/holdfast.log`));
    child.kill('SIGKILL');
    await ended;
    t.match(await lab('status'), { code: 1, err: /was interrupted while it was made; `holdfast lab up` begins anew/ });
    t.match(await lab('up', '--nodes', '2'), { code: 0, out: /^what an interrupted `lab up` has left is removed first/ });
    t.match(await lab('down'), { code: 0, out: /^removed/ });
    t.same(machine(), before, 'nothing stays');
  });

  await t.test('somebody’s own file for two machines', async t => {
    const folder = mkdtempSync(join(tmpdir(), 'hf-own-'));
    // Whoever programs run as may write there.
    chmodSync(folder, 0o777);
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const mark = join(folder, 'mark');
    writeFileSync(
      join(folder, 'own.toml'),
      `[vrrp.web]
interface = "eth0"
vrid = 7
addresses = ["192.0.2.200/24", { address = "198.51.100.200/24", interface = "eth1" }]
advert_interval = "100ms"
track = ["nginx", "gateway", "mark"]
[watchdog.nginx]
unit = "nginx.service"
probe = { type = "http", url = "http://127.0.0.1/" }
[check.gateway]
type = "ping"
target = "192.0.2.1"
[check.mark]
type = "command"
run = ["/usr/bin/touch", "${mark}"]
interval = "200ms"
[node.fw-1.vrrp.web]
priority = 150
[node.fw-2.vrrp.web]
priority = 120
`,
    );
    const file = join(folder, 'own.toml');
    const first = await lab('up', '--config', file);
    t.match(first, { code: 0, out: /note: fw-1, fw-2: check mark: left out, \/usr\/bin\/touch is not run \(--run-programs does\)/ });
    t.match(first.out, /the client asks http:\/\/192\.0\.2\.200\/ \(web, adverts every 100 ms\): fw-1 answers/);
    await tells(t, ['break', 'cable', 'fw-1'], 'fw-1', 'fw-2', 200, downMs(INTERVAL, 120) + HANDOVER_MS + marginMs(INTERVAL) + REQUESTS);
    const held = await run('ip', ['-n', 'hf-lab-fw-2', '-4', '-o', 'address', 'show']);
    t.match(held, /hf0 +inet 192\.0\.2\.200\/24/);
    t.match(held, /hf1 +inet 198\.51\.100\.200\/24/);
    t.notOk(existsSync(mark), 'no program of the file was run');
    await lab('down');
    t.match(await lab('up', '--config', file, '--run-programs'), { code: 0, out: /touch runs inside the lab/ });
    t.ok(existsSync(mark), 'but it is where that was asked for');
    await lab('down');
    writeFileSync(file, '[vrrp.web]\ninterfaces = "eth0"\n[node.a]\n[node.b]\n');
    t.match(await lab('up', '--config', file), { code: 78, err: /unknown-key[\s\S]*own\.toml:2:1/ });
    t.same(machine(), before);
  });

  await t.test('without nginx: a page of holdfast itself', async t => {
    // Hidden from the commands and from what they start. So are the mounts that give namespaces their names.
    const script = `mount --bind /dev/null "$(command -v nginx)"
      "$0" lab up --nodes 2 && "$0" lab break nginx edge-a && "$0" lab down`;
    const out = await run('unshare', ['-m', 'sh', '-c', script, EXECUTABLE]);
    t.match(out, /note: nginx is not installed here: a page of holdfast itself stands in/);
    t.match(out, /the page of edge-a is killed[\s\S]*now +edge-b answers[\s\S]*removed: 4/);
    t.same(machine(), before);
  });
});
