// Tests src/core/holder.ts without Accept_Mode: packets to the addresses are denied from before they come until they are gone.
import t from 'tap';
import { priority } from '../../src/vrrp/units.ts';
import { BOTH, type HolderRig, holderRig, ONE, TWO } from '../fixtures/holder-rig.ts';

/** The order in which the kernel was asked. */
function orders({ network }: HolderRig): string[] {
  const asked: string[] = [];
  const { put, remove, deny } = network;
  network.put = (link, address, done) => {
    asked.push(`put ${address.address}`);
    put(link, address, done);
  };
  network.remove = (link, address, done) => {
    asked.push(`remove ${address.address}`);
    remove(link, address, done);
  };
  network.deny = (key, family, addresses, done) => {
    asked.push(`deny ${key} ${family} ${addresses.join(',')}`);
    deny(key, family, addresses, done);
  };
  return asked;
}

t.test('RFC 9568 §6.4.3: without Accept_Mode packets are denied before the addresses come and until they are gone', async t => {
  const around = holderRig();
  const { acquire, holder, machine, run, settled } = around;
  const asked = orders(around);
  const shut = { ...BOTH, accept: false };
  acquire(shut);
  run();
  t.strictSame(asked.splice(0), ['deny hf0/ipv4/51 ipv4 192.0.2.200,192.0.2.201', 'put 192.0.2.200', 'put 192.0.2.201']);
  t.strictSame([settled, machine.denied(ONE.address), machine.answersFor(ONE.address)], [[null], true, true]);
  acquire({ ...shut, addresses: [TWO] });
  run();
  t.strictSame(asked.splice(0), ['deny hf0/ipv4/51 ipv4 192.0.2.201', 'remove 192.0.2.200', 'put 192.0.2.201'], 'another list replaces it');
  t.notOk(machine.denied(ONE.address));
  holder.release(false);
  t.strictSame(asked.splice(0), ['remove 192.0.2.201', 'deny hf0/ipv4/51 ipv4 ']);
  t.notOk(machine.denied(TWO.address));
  holder.release(false);
  t.strictSame(asked, [], 'once');
});

t.test('Accept_Mode that is switched on again undoes it; an owner accepts whatever is configured', async t => {
  const { acquire, machine, run } = holderRig();
  acquire({ ...BOTH, accept: false });
  run();
  acquire({ ...BOTH, accept: true });
  run();
  t.ok(machine.accepts(ONE.address));
  acquire({ ...BOTH, accept: false });
  acquire({ ...BOTH, accept: false, priority: priority(255) });
  run();
  t.ok(machine.accepts(ONE.address));
});

t.test('who accepts touches no filter', async t => {
  const around = holderRig();
  const { acquire, holder, run } = around;
  const asked = orders(around);
  acquire();
  run();
  acquire();
  holder.release(false);
  acquire();
  t.strictSame(
    asked.filter(each => each.startsWith('deny')),
    [],
  );
});

t.test('a filter that the kernel refuses counts like an address that it refuses, and no address comes without it', async t => {
  const { acquire, held, machine, run, settled } = holderRig();
  const shut = { ...BOTH, accept: false };
  machine.refuse({ op: 'deny', code: 'EOPNOTSUPP', address: null, times: 2 });
  for (const attempt of [1, 2]) {
    acquire(shut);
    run();
    t.equal(settled.length, attempt);
    t.match(settled.at(-1), { op: 'deny packets', code: 'EOPNOTSUPP' });
    t.strictSame(held(), []);
  }
  acquire(shut);
  run();
  t.strictSame(settled.slice(2), [null]);
  t.equal(held().length, 2);
});

t.test('a filter that stands is written again with each tenth renewal, and what comes of that is nobody’s trouble', async t => {
  const around = holderRig();
  const { acquire, machine, run, settled } = around;
  const shut = { ...BOTH, accept: false };
  acquire(shut);
  run();
  const asked = orders(around);
  machine.refuse({ op: 'deny', code: 'EBUSY', address: null, times: 1 });
  const denials: number[] = [];
  for (let renewal = 1; renewal <= 10; renewal += 1) {
    acquire(shut);
    run();
    denials.push(asked.filter(order => order === 'deny hf0/ipv4/51 ipv4 192.0.2.200,192.0.2.201').length);
  }
  t.strictSame(denials, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  t.strictSame(settled, new Array(11).fill(null));
});
