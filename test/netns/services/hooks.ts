// Drill: hooks of two machines while the role moves: each state told once, in order, the last one always; keepalived's arguments and JSON; one
// that hangs delays nothing; a stop calls its hooks before the daemon ends. Must not know queues.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { now, sleep, until } from '../lab/clock.ts';
import { drill, type Lab, marginMs } from '../lab/drill.ts';
import { kill, onExit } from '../lab/guard.ts';
import { VIP, web } from '../lab/router.ts';
import { exactlyOneHolder, steadyAdverts } from '../lab/verdict.ts';

const INTERVAL = 100;

interface Told {
  readonly args: string;
  readonly event: string;
  readonly json: {
    readonly event: string;
    readonly state: string;
    readonly skipped: number;
    readonly router: string;
    readonly why: string;
  };
}

/** A program that only root can change, which writes what it is told. */
function listener(folder: string, name: string, body = ''): { readonly path: string; told(): readonly Told[] } {
  const path = join(folder, `${name}.sh`);
  const out = join(folder, `${name}.out`);
  writeFileSync(path, `#!/bin/sh\njson=$(cat)\n${body}\nprintf '%s|%s|%s\\n' "$*" "$HOLDFAST_EVENT" "$json" >>${out}\n`);
  chmodSync(path, 0o755);
  return {
    path,
    told() {
      if (!existsSync(out)) return [];
      return readFileSync(out, 'utf8')
        .split('\n')
        .filter(line => line !== '')
        .map(line => {
          const [args = '', event = '', json = '{}'] = line.split('|');
          return { args, event, json: JSON.parse(json) };
        });
    },
  };
}

/** Nobody else may write on the way there; /run is mounted noexec on Debian. */
function folderOf(lab: Lab): string {
  const folder = join('/var/lib', `${lab.node('a').namespace}-hooks`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  onExit(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

await drill('hooks are told each role, in order', {}, async (t, lab) => {
  const folder = folderOf(lab);
  const all = listener(folder, 'all');
  const up = listener(folder, 'up');
  const stuck = listener(folder, 'stuck', 'sleep 60');
  const hook = (path: string) => `{ run = ["${path}"], user = "root", timeout = "2s" }`;
  const router = { ...web(200), more: `on_change = ${hook(all.path)}\non_active = ${hook(up.path)}` };
  const a = await lab.active('a', router);
  await lab.backup('b', web(100));
  await until('the hooks', 5000, () => up.told().length === 1 && all.told().length === 2);
  t.strictSame(
    all.told().map(({ args, event }) => `${args} ${event}`),
    ['INSTANCE web BACKUP 200 backup', 'INSTANCE web MASTER 200 active'],
  );
  t.match(up.told()[0]?.json, { router: 'web', event: 'active', state: 'active', why: /^serving 10\.77\.0\.200/ });

  const from = now();
  a.signal('SIGTERM');
  t.equal((await a.ended(10_000)).code, 0);
  t.match(all.told().at(-1), { args: 'INSTANCE web STOP 200', event: 'stop' }, 'told before the daemon ended');
  await lab.observer.answersFrom('b', VIP, 5000);

  const slow = lab.start('a', { ...web(200), more: `on_active = ${hook(stuck.path)}\non_change = ${hook(all.path)}` });
  await slow.entered('web', 'active', 15_000, from);
  // Whoever had it says goodbye.
  await lab.observer.servesAlone('a', VIP, 5000);
  const begun = now();
  await slow.says(/hook\.failed .*on_active/, 10_000, begun);
  await until('the hook behind it', 5000, () => all.told().at(-1)?.event === 'active');
  const window = await lab.window(begun);
  lab.judge(exactlyOneHolder(window, VIP, 'a'), 'while a hook hangs');
  lab.judge(steadyAdverts(window, 51, 'a', INTERVAL, marginMs(INTERVAL)), 'while a hook hangs');
  const results = (await slow.holdfast?.status())?.hooks.map(({ on, event, ok }) => `${on} ${event} ${ok}`).sort();
  t.strictSame(results, ['on_active active false', 'on_change active true']);

  const agent = slow.holdfast?.agent() ?? 0;
  const before = all.told().length;
  kill(agent, 'SIGKILL');
  await until('another agent', 10_000, () => {
    const pid = slow.holdfast?.agent();
    return pid !== undefined && pid !== agent;
  });
  await until('its word', 10_000, () => slow.holdfast?.status().catch(() => undefined));
  await sleep(1000);
  t.equal(all.told().length, before, 'a new agent tells nothing twice');
});

await drill('a hook that somebody else could change is refused, and says why', { nodes: ['a'] }, async (t, lab) => {
  const open = listener(folderOf(lab), 'open');
  chmodSync(open.path, 0o777);
  const a = lab.start('a', { ...web(200), more: `on_active = { run = ["${open.path}"], user = "root" }` });
  await a.says(/(hook\.failed|error\[).*writable/s, 15_000);
  t.match(a.lines.map(({ text }) => text).join('\n'), /chmod o-w/, 'with the command that mends it');
  await sleep(200);
  t.strictSame(open.told(), []);
});
