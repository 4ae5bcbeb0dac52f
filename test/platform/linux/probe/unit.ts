// A look at a unit where there is no systemd. With a real one: test/netns/systemd/probe.ts.
// Must not know the watchdog.
import { existsSync } from 'node:fs';
import t from 'tap';
import { lookAtUnit } from '../../../../src/platform/linux/probe/unit.ts';
import { seconds } from '../../../../src/vrrp/units.ts';

const booted = existsSync('/run/systemd/system');

t.test('without systemd', { skip: booted ? 'systemd runs here' : false }, async t => {
  t.same(await lookAtUnit({ type: 'unit', unit: 'nginx.service' }, seconds(5)), { trouble: 'missing', seen: 'systemd does not run here' });
});
