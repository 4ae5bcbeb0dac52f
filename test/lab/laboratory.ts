// src/lab/laboratory.ts: made, broken, healed, removed; and at whatever point a command is killed, the next one puts it right.
import t, { type Test } from 'tap';
import {
  breakNode,
  forgetMended,
  healNode,
  isThere,
  LabError,
  make,
  nginxOf,
  type Plan,
  recall,
  recorded,
  remove,
} from '../../src/lab/laboratory.ts';
import { FAULTS, type LabState, type Page } from '../../src/lab/state.ts';
import { layOut, nodeNames } from '../../src/lab/topology.ts';
import { usualText, usualWish } from '../../src/lab/usual.ts';
import { Died, type SmallLab, smallLab } from '../fixtures/lab-machine.ts';

function plan(machine: SmallLab, page: Page): Plan {
  const names = nodeNames(2);
  return {
    wish: '2 nodes',
    topology: layOut(names.map(usualWish)),
    nodes: new Map(names.map((name, i) => [name, { text: usualText(i, nginxOf(machine, name)), page }])),
    notes: [],
  };
}

async function made(page: Page = 'watched') {
  const machine = smallLab(page !== 'built-in');
  return { machine, state: await make(machine, plan(machine, page)) };
}

/** All nodes have their cable, their holdfast and their page, and nobody stands still. */
function isSound(t: Test, machine: SmallLab, story: string): void {
  const state = recall(machine);
  if (state === null) throw new Error('no state');
  t.same(state.faults, [], `${story}: no fault is left`);
  for (const { name, namespace } of state.topology.nodes) {
    t.match(machine.cables.get(`${name}-0`), { namespace, name: 'hf0', up: true }, `${story}: ${name} has its cable`);
    const here = machine.processes(namespace);
    const engines = machine.running.filter(each => each.namespace === namespace && each.argv[1] === 'run');
    t.equal(engines.length, 1, `${story}: one holdfast on ${name}`);
    t.ok(recorded(machine, state, name, 'holdfast'), `${story}: which is known`);
    const page = state.pages[name] === 'built-in' ? here.some(each => recorded(machine, state, name, 'page')?.pid === each.pid) : true;
    t.ok(page && (state.pages[name] === 'built-in' || here.some(each => each.name === 'nginx')), `${story}: ${name} has a page`);
  }
  t.notOk(
    machine.running.some(({ stopped }) => stopped),
    `${story}: nobody stands still`,
  );
  t.ok(recorded(machine, state, 'client', 'client'), `${story}: the client asks`);
}

function isGone(t: Test, machine: SmallLab, story: string): void {
  t.same([machine.namespaces(''), [...machine.cables], machine.running, [...machine.files]], [[], [], [], []], story);
}

/** Does it again and again, killed at one call later each time, until it comes to its end. */
async function atEveryPoint(
  begin: () => Promise<{ readonly machine: SmallLab; readonly state: LabState }>,
  act: (machine: SmallLab, state: LabState) => Promise<unknown>,
  then: (machine: SmallLab, story: string) => Promise<void>,
): Promise<number> {
  for (let point = 1; ; point += 1) {
    const { machine, state } = await begin();
    machine.dieAt(point);
    const died = await act(machine, state).then(
      () => false,
      (error: unknown) => {
        if (error instanceof Died) return true;
        throw error;
      },
    );
    machine.dieAt(0);
    await then(machine, `killed at call ${point}`);
    if (!died) return point;
  }
}

/** As `holdfast lab heal` does: only what is written down is known to be broken. */
async function healAll(machine: SmallLab): Promise<void> {
  let state = recall(machine);
  for (const { node } of state?.faults ?? []) if (state !== null) state = await healNode(machine, state, node);
}

t.test('made and removed', async t => {
  for (const page of ['watched', 'nginx', 'built-in'] as const) {
    const { machine, state } = await made(page);
    t.equal(state.phase, 'ready');
    isSound(t, machine, page);
    t.same(machine.namespaces('').toSorted(), ['hf-lab-client', 'hf-lab-edge-a', 'hf-lab-edge-b', 'hf-lab-switch']);
    t.match(await remove(machine), { namespaces: 4, visitors: [] });
    isGone(t, machine, `${page}: nothing stays`);
    t.notOk(isThere(machine));
  }
});

t.test('killed while it is made: removed, and made anew', async t => {
  const points = await atEveryPoint(
    async () => ({ machine: smallLab(), state: (await made()).state }),
    machine => make(machine, plan(machine, 'watched')),
    async (machine, story) => {
      if (isThere(machine)) await remove(machine);
      isGone(t, machine, story);
      await make(machine, plan(machine, 'watched'));
      isSound(t, machine, story);
    },
  );
  t.ok(points > 30, `${points} points`);
});

t.test('killed while it is removed: removed', async t => {
  await atEveryPoint(
    () => made(),
    machine => remove(machine),
    async (machine, story) => {
      await remove(machine);
      isGone(t, machine, story);
    },
  );
});

t.test('every fault, and its end', async t => {
  for (const page of ['watched', 'nginx', 'built-in'] as const) {
    for (const what of FAULTS) {
      const { machine, state } = await made(page);
      const broken = await breakNode(machine, state, 'edge-a', what);
      t.match(broken.faults, [{ node: 'edge-a', what }]);
      const here = machine.processes('hf-lab-edge-a');
      if (what === 'cable') t.match(machine.cables.get('edge-a-0'), { up: false });
      if (what === 'power') t.same([here, machine.cables.has('edge-a-0')], [[], false]);
      if (what === 'freeze') t.ok(machine.running.every(({ stopped, namespace }) => stopped === (namespace === 'hf-lab-edge-a')));
      if (what === 'nginx' && page !== 'watched') t.equal(here.length, 2, 'holdfast alone is left');
      t.ok(machine.processes('hf-lab-edge-b').length > 1, 'the others go on');
      await healNode(machine, broken, 'edge-a');
      if (what !== 'nginx' || page !== 'watched') isSound(t, machine, `${what}, ${page}`);
    }
  }
});

t.test('a command that is killed at any point leaves what heal mends', async t => {
  for (const page of ['watched', 'nginx', 'built-in'] as const) {
    for (const what of ['cable', 'power', 'freeze'] as const) {
      await atEveryPoint(
        () => made(page),
        (machine, state) => breakNode(machine, state, 'edge-a', what),
        async (machine, story) => {
          await healAll(machine);
          isSound(t, machine, `${what}, ${page}, ${story}`);
        },
      );
      await atEveryPoint(
        async () => {
          const { machine, state } = await made(page);
          return { machine, state: await breakNode(machine, state, 'edge-a', what) };
        },
        (machine, state) => healNode(machine, state, 'edge-a'),
        async (machine, story) => {
          await healAll(machine);
          isSound(t, machine, `heal of ${what}, ${page}, ${story}`);
        },
      );
    }
  }
});

t.test('nobody else is touched', async t => {
  const { machine, state } = await made();
  const visitor = machine.enter('hf-lab-edge-a', 'bash', true);
  const outside = machine.enter('', 'nginx', false);
  const broken = await breakNode(machine, state, 'edge-a', 'power');
  t.same(
    machine.processes('hf-lab-edge-a').map(({ pid }) => pid),
    [visitor.pid],
    'who looks around in a terminal',
  );
  await healNode(machine, broken, 'edge-a');
  // The number of a process of ours belongs to somebody else by now.
  const [first] = machine.running.filter(({ namespace }) => namespace === 'hf-lab-edge-b');
  if (first === undefined) throw new Error('nobody runs');
  machine.signal(first, 'SIGKILL');
  const stranger = machine.enter('', 'sshd', false);
  Object.assign(stranger, { pid: first.pid });
  const removed = await remove(machine);
  t.match(removed.visitors, [{ pid: visitor.pid, name: 'bash' }]);
  t.same(machine.running.map(({ name }) => name).toSorted(), ['bash', 'nginx', 'sshd']);
  t.ok(machine.runs(outside));
});

t.test('a laboratory whose state is lost, or of another version, is removed too', async t => {
  for (const text of ['{"schema":2}', '{']) {
    const { machine } = await made();
    machine.write('state.json', text);
    t.equal(recall(machine), null);
    t.ok(isThere(machine));
    await remove(machine);
    t.same([machine.namespaces(''), machine.running], [[], []]);
  }
});

t.test('what there is not', async t => {
  const { machine, state } = await made();
  await t.rejects(breakNode(machine, state, 'edge-z', 'power'), new LabError('there is no node edge-z; there is edge-a, edge-b'));
  await t.rejects(healNode(machine, state, 'edge-z'), LabError);
  const [master] = machine.running.filter(({ argv, namespace }) => argv[0] === 'master' && namespace === 'hf-lab-edge-a');
  if (master !== undefined) machine.signal(master, 'SIGKILL');
  await t.rejects(breakNode(machine, state, 'edge-a', 'nginx'), /no nginx runs on edge-a; holdfast lab heal edge-a starts it/);
  t.same(recall(machine)?.faults, [], 'nothing was done, so nothing is written down');
});

t.test('a fault that holdfast mends by itself is none any more', async t => {
  const { machine, state } = await made();
  const broken = await breakNode(machine, state, 'edge-a', 'nginx');
  t.same(forgetMended(machine, broken).faults.length, 1, 'not yet');
  machine.write('edge-a/nginx/nginx.pid', `${machine.enter('hf-lab-edge-a', 'nginx', false).pid}\n`);
  t.same(forgetMended(machine, broken).faults, []);
  t.same(recall(machine)?.faults, []);
});
