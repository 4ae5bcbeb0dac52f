// Drill: what `holdfast why` says after each of many staged incidents: the true cause, in the first sentence or in its chain, at the machine that an
// operator would ask. Must not know how the sentence is made.
import { join } from 'node:path';
import { sleep, until } from '../lab/clock.ts';
import { holdfast } from '../lab/control.ts';
import { drill, type Lab } from '../lab/drill.ts';
import { run } from '../lab/exec.ts';
import { pullCable, putCableBack } from '../lab/faults.ts';
import { type Holdfast, startHoldfast, writeHoldfast } from '../lab/holdfast.ts';
import { type RouterSettings, VIP, web } from '../lab/router.ts';

const missing = process.env.HOLDFAST_LAB_DAEMON === undefined ? null : 'only holdfast knows why';

interface Pair {
  readonly lab: Lab;
  readonly a: Holdfast;
  readonly b: Holdfast;
  /** Starts a node again after it was ended. */
  again(name: 'a' | 'b', router?: RouterSettings): Promise<Holdfast>;
}

const FLAG = (lab: Lab, name: string): string => join(lab.network.folder, `${name}.weight`);
const settings = (lab: Lab, name: 'a' | 'b'): RouterSettings => ({
  ...web(name === 'a' ? 200 : 100),
  track: ['disk'],
  duties: `[check.disk]\ntype = "file"\npath = "${FLAG(lab, name)}"\nminimum = 1\ninterval = "100ms"\nrise = 1\nfall = 1`,
});

async function pair(lab: Lab): Promise<Pair> {
  const start = async (name: 'a' | 'b', router = settings(lab, name)): Promise<Holdfast> => {
    const daemon = startHoldfast(lab.network, lab.node(name), [router]);
    lab.watch(daemon);
    await until(`${name} to take part`, 15_000, async () => /web\/ipv4/.test((await holdfast(daemon.socket, 'why')).out));
    return daemon;
  };
  for (const name of ['a', 'b']) await run('sh', ['-c', `echo 1 >${FLAG(lab, name)}`]);
  const a = await start('a');
  await lab.observer.servesAlone('a', VIP, 15_000);
  const b = await start('b');
  await b.says(/to=backup/, 15_000);
  await sleep(300);
  return { lab, a, b, again: start };
}

type Incident = readonly [
  name: string,
  /** @returns whom the operator asks */
  happen: (pair: Pair) => Promise<Holdfast>,
  /** What the answer has, and who serves then. */
  says: RegExp,
];

const settle = (lab: Lab, on: 'a' | 'b') => lab.observer.servesAlone(on, VIP, 10_000);

const INCIDENTS: readonly Incident[] = [
  [
    'the other node dies',
    async ({ lab, a, b }) => {
      a.signal('SIGKILL');
      await settle(lab, 'b');
      return b;
    },
    /this machine serves .*10\.77\.0\.1 \(priority 200\) fell silent \d+ ms ago/,
  ],
  [
    'the other node is stopped in order',
    async ({ lab, a, b }) => {
      await a.stop();
      await settle(lab, 'b');
      return b;
    },
    /this machine serves .*10\.77\.0\.1 \(priority 200\) resigned/,
  ],
  [
    'the cable of this node',
    async ({ lab, a }) => {
      await pullCable(lab.network, lab.node('a'));
      await settle(lab, 'b');
      return a;
    },
    /nobody is known to serve .*hf0 has no carrier: check cable and switch/,
  ],
  [
    'a check fails here',
    async ({ lab, a }) => {
      await run('rm', [FLAG(lab, 'a')]);
      await settle(lab, 'b');
      return a;
    },
    /10\.77\.0\.2 serves .*handed over to 10\.77\.0\.2.*now: disk: .*\n[\s\S]*disk is down/,
  ],
  [
    'a check fails there',
    async ({ lab, b }) => {
      await run('rm', [FLAG(lab, 'a')]);
      await settle(lab, 'b');
      return b;
    },
    /this machine serves .*10\.77\.0\.1 \(priority \d+\) resigned/,
  ],
  [
    'an operator drains this node',
    async ({ lab, a }) => {
      await holdfast(a.socket, 'drain');
      await settle(lab, 'b');
      return a;
    },
    /10\.77\.0\.2 serves .*now: drained since \d\d:\d\d:\d\d\n[\s\S]*web: drained since/,
  ],
  [
    'an operator promotes that node',
    async ({ lab, b }) => {
      await holdfast(b.socket, 'promote');
      await settle(lab, 'b');
      return b;
    },
    /this machine serves .*priority 254 is higher than that of 10\.77\.0\.1[\s\S]*promoted since/,
  ],
  [
    'a higher priority comes back',
    async ({ lab, a, b, again }) => {
      a.signal('SIGKILL');
      await settle(lab, 'b');
      await again('a');
      await settle(lab, 'a');
      return b;
    },
    /10\.77\.0\.1 serves .*giving 10\.77\.0\.200 to 10\.77\.0\.1 \(priority 200\): higher priority/,
  ],
  [
    'somebody takes the address away',
    async ({ lab, a }) => {
      await run('ip', ['-n', lab.node('a').namespace, 'address', 'del', `${VIP}/24`, 'dev', 'hf0']);
      await a.says(/address\./, 5000);
      return a;
    },
    /this machine serves [\s\S]*10\.77\.0\.200.*(taken off|put back|removed|gone)/,
  ],
  [
    'the address is taken away again and again',
    async ({ lab, a }) => {
      for (let i = 0; i < 8; i += 1) {
        await run('sh', ['-c', `ip -n ${lab.node('a').namespace} address del ${VIP}/24 dev hf0 || true`]);
        await sleep(100);
      }
      await settle(lab, 'b');
      return a;
    },
    /10\.77\.0\.2 serves|nobody is known to serve[\s\S]*(again and again|fought|cannot hold)/,
  ],
  [
    'this machine stands still',
    async ({ lab, a }) => {
      a.signal('SIGSTOP');
      await settle(lab, 'b');
      a.signal('SIGCONT');
      await settle(lab, 'a');
      return a;
    },
    /this machine serves [\s\S]*(stood still|claims to be Active too|late)/,
  ],
  [
    'a reload gives this node a lower priority',
    async ({ lab, a }) => {
      writeHoldfast(lab.network, lab.node('a'), [{ ...settings(lab, 'a'), priority: 50 }]);
      await holdfast(a.socket, 'reload');
      await settle(lab, 'b');
      return a;
    },
    /10\.77\.0\.2 serves .*giving 10\.77\.0\.200 to 10\.77\.0\.2 \(priority 100\): higher priority[\s\S]*reloaded: /,
  ],
  [
    'the agent is lost',
    async ({ a }) => {
      const agent = await until('an agent', 5000, () => a.agent());
      process.kill(agent, 'SIGKILL');
      await a.says(/agent\.died/, 5000);
      await until('another agent', 10_000, async () => (await holdfast(a.socket, 'why')).code === 0);
      return a;
    },
    /this machine serves [\s\S]*the agent killed by signal 9; starting it again/,
  ],
  [
    'the interface is set down',
    async ({ lab, a }) => {
      await run('ip', ['-n', lab.node('a').namespace, 'link', 'set', 'hf0', 'down']);
      await settle(lab, 'b');
      return a;
    },
    /interface hf0 is down; ip link set hf0 up/,
  ],
  [
    'all are sick, and this one goes on',
    async ({ lab, a }) => {
      for (const name of ['a', 'b']) await run('rm', [FLAG(lab, name)]);
      await a.says(/reason=nobody-took-over/, 10_000);
      return a;
    },
    /this machine serves .*nobody took over, though disk: /,
  ],
  [
    'drained alone',
    async ({ a, b }) => {
      await b.stop();
      await holdfast(a.socket, 'drain');
      return a;
    },
    /this machine (still )?serves [\s\S]*drained since/,
  ],
  [
    'a cable that is put back',
    async ({ lab, a }) => {
      await pullCable(lab.network, lab.node('a'));
      await settle(lab, 'b');
      await putCableBack(lab.network, lab.node('a'));
      await settle(lab, 'a');
      return a;
    },
    /this machine serves .*priority 200 is higher than that of 10\.77\.0\.2[\s\S]*no carrier/,
  ],
];

for (const [name, happen, says] of INCIDENTS) {
  await drill(name, { missing, probeMs: 5, askMs: 20 }, async (t, lab) => {
    const asked = await happen(await pair(lab));
    await sleep(300);
    const { code, out, err } = await holdfast(asked.socket, 'why', 'web');
    t.equal(code, 0, err);
    t.match(out, says, out.trim());
  });
}

await drill('what a dead daemon has left, and what a new one knows', { missing }, async (t, lab) => {
  const { a, again } = await pair(lab);
  a.signal('SIGKILL');
  await settle(lab, 'b');
  const b = await again('a');
  const { out } = await holdfast(b.socket, 'history', 'web');
  t.match(out, /taking part[\s\S]*serving 10\.77\.0\.200[\s\S]*taking part/, 'the life before is remembered');
  await holdfast(b.socket, 'drain', '--force');
  await b.stop();
  const after = await again('a');
  t.match((await holdfast(after.socket, 'history')).out, /drained by force[\s\S]*stopped/, 'to the last line');
});
