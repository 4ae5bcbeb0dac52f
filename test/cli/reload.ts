// `holdfast reload` on the command line: what is asked of the daemon, what the operator reads, and the exit status.
// Must not know how a daemon reloads: a fake one answers.
import t, { type Test } from 'tap';
import type { ReloadReport, ReloadRequest } from '../../src/api/reload.ts';
import { tellReload } from '../../src/cli/reload.ts';
import { controlSocket } from '../fixtures/control.ts';
import { start } from '../fixtures/running.ts';

process.env.TZ = 'UTC';
const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const NOW = Date.parse('2026-03-29T03:00:00.000Z');
const SOCKET = '/run/holdfast/control.sock';
const CHANGES: NonNullable<ReloadReport['changes']> = {
  added: ['mail/ipv4'],
  removed: [],
  changed: [{ router: 'web/ipv4', settings: ['priority 100 -> 150'], restarts: false }],
  unchanged: 3,
  lines: ['+ mail/ipv4  VRID 52 on hf0', '~ web/ipv4   priority 100 -> 150', '= 3 unchanged'],
};
const NOTHING: ReloadReport = { schema: 1, outcome: 'silent', changes: null, refused: [], problem: null, report: '', confirm_by: null };

async function daemon(t: Test, answer: ReloadReport): Promise<{ readonly path: string; readonly asked: ReloadRequest[] }> {
  const asked: ReloadRequest[] = [];
  const path = await controlSocket(t, {
    async reload(request) {
      asked.push(request);
      return answer;
    },
  });
  return { path, asked };
}

async function ask(...argv: readonly string[]) {
  const running = start([process.execPath, MAIN, 'reload', ...argv]);
  const { code } = await running.ended();
  return { code, out: running.out.join('\n'), err: running.err.join('\n') };
}

t.test('applied: what changed, and nothing to do', async t => {
  t.strictSame(tellReload({ ...NOTHING, outcome: 'applied', changes: CHANGES }, SOCKET, NOW), {
    out: 'reloaded:\n  + mail/ipv4  VRID 52 on hf0\n  ~ web/ipv4   priority 100 -> 150\n  = 3 unchanged\n',
    err: '',
    code: 0,
  });
});

t.test('applied for a time: until when, and the command to type', async t => {
  const report: ReloadReport = { ...NOTHING, outcome: 'applied', changes: CHANGES, confirm_by: '2026-03-29T03:01:00.000Z' };
  t.match(
    tellReload(report, SOCKET, NOW).out,
    /= 3 unchanged\n\nGoes back at 03:01:00, in 60 s, unless you confirm:\n {2}holdfast confirm\n$/,
  );
  t.match(tellReload(report, '/run/b.sock', NOW).out, /\n {2}holdfast confirm --socket \/run\/b\.sock\n$/);
});

t.test('applied, but a router does not run: exit status 1', async t => {
  const refused = [{ router: 'mail', reason: 'already-running', message: 'mail was not started: another daemon ...' }];
  t.match(tellReload({ ...NOTHING, outcome: 'applied', changes: CHANGES, refused }, SOCKET, NOW), {
    out: /^reloaded:/,
    err: 'holdfast: mail was not started: another daemon ...\n',
    code: 1,
  });
});

t.test('unchanged, a dry run, warnings', async t => {
  const report = 'warning[x]: ...\n\n';
  t.strictSame(tellReload({ ...NOTHING, outcome: 'unchanged', changes: CHANGES, report }, SOCKET, NOW), {
    out: 'nothing to do: what runs is what the files say\n',
    err: report,
    code: 0,
  });
  t.match(tellReload({ ...NOTHING, outcome: 'planned', changes: CHANGES, report }, SOCKET, NOW), {
    out: /^would change, but this is a dry run:\n {2}\+ mail\/ipv4/,
    err: report,
    code: 0,
  });
});

t.test('files that do not check: everything that is wrong, exit status 78', async t => {
  const report = 'error[syntax]: ...\n\n';
  const told = (errors: number) =>
    tellReload({ ...NOTHING, outcome: 'invalid', report, problem: { errors, first: 'holdfast.toml:3:5 ...' } }, SOCKET, NOW);
  t.strictSame(told(1), { out: '', err: `${report}holdfast: 1 error; nothing was changed\n`, code: 78 });
  t.match(told(2).err, /\nholdfast: 2 errors; nothing was changed\n$/);
});

t.test('busy and silent: exit status 1, and what to do', async t => {
  t.strictSame(tellReload({ ...NOTHING, outcome: 'busy', confirm_by: '2026-03-29T03:00:42.000Z' }, SOCKET, NOW), {
    out: '',
    err: 'holdfast: nothing was done: the reload before goes back at 03:00:42, in 42 s, unless you confirm it:\n  holdfast confirm\n',
    code: 1,
  });
  t.match(tellReload(NOTHING, SOCKET, NOW), { out: '', err: /^holdfast: the engine does not answer, .*: holdfast status\n$/, code: 1 });
});

t.test('the options reach the daemon', async t => {
  const { path, asked } = await daemon(t, { ...NOTHING, outcome: 'unchanged', changes: CHANGES });
  t.match(await ask('--socket', path), { code: 0, out: /^nothing to do/, err: '' });
  t.match(await ask('--socket', path, '--dry-run'), { code: 0 });
  t.match(await ask('--socket', path, '--confirm', '1.5m'), { code: 0 });
  t.match(await ask('--socket', path, '--confirm=1h'), { code: 0 });
  t.same(asked, [
    { dryRun: false, confirmMs: null },
    { dryRun: true, confirmMs: null },
    { dryRun: false, confirmMs: 90_000 },
    { dryRun: false, confirmMs: 3_600_000 },
  ]);
});

t.test('the exit status of an answer that is none of the good ones', async t => {
  const { path } = await daemon(t, {
    ...NOTHING,
    outcome: 'invalid',
    report: 'error[syntax]: here\n\n',
    problem: { errors: 1, first: 'x' },
  });
  t.match(await ask('--socket', path), { code: 78, out: '', err: /^error\[syntax\]: here\n\nholdfast: 1 error; nothing was changed$/ });
});

t.test('calls that make no sense: exit status 2, and no daemon is asked', async t => {
  const { path, asked } = await daemon(t, NOTHING);
  for (const [argv, why] of [
    [['--confirm', '60'], /^holdfast: --confirm needs a duration such as 60s or 5m, not "60"$/],
    [['--confirm', 'soon'], /needs a duration/],
    [['--confirm', '999ms'], /^holdfast: --confirm must be from 1s to 1h, not 999ms$/],
    [['--confirm', '61m'], /from 1s to 1h/],
    [['--confirm'], /--confirm/],
    [['--dry-run', '--confirm', '60s'], /^holdfast: --dry-run changes nothing/],
  ] as const) {
    t.match(await ask('--socket', path, ...argv), { code: 2, out: '', err: why }, argv.join(' '));
  }
  t.same(asked, []);
});

t.test('no daemon: exit status 3', async t => {
  t.match(await ask('--socket', '/nonexistent/control.sock'), { code: 3, out: '', err: /^holdfast: no daemon listens at/ });
});
