// Who waits for an address, and what they are told. Must not know where the reports come from.
import t from 'tap';
import { createArrivals } from '../../../src/platform/linux/arrivals.ts';
import { errnoName } from '../../../src/platform/linux/sysnet.ts';
import { ip } from '../../fixtures/virtual-router.ts';
import { until } from '../../netns/lab/clock.ts';

const [ONE, TWO] = [ip('2001:db8::1'), ip('2001:db8::2')];

function begin() {
  const arrivals = createArrivals();
  const told: string[] = [];
  const expect = (index: number, address: typeof ONE, who: string): void =>
    arrivals.expect(index, address, result => told.push(`${who}: ${result === 0 ? 'here' : errnoName(result)}`));
  return { arrivals, told, expect };
}

t.test('all who wait for an address are told once, when it is time', async t => {
  const { arrivals, told, expect } = begin();
  expect(3, ONE, 'a');
  expect(3, ONE, 'b');
  expect(3, TWO, 'c');
  expect(4, ONE, 'd');
  arrivals.came(3, ONE);
  t.same(told, [], 'not in the middle of the news');
  t.same(
    arrivals.expected().map(({ index, address }) => `${index} ${address}`),
    [`3 ${TWO}`, `4 ${ONE}`],
  );
  arrivals.tell();
  arrivals.tell();
  arrivals.came(3, ONE);
  arrivals.came(5, TWO);
  arrivals.tell();
  t.same(told, ['a: here', 'b: here']);
  arrivals.went(3, TWO);
  arrivals.came(3, TWO);
  arrivals.came(4, ONE);
  arrivals.tell();
  t.same(told.slice(2), ['c: EADDRNOTAVAIL', 'd: here']);
  t.same(arrivals.expected(), []);
});

t.test('who is told may expect again, and ask others to be told', async t => {
  const { arrivals, told, expect } = begin();
  arrivals.expect(3, ONE, () => {
    expect(3, ONE, 'again');
    arrivals.came(3, ONE);
    arrivals.tell();
  });
  expect(3, ONE, 'first');
  arrivals.came(3, ONE);
  arrivals.tell();
  t.same(told, ['again: here', 'first: here']);
});

t.test('nobody waits for ever', async t => {
  const { arrivals, told, expect } = begin();
  expect(3, ONE, 'a');
  expect(3, TWO, 'b');
  arrivals.came(3, TWO);
  arrivals.tell();
  await until('the other one to be given up', 20_000, () => told.length === 2);
  t.same(told, ['b: here', 'a: ETIMEDOUT']);
  t.same(arrivals.expected(), []);
});
