// Drill: everything that can be wrong at the start. Each gets a clear message and its exit code, and a bad file starts nothing.
// Must not know where in the product each is noticed.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { now, sleep, until } from '../lab/clock.ts';
import type { Daemon } from '../lab/daemon.ts';
import { start } from '../lab/daemon.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import { configuration, EXECUTABLE, startWith } from '../lab/holdfast.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, steadyAdverts } from '../lab/verdict.ts';

const INTERVAL = 100;
const CONFIG = 78;
const said = (daemon: Daemon) => daemon.lines.map(line => line.text).join('\n');

/** It ends with this exit code and says this, and not one advertisement was sent. */
async function refused(t: Test, lab: Lab, name: string, daemon: Daemon, code: number, ...says: readonly RegExp[]): Promise<void> {
  const from = now();
  const exit = await daemon.ended(15_000);
  t.equal(exit.code, code, `${name}: exit code ${code}`);
  for (const pattern of says) t.match(said(daemon), pattern, `${name}: says ${pattern}`);
  t.notMatch(said(daemon), /\n\s+at |node:internal|Error:/, `${name}: no stack trace`);
  t.strictSame((await lab.window(from)).seen.adverts, [], `${name}: nothing was sent`);
}

await drill('a configuration that is none', { nodes: ['a'] }, async (t, lab) => {
  const node = lab.node('a');
  const file = (name: string, content: string | Uint8Array) => {
    const path = join(lab.network.folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const run = (path: string) => startWith(lab.network, node, ['run', '--config', path]);
  const good = configuration([web(200)]);

  const noise = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919 + (i >> 3) * 31) & 0xff);
  await refused(t, lab, 'noise', run(file('noise.toml', noise)), CONFIG, /noise\.toml/);
  await refused(t, lab, 'prose', run(file('prose.toml', 'this is not TOML\n')), CONFIG, /prose\.toml:1/);
  await refused(t, lab, 'empty', run(file('empty.toml', '')), CONFIG, /empty\.toml/, /vrrp/);
  await refused(t, lab, '10 MB', run(file('large.toml', good + '# padding\n'.repeat(1 << 20))), CONFIG, /large\.toml/, /1 MiB/);
  await refused(
    t,
    lab,
    'missing',
    run(join(lab.network.folder, 'missing.toml')),
    CONFIG,
    /missing\.toml/,
    /no such file|does not exist|not there/i,
  );
  const folder = join(lab.network.folder, 'folder.toml');
  mkdirSync(folder);
  await refused(t, lab, 'a directory', run(folder), CONFIG, /folder\.toml/, /director/i);
  await refused(t, lab, 'a wrong key', run(file('key.toml', good.replace('priority', 'priorty'))), CONFIG, /key\.toml:4/, /priority/);
  const twice = configuration([web(200), { ...web(100), name: 'again', addresses: ['10.77.0.201'] }]);
  await refused(t, lab, 'one VRID twice', run(file('twice.toml', twice)), CONFIG, /twice\.toml/, /51/);

  // Root may read everything, so the unreadable file is tried without that privilege.
  const unreadable = file('unreadable.toml', good);
  chmodSync(unreadable, 0);
  const mortal = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-dac_override,-dac_read_search'];
  const command = [...mortal, EXECUTABLE, 'run', '--config', unreadable, '--socket', join(lab.network.folder, 'x.sock')];
  await refused(
    t,
    lab,
    'unreadable',
    start(node, { name: 'holdfast with less privilege', command }),
    CONFIG,
    /unreadable\.toml/,
    /file-unreadable/,
  );
});

await drill('a missing capability', { nodes: ['a'] }, async (t, lab) => {
  const config = join(lab.network.folder, 'a.toml');
  writeFileSync(config, configuration([web(200)]));
  for (const capability of ['net_raw', 'net_admin']) {
    const socket = join(lab.network.folder, `${capability}.sock`);
    const command = [
      'setpriv',
      `--bounding-set=-${capability}`,
      `--inh-caps=-${capability}`,
      EXECUTABLE,
      'run',
      '--config',
      config,
      '--socket',
      socket,
    ];
    const daemon = start(lab.node('a'), { name: `holdfast without ${capability}`, command });
    await refused(t, lab, `without ${capability}`, daemon, 1, new RegExp(`CAP_${capability}`, 'i'), /setcap|AmbientCapabilities/);
  }
});

await drill('an interface that does not exist yet', { nodes: ['a'] }, async (t, lab) => {
  const config = join(lab.network.folder, 'a.toml');
  writeFileSync(config, configuration([web(200)]).replace('"hf0"', '"hf9"'));
  const daemon = startWith(lab.network, lab.node('a'), ['run', '--config', config]);
  await daemon.says(/interface-missing/, 15_000);
  const status = await until('status', 15_000, () => daemon.status().catch(() => undefined));
  t.match(status.routers[0], { state: 'initialize', reason: 'interface-missing' }, 'it waits and says for what');
  daemon.signal('SIGTERM');
  t.equal((await daemon.ended(5000)).code, 0, 'and leaves in order');
});

await drill('a second daemon beside the first', { nodes: ['a'] }, async (t, lab) => {
  const first = await lab.active('a', web(200));
  const node = lab.node('a');
  const from = now();
  const file = (name: string, text: string) => {
    const path = join(lab.network.folder, name);
    writeFileSync(path, text);
    return path;
  };
  const run = (config: string, socket: string) => {
    const command = [EXECUTABLE, 'run', '--config', config, '--socket', join(lab.network.folder, socket)];
    return start(node, { name: 'the second holdfast', command });
  };

  const other = configuration([{ ...web(200), name: 'other', vrid: 77, addresses: ['10.77.0.207'] }]);
  const sameSocket = run(file('other.toml', other), 'a.sock');
  t.equal((await sameSocket.ended(15_000)).code, 1, 'socket path in use: exit code 1');
  t.match(said(sameSocket), /a\.sock/, 'socket path in use: names it');

  const sameRouter = run(file('same.toml', configuration([web(150)])), 'second.sock');
  t.equal((await sameRouter.ended(15_000)).code, 1, 'same interface and VRID: exit code 1');
  t.match(said(sameRouter), /51/, 'same interface and VRID: names the VRID');
  t.match(said(sameRouter), /hf0/, 'same interface and VRID: names the interface');

  await sleep(300);
  const window = await lab.window(from);
  lab.judge(exactlyOneHolder(window, VIP, 'a'), 'the first one');
  lab.judge(steadyAdverts({ ...window, seen: { ...window.seen } }, 51, 'a', INTERVAL, marginMs(INTERVAL)), 'the first one');
  t.notOk(
    window.seen.adverts.some(advert => advert.vrid === 77),
    'the second one sent nothing',
  );
  const { holdfast } = first;
  const status = await holdfast?.status();
  t.equal(status?.routers[0]?.name, 'web', 'the first one still answers at its socket');
});
