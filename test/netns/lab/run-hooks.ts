// Delivers hooks as the agent does, in a process of its own, one after the other, and prints what came of each as a line of JSON.
// Must not know where it runs. usage: run-hooks.ts SECONDS PROGRAM...
import { createHookRunner } from '../../../src/platform/linux/hook-runner.ts';
import { programs } from '../../../src/platform/linux/program.ts';
import { isInService } from '../../../src/platform/linux/transient-unit.ts';
import { seconds } from '../../../src/vrrp/units.ts';

const [, , limit, ...paths] = process.argv;
const runner = createHookRunner({
  programs,
  version: 'test',
  ownUnits: isInService,
  secret: async () => ({ failure: 'none here' }),
  connection: async () => ({}),
});
const call = {
  json: '{"schema":1}',
  environment: { HOLDFAST_ROUTER: 'web', HOLDFAST_EVENT: 'active', HOLDFAST_ADDRESSES: '192.0.2.200/24 192.0.2.201/24' },
  arguments: ['INSTANCE', 'web', 'MASTER', '150'],
};
for (const path of paths) {
  const hook = { do: 'run', run: [path, '$HOME', 'two words'], user: null, timeout: seconds(Number(limit)) } as const;
  const delivery = await runner.deliver(hook, call, new AbortController().signal);
  process.stdout.write(`${JSON.stringify(delivery)}\n`);
}
