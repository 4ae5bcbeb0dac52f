// The link of an interface through its life, against the kernel of a namespace.
// Must not know routers.
import { constants } from 'node:os';
import t, { type Test } from 'tap';
import { makeNamespace, needsNamespaces as needs } from '../../../fixtures/namespace.ts';
import { startWorker } from '../../../fixtures/remote.ts';
import { sleep, until } from '../../../netns/lab/clock.ts';
import type { InterfaceMethods } from '../fixtures/interface-worker.ts';

const BOUND = 20_000;

async function begin(t: Test) {
  const space = await makeNamespace();
  const { worker, call } = startWorker<InterfaceMethods>(new URL('../fixtures/interface-worker.ts', import.meta.url), command =>
    space.start(command),
  );
  t.teardown(() => worker.kill());
  const says = (watch: number, seen: string) => {
    let told: Awaited<ReturnType<typeof call.told>> = [];
    return until(
      seen,
      BOUND,
      async () => {
        told = await call.told(watch);
        return told.at(-1)?.seen === seen;
      },
      () => JSON.stringify(told),
    );
  };
  return { space, call, says };
}

t.test('missing, down, without a carrier, up, and back', needs, async t => {
  const { space, call, says } = await begin(t);
  const watch = await call.watch('hf0');
  await says(watch, 'there is no interface hf0');
  await space.ip('link add hf0 type veth peer name hf1');
  await says(watch, 'down');
  await space.ip('link set hf0 up');
  await says(watch, 'no carrier');
  await space.ip('link set hf1 up');
  await says(watch, 'up');
  await space.ip('link set hf1 down');
  await says(watch, 'no carrier');
  await space.ip('link set hf1 up');
  await says(watch, 'up');
  await space.ip('address add 192.0.2.1/24 dev hf0', 'link set hf0 mtu 1400');
  await space.ip('link set hf0 down');
  await says(watch, 'down');
  await space.ip('link delete hf0');
  await says(watch, 'there is no interface hf0');
  const troubles = (await call.told(watch)).map(({ trouble }) => trouble);
  t.same(troubles, ['missing', 'down', 'down', null, 'down', null, 'down', 'missing'], 'and nothing was told twice');
});

t.test('one mirror for all that watch, until each is closed', needs, async t => {
  const { space, call, says } = await begin(t);
  await space.ip('link add hf0 type veth peer name hf1', 'link set hf0 up', 'link set hf1 up');
  const first = await call.watch('hf0');
  await says(first, 'up');
  const sockets = await call.sockets();
  const [second, other, closed] = [await call.watch('hf0'), await call.watch('hf1'), await call.watch('hf0')];
  for (const watch of [second, other, closed]) await says(watch, 'up');
  t.equal(await call.sockets(), sockets);
  await call.close(closed);
  await space.ip('link set hf0 down');
  for (const [watch, seen] of [
    [first, 'down'],
    [second, 'down'],
    [other, 'no carrier'],
  ] as const) {
    await says(watch, seen);
  }
  t.equal((await call.told(closed)).length, 1);
});

t.test('a machine that cannot tell, at first', needs, async t => {
  const { space, call, says } = await begin(t);
  await space.ip('link add hf0 type veth peer name hf1', 'link set hf0 up', 'link set hf1 up');
  await call.refuse(constants.errno.EMFILE);
  const [watch, closed] = [await call.watch('hf0'), await call.watch('hf0')];
  await says(watch, 'interfaces cannot be watched: netlink socket: EMFILE');
  await call.close(closed);
  t.match(await call.told(watch), [{ trouble: 'failed' }]);
  await call.refuse(0);
  await says(watch, 'up');
  await sleep(100); // a window: nothing may be told in it
  t.equal((await call.told(closed)).length, 1);
});
