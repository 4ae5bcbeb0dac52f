// What is said about destinations, and when, by value: the clock is a variable.
// Must not know sockets.
import t, { type Test } from 'tap';
import { createReachability } from '../../../src/platform/linux/reachability.ts';
import { micros } from '../../../src/vrrp/units.ts';
import { ip } from '../../fixtures/virtual-router.ts';

const [GROUP, PEER] = [ip('224.0.0.18'), ip('192.0.2.20')];
const [HERE, THERE] = [ip('192.0.2.10'), ip('192.0.2.11')];

function begin(t: Test) {
  let now = 1_000_000;
  const said: string[] = [];
  const told = createReachability(
    'hf0',
    {
      failed: ({ kind, op, code, target }, destination) => said.push(`${kind} ${op} ${code} ${target} ${destination}`),
      reached: destination => said.push(`reached ${destination}`),
    },
    () => micros(now),
  );
  return {
    told,
    pass(seconds: number): void {
      now += seconds * 1_000_000;
    },
    /** What was said since the last time. */
    async expect(...words: readonly string[]): Promise<void> {
      await Promise.resolve();
      t.same(said.splice(0), words);
    },
    said,
  };
}

t.test('a cause is said once, each, and nothing inside of a call', async t => {
  const { told, said, expect } = begin(t);
  told.left(HERE, GROUP);
  await expect();
  told.refused('ENETDOWN', HERE, GROUP);
  t.same(said, [], 'not yet');
  told.refused('ENETDOWN', HERE, GROUP);
  await expect('system-error send advertisement ENETDOWN hf0 224.0.0.18');
  told.refused('ENODEV', HERE, GROUP);
  told.refused('ENETDOWN', HERE, GROUP);
  await expect('system-error send advertisement ENODEV hf0 224.0.0.18');
  told.left(HERE, GROUP);
  t.same(said, [], 'not yet');
  await expect('reached 224.0.0.18');
  told.left(HERE, GROUP);
  await expect();
  told.refused('ENETDOWN', HERE, GROUP);
  await expect('system-error send advertisement ENETDOWN hf0 224.0.0.18');
});

t.test('one address that can speak does not make up for another that cannot, unless that one was not heard of for long', async t => {
  const { told, pass, expect } = begin(t);
  for (let i = 0; i < 10; i++) {
    told.refused('EINVAL', HERE, GROUP);
    told.left(THERE, GROUP);
    pass(1);
  }
  await expect('system-error send advertisement EINVAL hf0 224.0.0.18');
  pass(3);
  told.left(THERE, GROUP);
  await expect();
  pass(1);
  told.left(THERE, GROUP);
  await expect('reached 224.0.0.18');
});

t.test('what came back is over only after five quiet seconds', async t => {
  const { told, pass, expect } = begin(t);
  for (let i = 0; i < 4; i++) {
    told.returned('EHOSTUNREACH', PEER);
    for (let k = 0; k < 4; k++) {
      pass(1);
      told.left(HERE, PEER);
    }
  }
  await expect('system-error deliver advertisement EHOSTUNREACH hf0 192.0.2.20');
  pass(1);
  told.left(HERE, PEER);
  await expect('reached 192.0.2.20');
});

t.test('what came back counts for more than what could not leave before', async t => {
  const { told, expect } = begin(t);
  told.refused('ENETDOWN', HERE, PEER);
  told.returned('ENOPROTOOPT', PEER);
  await expect('system-error send advertisement ENETDOWN hf0 192.0.2.20', 'system-error deliver advertisement ENOPROTOOPT hf0 192.0.2.20');
  told.left(HERE, PEER);
  await expect();
});

t.test('each destination for itself', async t => {
  const { told, expect } = begin(t);
  told.refused('EINVAL', HERE, PEER);
  told.left(HERE, GROUP);
  told.refused('EINVAL', HERE, GROUP);
  await expect('system-error send advertisement EINVAL hf0 192.0.2.20', 'system-error send advertisement EINVAL hf0 224.0.0.18');
  told.left(HERE, GROUP);
  await expect('reached 224.0.0.18');
});
