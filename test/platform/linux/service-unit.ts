// A unit under a watchdog where there is no systemd. With a real one: test/netns/systemd/units.ts.
// Must not know the watchdog.
import { existsSync } from 'node:fs';
import t from 'tap';
import { openServices } from '../../../src/platform/linux/services.ts';
import { seconds } from '../../../src/vrrp/units.ts';

t.test('without systemd, in words', { skip: existsSync('/run/systemd/system') ? 'systemd runs here' : false }, async t => {
  const services = openServices({ directory: t.testdir(), ownUnits: false });
  const service = services.open({ by: 'unit', unit: 'nginx.service' }, () => t.fail('nothing has ended'));
  t.same(await service.state(), { name: 'missing', why: 'systemd does not run here' });
  t.equal(await service.start(seconds(5)), 'systemd does not run here');
  service.close();
});
