// Drill: `holdfast install` and `uninstall` under a real systemd: put in place, upgraded, gone wrong, gone back, taken away, and the machine shut
// down, while a client asks all the time. Must not know what the steps are: only the command, what it says and what is there then.
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBystander } from '../lab/bystander.ts';
import { now } from '../lab/clock.ts';
import { drill, HANDOVER_MS } from '../lab/drill.ts';
import { EXECUTABLE } from '../lab/holdfast.ts';
import { longestWait, startHttpClient } from '../lab/http.ts';
import { startNginx } from '../lab/nginx.ts';
import { VIP, web } from '../lab/router.ts';
import { bootSystemd, systemdMissing } from '../lab/systemd.ts';

/** The page of nginx in the laboratory's machine. */
const PAGE = 'a';
const BOUND = 30_000;
/** Who waits for whom in a handover: install, agent, both engines, the other nginx, the client; beside a disk that takes a new executable. */
const LINKS = 6;
const HERE = '/usr/local/bin/holdfast';
const CONFIGURATION = `[vrrp.web]
interface = "hf0"
vrid = 51
priority = 200
addresses = ["${VIP}/24"]
advert_interval = "100ms"
track = ["app"]

[check.app]
type = "unit"
unit = "app.service"
interval = "200ms"
`;

await drill('installed, upgraded and uninstalled', { missing: systemdMissing(), limitMs: 240_000 }, async (t, lab) => {
  const machine = await bootSystemd(lab.network, lab.node('a'));
  startNginx(lab.network, lab.node('b'));
  const client = startHttpClient(lab.network, VIP, 5);
  const bystander = startBystander(lab.network);
  await machine.unit('app.service', '[Service]\nExecStart=/bin/sleep infinity\n');
  await machine.run('systemctl', 'start', 'nginx', 'app');
  const nginx = await machine.show('nginx', 'MainPID');
  await lab.backup('b', web(100));

  /** Runs a verb. @returns its exit status and what it said */
  async function holdfast(...argv: readonly string[]) {
    const said = await machine.run('sh', '-c', '"$@" 2>&1; echo "exit $?"', 'sh', ...argv);
    const [, text = '', code = ''] = /^([\s\S]*)exit (\d+)\n$/.exec(said) ?? [];
    t.comment(text);
    return { text, code: Number(code) };
  }
  const at = (path: string): string => `${machine.root}${path}`;
  const inode = (path: string): number => statSync(at(path)).ino;
  const runs = async (): Promise<number> => statSync(`/proc/${machine.pidOf(Number(await machine.show('holdfast', 'MainPID')))}/exe`).ino;
  /** The client was never longer without a page than a handover takes, and others served meanwhile. */
  async function unseen(what: string, from: number, others: boolean): Promise<void> {
    const to = now();
    const waited = longestWait(client.pages(from), from, to);
    const usual = longestWait(client.pages(from - 1_000_000, from), from - 1_000_000, from);
    const late = bystander.late(from, undefined, LINKS);
    const bound = HANDOVER_MS + usual + late;
    t.ok(
      waited <= bound,
      `${what}: ${waited.toFixed(1)} ms without a page; ${bound.toFixed(1)} ms allowed, ${late.toFixed(1)} ms of it by the machine`,
    );
    t.equal(
      client.pages(from, to).some(({ node }) => node === 'b'),
      others,
      `${what}: ${others ? '' : 'no '}other machine served meanwhile`,
    );
    t.equal(await machine.show('nginx', 'MainPID'), nginx, `${what}: nginx went on`);
  }

  // Nothing to serve yet.
  await machine.run('rm', HERE);
  const first = await holdfast(EXECUTABLE, 'install');
  t.equal(first.code, 0);
  t.match(first.text, /holdfast\.toml is the example: say there what is to be served/);
  t.same(readFileSync(at(HERE)).equals(readFileSync(EXECUTABLE)), true);
  t.equal(await machine.show('holdfast', 'ActiveState'), 'inactive', 'nobody serves an example');
  t.match((await holdfast(HERE, 'install')).text, /^nothing to do: holdfast \S+ is installed\nnote: /);
  t.equal(await machine.run('sh', '-c', 'systemd-analyze verify holdfast.service 2>&1'), '');

  writeFileSync(at('/etc/holdfast/holdfast.toml'), CONFIGURATION.replace('vrid = 51', 'vrid = 0'));
  const wrong = await holdfast(HERE, 'install');
  t.equal(wrong.code, 78);
  t.match(wrong.text, /error\[out-of-range\][\s\S]*does not take the configuration that is in place; nothing was changed/);
  t.notOk(existsSync(at('/etc/systemd/system/multi-user.target.wants/holdfast.service')));

  writeFileSync(at('/etc/holdfast/holdfast.toml'), CONFIGURATION);
  t.equal((await holdfast(HERE, 'install')).code, 0);
  await client.servedBy(PAGE, BOUND);
  t.equal((await machine.run('systemctl', 'is-enabled', 'holdfast')).trim(), 'enabled');
  t.match(await machine.show('holdfast', 'After'), /\bapp\.service\b/, 'what is watched stops behind it');
  t.match((await holdfast(HERE, 'install')).text, /^nothing to do: holdfast \S+ is installed\n$/);

  // Another executable: what is behind the last section of an ELF file is nobody's business.
  const next = join(lab.network.folder, 'holdfast-next');
  copyFileSync(EXECUTABLE, next);
  appendFileSync(next, 'next');
  const before = [await runs(), inode(HERE)];
  t.same(before[0], before[1]);
  t.match((await holdfast(next, 'install', '--dry-run')).text, /would do this[\s\S]*hand over[\s\S]*restart holdfast/);
  t.equal(inode(HERE), before[1], 'a dry run changes nothing');
  let from = now();
  const upgrade = await holdfast(next, 'install');
  t.equal(upgrade.code, 0);
  t.match(upgrade.text, /hand over[^\n]*\n +web\/ipv4: \S+ serves\n +restart holdfast\n +take part again/);
  await client.servedBy(PAGE, BOUND);
  await unseen('the upgrade', from, true);
  t.not(inode(HERE), before[1]);
  t.equal(await runs(), inode(HERE), 'the new one runs');
  t.equal(inode('/usr/local/bin/holdfast.previous'), before[1], 'the old one is kept');
  t.match(await machine.run(HERE, 'status', '--json'), /"order": null/);

  // One that does not start: the one before goes on.
  mkdirSync(at('/etc/systemd/system/holdfast.service.d'));
  await machine.unit('holdfast.service.d/test.conf', `[Service]\nExecStartPre=/bin/sh -c '! tail -c 6 ${HERE} | grep broken'\n`);
  const broken = join(lab.network.folder, 'holdfast-broken');
  copyFileSync(EXECUTABLE, broken);
  appendFileSync(broken, 'broken');
  from = now();
  const failed = await holdfast(broken, 'install');
  t.equal(failed.code, 1);
  t.match(
    failed.text,
    /failed: restart holdfast[\s\S]*put back what was there before[\s\S]*the holdfast of before runs again[\s\S]*hint: systemctl status/,
  );
  await client.servedBy(PAGE, BOUND);
  await unseen('an upgrade that failed', from, true);
  t.ok(readFileSync(at(HERE)).equals(readFileSync(next)));
  t.match((await holdfast(HERE, 'install')).text, /^nothing to do/);

  for (const [page, words] of [
    ['man8/holdfast.8', /^\.TH HOLDFAST 8 /],
    ['man5/holdfast.toml.5', /^\.TH HOLDFAST\.TOML 5 /],
  ] as const)
    t.match(readFileSync(at(`/usr/local/share/man/${page}`), 'utf8'), words);

  // The way back.
  copyFileSync(EXECUTABLE, at('/usr/local/bin/holdfast.previous'));
  from = now();
  t.equal((await holdfast('/usr/local/bin/holdfast.previous', 'install')).code, 0);
  await client.servedBy(PAGE, BOUND);
  await unseen('the way back', from, true);
  t.ok(readFileSync(at(HERE)).equals(readFileSync(EXECUTABLE)));
  t.ok(readFileSync(at('/usr/local/bin/holdfast.previous')).equals(readFileSync(next)));

  from = now();
  const gone = await holdfast(HERE, 'uninstall');
  t.equal(gone.code, 0);
  await client.servedBy('b', BOUND);
  await unseen('uninstalled', from, true);
  for (const path of [
    HERE,
    '/usr/local/lib/systemd',
    '/usr/local/share/doc',
    '/usr/local/share/man',
    '/etc/systemd/system/multi-user.target.wants/holdfast.service',
  ])
    t.notOk(existsSync(at(path)), `${path} is gone`);
  t.equal(readFileSync(at('/etc/holdfast/holdfast.toml'), 'utf8'), CONFIGURATION, 'the configuration stays');
  t.match((await holdfast(EXECUTABLE, 'uninstall')).text, /^nothing to do/);

  // What it installs leaves first when the machine is shut down.
  t.equal((await holdfast(EXECUTABLE, 'install')).code, 0);
  await client.servedBy(PAGE, BOUND);
  from = now();
  await machine.poweroff(BOUND);
  await client.servedBy('b', BOUND);
  const waited = longestWait(client.pages(from), from, now());
  const bound =
    HANDOVER_MS + longestWait(client.pages(from - 1_000_000, from), from - 1_000_000, from) + bystander.late(from, undefined, LINKS);
  t.ok(waited <= bound, `the machine was shut down: ${waited.toFixed(1)} ms without a page; ${bound.toFixed(1)} ms allowed`);
});
