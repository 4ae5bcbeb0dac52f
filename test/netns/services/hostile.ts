// Drill: everything that a check can meet with and that never ends, all at once: commands that ignore SIGTERM, fork, print without end; servers that
// say nothing, or a byte at a time; names that do not resolve; a regular expression that explodes. Each is bounded and says why; the adverts, a good check
// and the watchdog of nginx notice nothing. Must not know how time limits are kept.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBystander } from '../lab/bystander.ts';
import { now, sleep, until } from '../lab/clock.ts';
import { start } from '../lab/daemon.ts';
import { drill, marginMs } from '../lab/drill.ts';
import { kill, onExit } from '../lab/guard.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, steadyAdverts } from '../lab/verdict.ts';
import { watchNginx } from '../lab/watched-nginx.ts';

const INTERVAL = 100;

/** Servers of bad manners, one a port. */
const SERVERS = `
  const net = require('node:net');
  const open = (port, serve) => net.createServer(s => { s.on('error', () => {}); serve(s); }).listen(port, '127.0.0.1');
  open(7001, () => {});
  open(7002, s => { const t = setInterval(() => s.write('H'), 1000); s.on('close', () => clearInterval(t)); });
  open(7003, s => s.end('HTTP/1.1 200 OK\\r\\ncontent-length: 60000\\r\\n\\r\\n' + 'a'.repeat(60000)));
  open(7004, s => { s.write('HTTP/1.1 200 OK\\r\\n\\r\\n'); const t = setInterval(() => s.write('x'.repeat(10000)), 1); s.on('close', () => clearInterval(t)); });
  console.log('open');`;

await drill('whatever a check meets with', { limitMs: 120_000 }, async (t, lab) => {
  const node = lab.node('a');
  const folder = join('/var/lib', `${node.namespace}-hostile`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  onExit(() => rmSync(folder, { recursive: true, force: true }));
  const script = (name: string, body: string): string => {
    const path = join(folder, `${name}.sh`);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const servers = start(node, { name: 'bad servers', command: [process.execPath, '-e', SERVERS] });
  await servers.says(/open/, 10_000);
  const nginx = watchNginx(lab.network, node);
  await nginx.start();

  const timing = 'interval = "500ms"\ntimeout = "500ms"\nfall = 1';
  const table = (name: string, ...lines: readonly string[]) => [`[check.${name}]`, ...lines, timing].join('\n');
  const command = (name: string, body: string) => table(name, 'type = "command"', `run = ["${script(name, body)}"]`, 'user = "root"');
  const http = (name: string, port: number, ...more: readonly string[]) =>
    table(name, 'type = "http"', `url = "http://127.0.0.1:${port}/"`, ...more);
  const tables = [
    command('deaf', "trap '' TERM\nwhile :; do sleep 1; done"),
    command('forks', "trap '' TERM\nfor i in 1 2 3 4 5; do sleep 1000 & done\nwait"),
    command('loud', 'exec cat /dev/zero'),
    http('silent', 7001),
    http('dripping', 7002),
    http('endless', 7004),
    http('regex', 7003, 'body_regex = "(a+)+$x"'),
    table('nameless', 'type = "tcp"', 'host = "no-such-host.invalid"', 'port = 80'),
    table('good', 'type = "tcp"', 'port = 80'),
    nginx.table('revive_within = "5s"'),
  ];
  const a = lab.start('a', { ...web(200), track: ['nginx'], duties: tables.join('\n') });
  await a.entered('web', 'active', 15_000);
  await lab.backup('b', web(100));
  const bystander = startBystander(lab.network);
  const bad = ['deaf', 'forks', 'loud', 'silent', 'dripping', 'regex', 'nameless'];
  const states = async () => new Map((await a.holdfast?.status())?.checks.map(each => [each.name, each]));
  let last = '';
  await until(
    'all of them to be down',
    20_000,
    async () => {
      const seen = await states();
      last = bad.map(name => `${name} ${seen.get(name)?.state} ${seen.get(name)?.last?.seen}`).join('; ');
      return bad.every(name => seen.get(name)?.state === 'down');
    },
    () => last,
  );
  const begun = now();
  await sleep(4000);
  const master = nginx.master() ?? 0;
  const killed = now();
  kill(master, 'SIGKILL');
  const noticed = ((await a.says(/watchdog\.died/, 5000, killed)).at - killed) / 1000;
  await until('another master', 5000, () => nginx.master() !== undefined && nginx.master() !== master);
  await sleep(1000);
  const seen = await states();
  for (const name of bad) t.comment(`${name}: ${seen.get(name)?.last?.seen}`);
  t.match(seen.get('deaf')?.last?.seen, /still running after 500 ms/);
  t.match(seen.get('silent')?.last?.seen, /no answer within 500 ms/);
  t.match(seen.get('endless'), { state: 'up', last: { seen: /^HTTP 200/ } }, 'of a body without an end the beginning will do');
  t.match(seen.get('nameless')?.last?.seen, /name|no-such-host|no answer/);
  t.equal(seen.get('good')?.state, 'up', 'a good check is good');
  const late = bystander.late(begun);
  t.ok(noticed <= 100 + late, `nginx's death was seen after ${noticed.toFixed(1)} ms; the machine was ${late.toFixed(1)} ms late`);
  const window = await lab.window(begun);
  lab.judge(exactlyOneHolder(window, VIP, 'a'), 'all the time');
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)), 'no advertisement noticed');
  a.signal('SIGTERM');
  t.equal((await a.ended(10_000)).code, 0, 'and it can be stopped');
});
