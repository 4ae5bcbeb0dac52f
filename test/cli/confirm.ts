// `holdfast confirm` on the command line: what the operator reads, and the exit status.
// Must not know what is confirmed: a fake daemon answers.
import t, { type Test } from 'tap';
import type { ConfirmReport } from '../../src/api/reload.ts';
import { controlSocket } from '../fixtures/control.ts';
import { start } from '../fixtures/running.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

function daemon(t: Test, outcome: ConfirmReport['outcome']): Promise<string> {
  return controlSocket(t, { confirm: async () => ({ schema: 1, outcome }) });
}

async function ask(...argv: readonly string[]) {
  const running = start([process.execPath, MAIN, 'confirm', ...argv]);
  const { code } = await running.ended();
  return { code, out: running.out.join('\n'), err: running.err.join('\n') };
}

t.test('confirmed', async t => {
  t.same(await ask('--socket', await daemon(t, 'confirmed')), { code: 0, out: 'confirmed: this configuration stays', err: '' });
});

t.test('nothing waits, or not any more: exit status 1', async t => {
  const path = await daemon(t, 'nothing-to-confirm');
  const { code, out, err } = await ask('--socket', path);
  t.same([code, out], [1, '']);
  t.ok(err.startsWith('holdfast: nothing waits for a confirmation; if it was too late, the configuration before runs again: '));
  t.ok(err.endsWith(`: holdfast status --socket ${path}`));
});

t.test('an engine that does not answer: exit status 1', async t => {
  t.match(await ask('--socket', await daemon(t, 'silent')), {
    code: 1,
    out: '',
    err: /^holdfast: the engine does not answer: holdfast status/,
  });
});

t.test('no daemon: exit status 3', async t => {
  t.match(await ask('--socket', '/nonexistent/control.sock'), { code: 3, out: '', err: /^holdfast: no daemon listens at/ });
});
