// What a router has learned about its peers outlives the daemon: the checksum form of a peer that only speaks the older one.
// Must not know packets: the peer is a holdfast that is told to be old.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeNamespace, needsNamespaces as needs } from '../../fixtures/namespace.ts';
import { ACTIVE, BOUND, begin, type Daemon, router } from '../../fixtures/run-machine.ts';
import { start } from '../../fixtures/running.ts';
import { until } from '../../netns/lab/clock.ts';

const MAIN = new URL('../../../src/main.ts', import.meta.url).pathname;

async function checksums({ socket }: Daemon): Promise<readonly string[]> {
  const asking = start([process.execPath, MAIN, 'status', '--json', '--socket', socket]);
  await asking.ended();
  return JSON.parse(asking.out.join('\n')).routers[0].checksums;
}

t.test('learned, kept, used from the first advertisement on', needs, async t => {
  const { space, systemd, run } = await begin(t, router());
  const state = join(systemd.folder, 'state');
  mkdirSync(state);
  const file = join(state, 'learned-control.json');
  const before = ['env', `STATE_DIRECTORY=${state}`];

  const far = await makeNamespace();
  await space.ip(`link set hf1 netns ${far.pid}`);
  await far.ip('link set hf1 up', 'address add 192.0.2.12/24 dev hf1');
  const config = join(systemd.folder, 'old.toml');
  writeFileSync(config, router('priority = 200\nchecksum = "rfc5798"').replace('hf0', 'hf1'));
  const old = far.start([process.execPath, MAIN, 'run', '--config', config, '--socket', join(systemd.folder, 'old.sock')]);
  t.teardown(() => old.kill());
  await old.says(ACTIVE);

  const first = run({ before });
  await until('it to learn', BOUND, () =>
    checksums(first).then(
      forms => forms.join() === 'rfc5798',
      () => false,
    ),
  );
  await until('it to be kept', BOUND, () => statSync(file, { throwIfNoEntry: false }));
  t.same(JSON.parse(readFileSync(file, 'utf8')), {
    schema: 1,
    learned: [{ place: 'hf0/ipv4/51', checksums: ['rfc5798'] }],
  });
  t.equal(statSync(file).mode & 0o777, 0o600);
  first.signal('SIGTERM');
  t.same(await first.ended(), { code: 0, signal: null });
  // From here on nobody speaks from whom it could learn.
  await old.kill();

  const second = run({ before });
  await second.says(ACTIVE);
  t.same(await checksums(second), ['rfc5798']);
  second.signal('SIGTERM');
  await second.ended();

  writeFileSync(file, '{"schema":1,"learned":[{"router"');
  const third = run({ before });
  await third.says(/agent\.learned-unreadable/);
  await third.says(ACTIVE);
  t.same(await checksums(third), ['rfc9568'], 'garbage is no reason not to start');
  third.signal('SIGTERM');
  t.same(await third.ended(), { code: 0, signal: null });
});
