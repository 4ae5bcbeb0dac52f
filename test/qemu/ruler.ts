// The harness's own arithmetic and its readers, on material made by hand: a wrong ruler is worse than none.
// Must not need root, an image or a guest.
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { run } from '../netns/lab/exec.ts';
import { BOX_A, filesOf, listConfig, removeConfig, writeConfig } from './harness/config.ts';
import { readConsole } from './harness/console.ts';
import { answerers, handover, longestGap, longestSilence, type Request, tally } from './harness/gaps.ts';
import { partition } from './harness/image.ts';
import { connectQmp } from './harness/qmp.ts';

const MS = 1000;
const START = 1_000_000;
const ADDRESS = '10.77.0.200';

/** Ten milliseconds per letter: whose page it was, `.` none within 250 ms, `!` nobody asked. */
function requests(story: string): readonly Request[] {
  return [...story].flatMap((who, i): Request[] => {
    const sent = START + i * 10 * MS;
    if (who === '!') return [];
    if (who === '.') return [{ sent, at: sent + 250 * MS, address: ADDRESS, page: null, lost: 'timeout' }];
    return [{ sent, at: sent + MS, address: ADDRESS, page: who, lost: null }];
  });
}

const end = (story: string) => START + story.length * 10 * MS;

t.test('the longest gap', async t => {
  const story = 'aaaaa..........bbbbb';
  t.match(longestGap(requests(story), START, end(story)), { ms: 110, before: 'a', after: 'b', from: START + 41 * MS });
  t.match(longestGap(requests('aaa.......'), START, end('aaa.......')), { ms: 79, before: 'a', after: null }, 'reaches to the end');
  t.match(longestGap(requests('.......aaa'), START, end('.......aaa')), { ms: 71, before: null, after: 'a' }, 'reaches from the start');
  const two = 'aa....ab..bb';
  t.match(
    longestGap(requests(two), START, end(two), START + 65 * MS),
    { ms: 30, before: 'b' },
    'what ended before the event does not count',
  );
  t.match(longestGap(requests(two), START, end(two), START + 50 * MS), { ms: 50, from: START + 11 * MS }, 'what it fell into does, whole');
  t.match(longestGap([], START, START + 5 * MS), { ms: 5, before: null, after: null }, 'no page at all is a gap');
  const slow: Request[] = [{ sent: START, at: START + 200 * MS, address: ADDRESS, page: 'b', lost: null }, ...requests('aa')];
  t.match(longestGap(slow, START, START + 210 * MS), { ms: 189, before: 'a', after: 'b' }, 'pages count when they come, in any order');
});

t.test('a handover', async t => {
  const story = 'aa...aa..bb.....b';
  t.match(
    handover(requests(story), START, end(story), 'b'),
    { ms: 30, before: 'a', after: 'b' },
    'not the longest gap, but the one in between',
  );
  t.equal(handover(requests('aaa'), START, end('aaa'), 'b'), null, 'there was none');
  t.equal(handover(requests('bbb'), START, end('bbb'), 'b'), null, 'nobody had it before');
});

t.test('what the client could not see', async t => {
  t.equal(longestSilence(requests('aaa!!!!!aaa'), START, end('aaa!!!!!aaa')), 60);
  t.equal(longestSilence(requests('aaa.....aaa'), START, end('aaa.....aaa')), 10, 'to ask in vain is to ask');
});

t.test('who, and what was lost', async t => {
  const story = 'aab..ba';
  t.strictSame(answerers(requests(story), START, end(story)), ['a', 'b']);
  t.strictSame(tally(requests(story), START, end(story)), { sent: 7, lost: { timeout: 2 } });
});

t.test('a console', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-ruler-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'serial.log');
  const console = readConsole('a', file);
  t.equal(console.lines().length, 0, 'not there yet');
  writeFileSync(file, '\u001b[2J\u001b[1;1Hhold');
  t.equal(console.lines().length, 0, 'half a line is none');
  appendFileSync(file, 'fast: slot a, try 1 of 3\r\n\u001b[32m[  OK  ]\u001b[0m Started nginx\n');
  t.strictSame(
    console.lines().map(line => line.text),
    ['holdfast: slot a, try 1 of 3', '[  OK  ] Started nginx'],
  );
  t.match(await console.says(/slot (a|b)/, 1000), { text: /try 1/ });
  await t.rejects(console.says(/slot b/, 30), /waited 30 ms for the console of a .*\n?.*Started nginx/s);
  for (const words of [
    'Kernel panic - not syncing',
    'Failed to start nginx.service',
    'KVM internal error: emulation failure',
    'Out of memory: Killed',
  ]) {
    const other = join(folder, 'other.log');
    writeFileSync(other, `${words}\n`);
    t.throws(() => readConsole('b', other).check(), /the console of b says/, words);
    await t.rejects(readConsole('b', other).says(/never/, 10_000), /the console of b says/, 'and ends every wait');
    const allowed = readConsole('b', other);
    allowed.allow(/./);
    t.doesNotThrow(() => allowed.check());
  }
});

t.test('QMP', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-ruler-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'qmp');
  const replies: Record<string, string> = {
    qmp_capabilities: '{"return": {}',
    'query-status': '{"return": {"status": "paused", "running": false}',
    stop: '{"error": {"class": "GenericError", "desc": "not now"}',
    'human-monitor-command': '{"return": "Error: no room\\r\\n"',
  };
  let peer: Socket | undefined;
  const server = createServer(socket => {
    peer = socket;
    socket.write('{"QMP": {"version": {}}}\r\n');
    socket.on('data', data => {
      const { execute, id } = JSON.parse(String(data)) as { execute: string; id: number };
      // An event in between, and an answer in two pieces.
      socket.write(`{"event": "STOP", "timestamp": {}}\r\n${replies[execute] ?? '{"return": {}'}`);
      setTimeout(() => socket.write(`, "id": ${id}}\r\n`), 5);
    });
  });
  await t.rejects(
    connectQmp(path, 30, () => {}),
    /QEMU to listen/,
  );
  await new Promise<void>(resolve => server.listen(path, resolve));
  t.teardown(() => server.close());
  const qmp = await connectQmp(path, 5000, () => {});
  t.equal(await qmp.queryStatus(), 'paused');
  await t.rejects(qmp.stop(), /QMP: not now/);
  await t.rejects(qmp.savevm('ready'), /savevm ready: Error: no room/);
  await qmp.setLink('nic0', false);
  t.match(qmp.transcript.at(-3), /> .*set_link.*"name":"nic0","up":false/);
  t.ok(qmp.events.length >= 4 && qmp.events.every(({ event }) => event === 'STOP'));
  peer?.destroy();
  await t.rejects(qmp.cont(), /QEMU has ended/);
  qmp.close();
});

t.test('CONFIG of a disk', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-ruler-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const disk = join(folder, 'disk.img');
  await run('truncate', ['-s', '8M', disk]);
  await run('sfdisk', ['-q', disk], 'label: gpt\nstart=2048, size=4096, name=esp\nstart=8192, size=4096, name=CONFIG\n');
  t.strictSame(await partition(disk, 'CONFIG'), { name: 'CONFIG', start: 4_194_304, size: 2_097_152 });
  await t.rejects(partition(disk, 'root-c'), /no partition root-c .*: esp, CONFIG/);
  await run('mformat', ['-i', `${disk}@@4194304`, '-T', '4096', '::']);
  await writeConfig(disk, { ...filesOf(BOX_A), 'network/10-lan.network': '[Match]\n' });
  await writeConfig(disk, { hostname: 'box-c\n' });
  t.strictSame([...(await listConfig(disk))].sort(), ['holdfast.toml', 'hostname', 'network.toml', 'network/']);
  t.equal(await run('mtype', ['-i', `${disk}@@4194304`, '::/hostname']), 'box-c\n', 'a later file replaces the earlier');
  t.equal(await run('mtype', ['-i', `${disk}@@4194304`, '::/network/10-lan.network']), '[Match]\n');
  await removeConfig(disk, 'hostname');
  t.strictSame([...(await listConfig(disk))].sort(), ['holdfast.toml', 'network.toml', 'network/']);
});
