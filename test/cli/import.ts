// Tests src/cli/import.ts: what `holdfast import` writes where, what it never overwrites, and how it exits.
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { check } from '../../src/cli/check.ts';
import { importFile } from '../../src/cli/import.ts';
import { instance } from '../fixtures/keepalived.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(verb: typeof importFile, ...argv: readonly string[]): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await verb(argv, { stdout: { write: text => out.push(text) }, stderr: { write: text => err.push(text) } });
  return { code, stdout: out.join(''), stderr: err.join('') };
}

const PASSWORD = 'authentication {\nauth_type PASS\nauth_pass hush\n}';

t.test('the translation to stdout, what became of each line to stderr', async t => {
  const folder = t.testdir({ 'keepalived.conf': instance('state MASTER', 'priority 150') });
  const file = join(folder, 'keepalived.conf');
  const { code, stdout, stderr } = await run(importFile, file);
  t.equal(code, 0);
  t.match(stdout, /^# From\b[\s\S]*\n\n# vrrp_instance web, line 1\n\[vrrp\.web\]\ninterface = "eth0"\n/);
  t.match(stderr, `${file}:7  dropped  state MASTER: `);
  t.match(stderr, /\n\d+ translated, 1 not needed\n$/);
});

t.test('exits with 1 where something is lost, with 78 where nothing can be written', async t => {
  const folder = t.testdir({
    'lost.conf': instance('smtp_alert'),
    'template.conf': instance('priority {{ prio }}'),
  });
  t.match(await run(importFile, join(folder, 'lost.conf')), {
    code: 1,
    stdout: /\[vrrp\.web\]/,
    stderr: /:7 +LOST +smtp_alert: [\s\S]*1 lost\n$/,
  });
  t.match(await run(importFile, join(folder, 'template.conf')), {
    code: 78,
    stdout: /^$/,
    stderr: /^\S*:7 +REFUSED[^\n]*\nnothing is written: 1 to be mended first\n$/,
  });
  t.match(await run(importFile, join(folder, 'none.conf')), { code: 78, stderr: /none\.conf:1 .*ENOENT/ });
  t.match(await run(importFile, folder), { code: 78, stderr: /EISDIR/ });
});

t.test('--output writes a configuration that checks, with its passwords beside it, for root alone', async t => {
  const folder = t.testdir({ 'keepalived.conf': instance(PASSWORD).replace('eth0', 'hf0-nowhere') });
  const output = join(folder, 'holdfast.toml');
  const { code, stdout, stderr } = await run(importFile, join(folder, 'keepalived.conf'), '--output', output);
  t.strictSame([code, stdout], [0, '']);
  const secret = join(folder, 'web.password');
  t.match(stderr, `written: ${output}, ${secret}\n`);
  t.equal(readFileSync(secret, 'utf8'), 'hush\n');
  t.equal(statSync(secret).mode & 0o777, 0o600);
  t.match(readFileSync(output, 'utf8'), `password = { file = "${secret}" }`);
  t.match(await run(check, output), { code: 0, stdout: /: ok, 1 virtual router \(web\)/ });
  t.notMatch(stderr, 'hush');
});

t.test('never overwrites anything', async t => {
  const folder = t.testdir({
    'keepalived.conf': instance(PASSWORD),
    there: { 'holdfast.toml': 'mine' },
    secret: { 'web.password': 'mine\n' },
    same: { 'web.password': 'hush\n' },
  });
  const source = join(folder, 'keepalived.conf');
  t.match(await run(importFile, source, '--output', join(folder, 'there/holdfast.toml')), {
    code: 78,
    stderr: /holdfast\.toml is there already/,
  });
  t.equal(readFileSync(join(folder, 'there/holdfast.toml'), 'utf8'), 'mine');
  t.match(await run(importFile, source, '--output', join(folder, 'secret/holdfast.toml')), {
    code: 78,
    stderr: /web\.password is there already/,
  });
  t.equal(readFileSync(join(folder, 'secret/web.password'), 'utf8'), 'mine\n');
  t.throws(() => statSync(join(folder, 'secret/holdfast.toml')));
  t.match(await run(importFile, source, '--output', join(folder, 'same/holdfast.toml')), { code: 0 });
  t.match(await run(importFile, source, '--output', join(folder, 'no/such/holdfast.toml')), { code: 78, stderr: /cannot write: ENOENT/ });
});

t.test('reads what `include` means, relative to the file, by pattern and by name', async t => {
  const folder = t.testdir({
    'keepalived.conf': 'include conf.d/*.conf\ninclude missing.conf\n',
    'conf.d': { 'b.conf': instance('priority 120'), 'a.conf': 'include ../global.inc\n', 'c.conf': {}, 'd.txt': 'garbage' },
    'global.inc': 'global_defs {\n  vrrp_version 3\n}\n',
    'loop.conf': 'include loop.conf\n',
    'odd.conf': `include **/*.conf\ninclude [\ninclude {x,global}.inc\ninclude *(\n${instance()}`,
  });
  const { code, stdout, stderr } = await run(importFile, join(folder, 'keepalived.conf'));
  t.equal(code, 1);
  t.match(stdout, /version = 3\npriority = 120/);
  t.match(stderr, /conf\.d\/a\.conf, \S*conf\.d\/b\.conf\n/);
  t.match(stderr, /:2 +LOST +include missing\.conf/);
  const odd = await run(importFile, join(folder, 'odd.conf'));
  t.match(odd, { code: 1, stderr: /conf\.d\/b\.conf/ });
  t.notMatch(odd.stderr, 'loop.conf', 'two stars are one');
  t.match(odd.stderr, /:2 +LOST[\s\S]*:4 +LOST/);
  t.match(await run(importFile, join(folder, 'loop.conf')), { code: 78, stderr: /includes itself/ });
});

t.test('looks into scripts, and finds programs', async t => {
  const script =
    '#!/bin/sh\nif [ -z "$(pidof nginx)" ]; then\n  systemctl restart nginx\n  sleep 2\n  [ -n "$(pidof nginx)" ] || systemctl stop keepalived\nfi\n';
  const folder = t.testdir({ 'check.sh': script });
  const conf = (command: string) => `vrrp_script chk {\nscript "${command}"\n}\n${instance('track_script {\nchk\n}')}`;
  const directory = t.testdir({
    ...{ 'check.sh': script },
    'a.conf': conf(`${folder}/check.sh`),
    'b.conf': conf('true --now'),
    'c.conf': conf('no-such-program'),
  });
  chmodSync(join(directory, 'check.sh'), 0o755);
  t.match((await run(importFile, join(directory, 'a.conf'))).stdout, /\[watchdog\.chk\]\nunit = "nginx\.service"/);
  t.match((await run(importFile, join(directory, 'b.conf'))).stdout, /run = \["\/(usr\/)?bin\/true", "--now"\]/);
  const { stdout, stderr } = await run(importFile, join(directory, 'c.conf'));
  t.match(stdout, 'run = ["/usr/bin/no-such-program"]');
  t.match(stderr, 'is it /usr/bin/no-such-program?');
});

t.test('--json says it all on stdout, but for passwords', async t => {
  const folder = t.testdir({ 'keepalived.conf': instance(PASSWORD, '@a nopreempt', 'use_vmac') });
  const { code, stdout, stderr } = await run(importFile, join(folder, 'keepalived.conf'), '--json', '--config-id', 'a');
  t.equal(code, 1);
  t.equal(stderr, '');
  t.notMatch(stdout, 'hush');
  t.match(JSON.parse(stdout), {
    schema: 1,
    status: 1,
    toml: /preempt = false/,
    passwords: [{ router: 'web', file: '/etc/holdfast/web.password' }],
    lines: [{ file: /keepalived\.conf$/, line: 1, end_line: 1, verdict: 'translated', text: 'vrrp_instance web', says: '`[vrrp.web]`' }],
  });
});

t.test('a call that makes no sense', async t => {
  for (const argv of [[], ['a', 'b'], ['a', '--output', ''], ['a', '--config-id', '']])
    t.match(await run(importFile, ...argv), { code: 2, stderr: /^usage: holdfast import FILE/ });
  await t.rejects(run(importFile, 'a', '--lenient'), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' });
});

t.test('works from the command line', async t => {
  const main = join(import.meta.dirname, '../../src/main.ts');
  const file = join(t.testdir({ 'keepalived.conf': instance() }), 'keepalived.conf');
  t.match(spawnSync(process.execPath, [main, 'import', file], { encoding: 'utf8', env: {} }), { status: 0, stdout: /\[vrrp\.web\]/ });
  t.match(spawnSync(process.execPath, [main, '--help'], { encoding: 'utf8', env: {} }), { stdout: /^ {2}import +translate a keepalived/m });
});
