// Tests src/core/learned.ts: what routers have learned outlives the agent, and no file in the world keeps it from starting.
// Must not know files: a text that is read and written.
import t from 'tap';
import { createMemory, readEntries, writeEntries } from '../../src/core/learned.ts';
import { createLog } from '../../src/platform/fake/log.ts';
import { vrid } from '../../src/vrrp/units.ts';
import { planFor, routerSpec } from '../fixtures/virtual-router.ts';

/** A file whose writing takes a turn of the loop. */
function fakeFile(text: string | null = null) {
  const written: string[] = [];
  const state = { text, failure: null as Error | null };
  return {
    state,
    written,
    async read() {
      if (state.failure !== null) throw state.failure;
      return state.text;
    },
    async write(next: string) {
      await new Promise(resolve => setImmediate(resolve));
      if (state.failure !== null) throw state.failure;
      state.text = next;
      written.push(next);
    },
  };
}

const turns = async (count = 5) => {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve));
};
const web = routerSpec();
const db = routerSpec({ name: 'db', vrid: vrid(52) });
const both = planFor(web, db);
const OLD = { router: 'web/ipv4', checksums: ['rfc5798'] } as const;

t.test('what was learned is there after a restart', async t => {
  const file = fakeFile();
  const log = createLog();
  const first = createMemory({ log, ...file });
  await first.recall();
  t.strictSame(first.known(both), []);
  first.adopt(both);
  first.learn(OLD);
  await turns();
  const second = createMemory({ log, ...file });
  await second.recall();
  t.strictSame(second.known(both), [OLD]);
  t.strictSame(log.lines, [], 'and nothing of it is news');
  t.strictSame(JSON.parse(file.state.text ?? ''), {
    schema: 1,
    learned: [{ place: 'hf0/ipv4/51', checksums: ['rfc5798'] }],
  });
});

t.test('an entry is about one VRID on one interface', async t => {
  const memory = createMemory({ log: createLog(), ...fakeFile() });
  memory.adopt(both);
  memory.learn(OLD);
  t.strictSame(memory.known(planFor({ ...web, vrid: vrid(61) })), []);
  t.strictSame(memory.known(planFor({ ...web, interface: 'hf1' })), []);
  t.strictSame(memory.known(planFor({ ...web, family: 'ipv6' })), []);
  t.strictSame(memory.known(planFor(web)), [OLD], 'and still known when a reload goes back');
});

t.test('a new name is the same router to its peers', async t => {
  const file = fakeFile();
  const memory = createMemory({ log: createLog(), ...file });
  memory.adopt(both);
  memory.learn(OLD);
  const swapped = planFor({ ...web, name: 'db' }, { ...db, name: 'web' });
  t.strictSame(memory.known(swapped), [{ ...OLD, router: 'db/ipv4' }]);
  memory.learn({ router: 'db/ipv4', checksums: ['rfc9568', 'rfc5798'] });
  t.strictSame(
    memory.known(swapped).map(({ router }) => router),
    ['db/ipv4', 'web/ipv4'],
    'until the new plan runs, in the old names',
  );
  memory.adopt(swapped);
  memory.learn({ router: 'db/ipv4', checksums: [] });
  t.strictSame(
    memory.known(swapped).map(({ router }) => router),
    ['web/ipv4'],
  );
  await turns();
  t.strictSame(readEntries(file.state.text ?? ''), [{ place: 'hf0/ipv4/52', checksums: ['rfc9568', 'rfc5798'] }]);
});

t.test('what is unlearned, and what nobody here can have learned', async t => {
  const file = fakeFile();
  const memory = createMemory({ log: createLog(), ...file });
  memory.adopt(both);
  memory.learn(OLD);
  memory.learn({ router: 'mail/ipv4', checksums: ['rfc5798'] });
  memory.learn({ ...OLD, checksums: [] });
  await turns();
  t.strictSame(readEntries(file.state.text ?? ''), []);
  t.strictSame(memory.known(both), []);
});

t.test('many messages are few files, and the last one counts', async t => {
  const file = fakeFile();
  const memory = createMemory({ log: createLog(), ...file });
  const routers = Array.from({ length: 255 }, (_, i) => routerSpec({ name: `r${i}`, vrid: vrid(i + 1) }));
  memory.adopt(planFor(...routers));
  for (const { name } of routers) memory.learn({ router: `${name}/ipv4`, checksums: ['rfc5798'] });
  await turns();
  t.equal(file.written.length, 1);
  memory.learn({ router: 'r0/ipv4', checksums: ['rfc9568'] });
  await new Promise(resolve => queueMicrotask(() => resolve(null)));
  memory.learn({ router: 'r0/ipv4', checksums: ['rfc9568', 'rfc5798'] });
  await turns();
  t.ok(file.written.length <= 3);
  t.strictSame(readEntries(file.state.text ?? '')?.find(({ place }) => place === 'hf0/ipv4/1')?.checksums, ['rfc9568', 'rfc5798']);
  t.equal(readEntries(file.state.text ?? '')?.length, 255);
});

t.test('routers that are gone do not stay in the file', async t => {
  const file = fakeFile();
  const memory = createMemory({ log: createLog(), ...file });
  memory.adopt(both);
  memory.learn(OLD);
  memory.adopt(planFor({ ...web, vrid: vrid(61) }, db));
  memory.learn({ router: 'db/ipv4', checksums: ['rfc5798'] });
  await turns();
  t.strictSame(
    readEntries(file.state.text ?? '')?.map(({ place }) => place),
    ['hf0/ipv4/52'],
  );
});

t.test('garbage is told once and forgotten', async t => {
  const entry = { place: 'hf0/ipv4/51', checksums: ['rfc5798'] };
  const garbage = [
    '',
    'null',
    '7',
    '{',
    '\0\0\0\0',
    '[]',
    '{"schema":2,"learned":[]}',
    '{"schema":1}',
    '{"schema":1,"learned":[null]}',
    ...[{ place: 1 }, { place: undefined }, { checksums: [] }, { checksums: ['md5'] }, { checksums: 'rfc5798' }].map(wrong =>
      JSON.stringify({ schema: 1, learned: [entry, { ...entry, ...wrong }] }),
    ),
  ];
  for (const text of garbage) {
    const log = createLog();
    const memory = createMemory({ log, ...fakeFile(text) });
    await memory.recall();
    t.match(log.lines, [{ level: 'warn', event: 'agent.learned-unreadable' }], text);
    t.equal(log.lines.length, 1);
    t.strictSame(memory.known(both), []);
  }
  t.strictSame(
    readEntries(writeEntries([{ place: 'hf0/ipv4/51', checksums: ['rfc5798'] }]))?.length,
    1,
    'the control: a right one is read',
  );
});

t.test('a file that cannot be read or written costs a log line', async t => {
  const file = fakeFile();
  const log = createLog();
  file.state.failure = new Error('EIO: i/o error');
  const memory = createMemory({ log, ...file });
  await memory.recall();
  memory.adopt(both);
  memory.learn(OLD);
  await turns();
  memory.learn({ ...OLD, router: 'db/ipv4' });
  await turns();
  t.match(
    log.lines.map(({ event, message }) => `${event} ${message}`),
    [/^agent\.learned-unreadable .*EIO/, /^agent\.learned-unwritable .*EIO/],
  );
  t.equal(log.lines.length, 2, 'once, not for each attempt');
  file.state.failure = null;
  memory.learn(OLD);
  await turns();
  t.equal(readEntries(file.state.text ?? '')?.length, 2, 'and nothing is lost when it works again');
});

t.test('what is learned while the file is read is newer', async t => {
  const file = fakeFile(writeEntries([{ place: 'hf0/ipv4/51', checksums: ['rfc5798'] }]));
  const memory = createMemory({ log: createLog(), ...file });
  memory.adopt(both);
  const reading = memory.recall();
  memory.learn({ router: 'web/ipv4', checksums: ['rfc9568'] });
  await reading;
  t.strictSame(memory.known(both), [{ router: 'web/ipv4', checksums: ['rfc9568'] }]);
});
