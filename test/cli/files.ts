// Tests src/cli/files.ts: what is read from disk and in which order, what cannot be read, and how interfaces are listed.
import { spawnSync } from 'node:child_process';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { examine, interfacesFrom, interfacesHere, readConfiguration } from '../../src/cli/files.ts';
import { MAX_BYTES } from '../../src/config/source.ts';
import { router } from '../fixtures/diagnose.ts';

t.test('reads the file, then the drop-ins beside it by name', async t => {
  const directory = t.testdir({
    'holdfast.toml': 'main',
    'holdfast.d': { '20-b.toml': 'b', '10-a.toml': 'a', '10-a.toml.bak': 'no', '.#10-a.toml': 'no', README: 'no' },
    'other.toml': 'other',
    'other.d': { 'x.toml': 'x' },
    alone: 'alone',
    'alone.d': 'a file',
  });
  const read = async (name: string) =>
    (await readConfiguration(join(directory, name))).map(({ file, text }) => [file.slice(directory.length + 1), text]);
  t.strictSame(await read('holdfast.toml'), [
    ['holdfast.toml', 'main'],
    ['holdfast.d/10-a.toml', 'a'],
    ['holdfast.d/20-b.toml', 'b'],
  ]);
  t.strictSame(await read('other.toml'), [
    ['other.toml', 'other'],
    ['other.d/x.toml', 'x'],
  ]);
  t.strictSame(await read('alone'), [['alone', 'alone']]);
});

t.test('a file that cannot be read is a source with its failure', async t => {
  const directory = t.testdir({
    folder: { 'inner.toml': '' },
    file: '',
    'large.toml': '#'.repeat(MAX_BYTES + 1),
    'latin.toml': Buffer.from([0x61, 0xe9]),
  });
  symlinkSync('loop', join(directory, 'loop'));
  for (const [name, code, message] of [
    ['nowhere.toml', 'file-missing', 'there is no such file'],
    ['file/holdfast.toml', 'file-missing', 'there is no such file'],
    ['folder', 'file-unreadable', 'this is a directory'],
    ['loop', 'file-unreadable', 'the file cannot be read: ELOOP'],
    ['large.toml', 'file-too-large', 'the file is larger than 1 MiB'],
    ['latin.toml', 'not-utf8', 'the file is not UTF-8 text'],
  ] as const)
    t.match(await readConfiguration(join(directory, name)), [{ failure: { code, message } }], name);
  t.match(await readConfiguration('/dev/zero'), [{ failure: { code: 'file-too-large' } }], 'a file without end');
  t.match((await readConfiguration('\0'))[0], { failure: { code: 'file-unreadable' } }, 'no name of a file');
});

t.test('says that a file or a directory may not be read', async t => {
  const directory = t.testdir({ 'holdfast.toml': '', 'holdfast.d': {} });
  // To root everything is readable. The module is imported before that is given up: the checkout may be root's alone.
  const script = `import { readConfiguration } from ${JSON.stringify(join(import.meta.dirname, '../../src/cli/files.ts'))};
    if (process.getuid() === 0) { process.setgroups([]); process.setgid(65534); process.setuid(65534); }
    console.log(JSON.stringify((await readConfiguration(process.argv[1])).map(source => source.failure?.message)));`;
  for (const name of ['holdfast.toml', 'holdfast.d']) chmodSync(join(directory, name), 0);
  const args = ['--input-type=module', '-e', script, join(directory, 'holdfast.toml')];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {} });
  for (const name of ['holdfast.toml', 'holdfast.d']) chmodSync(join(directory, name), 0o755);
  t.equal(stdout, '["the file may not be read","the file may not be read"]\n', stderr);
});

t.test('examines a configuration, and shows it to people', async t => {
  const directory = t.testdir({ 'holdfast.toml': `${router('web')}vird = 1\n`, 'good.toml': router('web') });
  const path = join(directory, 'holdfast.toml');
  const { loaded, diagnostics, report } = await examine(path, 'here', null, 'warn');
  t.equal(loaded.plan, null);
  t.equal(diagnostics.length, 1);
  t.equal(
    report,
    `error[unknown-key]: \`vird\` is not a setting here\n --> ${path}:5:1\n5 | vird = 1\n  | ^^^^\n  = hint: did you mean \`vrid\`?\n\n`,
  );
  const local = await examine(join(directory, 'good.toml'), 'here', new Map(), 'warn');
  t.ok(local.loaded.plan);
  t.match(local.diagnostics, [{ code: 'interface-missing', severity: 'warning' }]);
  t.equal((await examine(join(directory, 'good.toml'), 'here', new Map(), 'ignore')).report, '');
});

/** A version 2 router whose password is `password`, examined on this machine. */
async function withPassword(directory: string, password: string, absent: 'warn' | 'ignore' = 'ignore') {
  const path = join(directory, 'holdfast.toml');
  writeFileSync(path, router('old', { version: '2', password }));
  const { loaded, diagnostics, report } = await examine(path, 'here', new Map(), absent);
  const found = diagnostics.filter(({ code }) => code !== 'interface-missing');
  return { password: loaded.plan?.routers[0]?.password, found, report };
}

t.test('reads the password that a file has', async t => {
  const directory = t.testdir({ good: 'secret12\n', open: 'secret12', long: 'secret-for-sure', empty: '\n', latin: Buffer.from([0xe9]) });
  for (const name of ['good', 'long', 'empty', 'latin']) chmodSync(join(directory, name), 0o640);
  chmodSync(join(directory, 'open'), 0o644);
  symlinkSync('good', join(directory, 'link'));
  const read = (name: string) => withPassword(directory, `{ file = "${join(directory, name)}" }`);

  for (const name of ['good', 'link']) t.match(await read(name), { password: 'secret12', found: [], report: '' }, name);
  const open = await read('open');
  t.match(open, { password: 'secret12', found: [{ code: 'password-exposed', severity: 'warning', span: { line: 6, column: 21 } }] });
  t.match(open.report, `= hint: \`chmod 600 ${join(directory, 'open')}\``);
  const long = await read('long');
  t.match(long, { password: undefined, found: [{ code: 'password', severity: 'error', message: /long is longer than 8 bytes$/ }] });
  t.match(long.report, `\`truncate -s 8 ${join(directory, 'long')}\` keeps those`);
  t.match(await read('empty'), { found: [{ code: 'password', message: /empty is empty$/ }] });
  t.match(await read('latin'), { found: [{ code: 'password', message: /latin is not UTF-8 text$/ }] });
  for (const { report } of [open, long]) t.notMatch(report, 'secret');
});

t.test('says why a password cannot be read', async t => {
  const directory = t.testdir({ folder: {} });
  for (const [path, why] of [
    [join(directory, 'nowhere'), 'there is no such file'],
    [join(directory, 'folder'), 'this is no file'],
    ['/dev/zero', 'this is no file'],
  ] as const) {
    const { password, found, report } = await withPassword(directory, `{ file = "${path}" }`);
    t.equal(password, undefined, 'no plan');
    t.match(found, [{ code: 'password-unreadable', severity: 'error', span: { line: 6, column: 21 } }]);
    t.match(report, `cannot be read: ${why}`);
  }
});

t.test('a credential is a file of the service', async t => {
  const directory = t.testdir({ credentials: { web: 'secret12' } });
  chmodSync(join(directory, 'credentials/web'), 0o400);
  const before = process.env.CREDENTIALS_DIRECTORY;
  t.teardown(() => {
    if (before === undefined) delete process.env.CREDENTIALS_DIRECTORY;
    else process.env.CREDENTIALS_DIRECTORY = before;
  });
  process.env.CREDENTIALS_DIRECTORY = join(directory, 'credentials');
  t.match(await withPassword(directory, '{ credential = "web" }'), { password: 'secret12', found: [] });
  t.match(await withPassword(directory, '{ credential = "db" }'), { password: undefined, found: [{ code: 'password-unreadable' }] });
  delete process.env.CREDENTIALS_DIRECTORY;
  const shell = await withPassword(directory, '{ credential = "web" }');
  t.match(shell, { password: null, found: [{ code: 'password-not-checked', severity: 'note' }] }, 'a shell cannot know');
  const service = await withPassword(directory, '{ credential = "web" }', 'warn');
  t.match(service, { password: undefined, found: [{ code: 'password-unreadable', severity: 'error' }] }, 'the service must');
  t.match(service.report, 'LoadCredential=web:');
});

t.test('another machine’s passwords are not read, nor are those of a configuration with errors forgotten', async t => {
  const directory = t.testdir({ 'holdfast.toml': router('old', { version: '2', password: '{ file = "/nowhere" }' }) });
  const path = join(directory, 'holdfast.toml');
  const other = await examine(path, 'there', null, 'ignore');
  t.strictSame(other.diagnostics, []);
  t.equal(other.loaded.plan?.routers[0]?.password, null);
  writeFileSync(path, router('old', { version: '2', password: '{ file = "/nowhere" }', vird: '1' }));
  const codes = (await examine(path, 'here', new Map(), 'ignore')).diagnostics.map(({ code }) => code);
  t.strictSame(codes, ['unknown-key', 'password-unreadable'], 'all mistakes at once');
});

t.test('shows no more than anybody reads', async t => {
  const text = Array.from({ length: 150 }, (_, index) => `k${index} = 1`).join('\n');
  const { diagnostics, report } = await examine(join(t.testdir({ 'holdfast.toml': text }), 'holdfast.toml'), 'here', null, 'ignore');
  t.equal(diagnostics.length, 150);
  t.equal(report.match(/^error/gm)?.length, 100);
  t.match(report, /\n\nand 50 more\n\n$/);
});

t.test('lists interfaces with and without addresses', async t => {
  const devices = `Inter-|   Receive  |  Transmit
 face |bytes    packets|bytes
    lo:    7855     169    0
  hf0:       0       0    0
`;
  const info = { netmask: '', mac: '', internal: false } as const;
  const found = interfacesFrom(devices, {
    lo: [{ ...info, address: '127.0.0.1', family: 'IPv4', cidr: '127.0.0.1/8' }],
    hf1: [{ ...info, address: 'fe80::1', family: 'IPv6', cidr: 'fe80::1/64', scopeid: 3 }],
    'hf1:vip': [{ ...info, address: '192.0.2.1', family: 'IPv4', cidr: '192.0.2.1/24' }],
    hf2: [{ ...info, address: '192.0.2.1', family: 'IPv4', cidr: null }],
  });
  t.strictSame(
    [...found],
    [
      ['lo', [{ address: '127.0.0.1', length: 8 }]],
      ['hf0', []],
      [
        'hf1',
        [
          { address: 'fe80::1', length: 64 },
          { address: '192.0.2.1', length: 24 },
        ],
      ],
      ['hf2', []],
    ],
  );
  const here = await interfacesHere();
  t.ok(here.has('lo'));
  for (const name of Object.keys(networkInterfaces())) t.ok(here.has(name.replace(/:.*/, '')), name);
});
