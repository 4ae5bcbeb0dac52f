// The machine is shut down, with a real systemd: the unit that we ship stops while the services still serve.
// Must not know holdfast: a program that asks nginx stands in its place.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Service } from '../../../src/check/duties.ts';
import { startWorker } from '../../fixtures/remote.ts';
import type { ServiceMethods } from '../../platform/linux/fixtures/services-worker.ts';
import { until } from '../lab/clock.ts';
import { whyNot } from '../lab/guard.ts';
import { EXECUTABLE } from '../lab/holdfast.ts';
import { makeNetwork } from '../lab/network.ts';
import { bootSystemd, systemdMissing } from '../lab/systemd.ts';

const SHIPPED = join(import.meta.dirname, '../../../systemd/holdfast.service');
const WORKER = new URL('../../platform/linux/fixtures/services-worker.ts', import.meta.url);
const BOUND = 60_000;

const why = whyNot() ?? systemdMissing();
if (why !== null) process.stderr.write(`SKIPPED the shutdown of a machine: ${why}\n`);
t.setTimeout(900_000);

/** Asks nginx for a while when it is to stop, and notes every answer. */
function asking(into: string): string {
  const script = `
    const { appendFileSync } = require('node:fs');
    const ask = () => fetch('http://127.0.0.1/').then(answer => answer.status, error => error.cause.code);
    (async () => {
      for (let n = 0; n < 10; n++) {
        appendFileSync('${into}', (await ask()) + ' ');
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    })();`;
  return `${process.execPath} -e "${script.replaceAll('\n', ' ').replaceAll('"', '\\"')}"`;
}

t.test('holdfast stops first, and nginx serves until it has', { skip: why ?? false, timeout: 300_000 }, async t => {
  const network = await makeNetwork(['a']);
  t.teardown(() => network.delete());
  const machine = await bootSystemd(network, network.node('a'));
  const [ours, late] = ['ours', 'late'].map(name => join(network.folder, name));
  const units = `${machine.root}/etc/systemd/system`;
  copyFileSync(SHIPPED, `${units}/holdfast.service`);
  mkdirSync(`${units}/holdfast.service.d`);
  // Everything of the unit counts but what it runs.
  const body = (file: string) => `[Service]
Type=simple
WatchdogSec=0
ExecStart=
ExecStart=/bin/sleep infinity
ExecStop=${asking(file)}
PrivateTmp=no
ReadWritePaths=${network.folder}
`;
  await machine.unit('holdfast.service.d/stand-in.conf', body(ours ?? ''));
  // The other way round, so that it is seen that the order decides.
  await machine.unit('late.service', `[Unit]\nBefore=nginx.service\n${body(late ?? '')}`);
  for (const unit of ['nginx', 'holdfast', 'late']) {
    await machine.run('systemctl', 'start', unit);
    t.equal(await machine.show(unit, 'ActiveState'), 'active');
  }
  await machine.poweroff(BOUND);
  t.equal(readFileSync(ours ?? '', 'utf8'), '200 '.repeat(10));
  t.equal(readFileSync(late ?? '', 'utf8'), 'ECONNREFUSED '.repeat(10));
});

t.test('while it goes down, nothing is started, in whatever way', { skip: why ?? false, timeout: 300_000 }, async t => {
  const network = await makeNetwork(['a']);
  t.teardown(() => network.delete());
  const machine = await bootSystemd(network, network.node('a'));
  const { call, worker } = startWorker<ServiceMethods>(WORKER, command => machine.start(command));
  // Holds the shutdown up until somebody makes a file.
  const go = join(network.folder, 'go');
  await machine.unit(
    'late.service',
    `[Service]\nExecStart=/bin/sleep infinity\nExecStop=/bin/sh -c "while [ ! -e ${go} ]; do sleep 0.05; done"\n`,
  );
  await machine.run('systemctl', 'start', 'late');
  const off = machine.poweroff(BOUND);
  await until(
    'it to go down',
    BOUND,
    async () => (await machine.run('sh', '-c', 'systemctl is-system-running || true')).trim() === 'stopping',
  );
  const services: readonly (readonly [Service, boolean])[] = [
    [{ by: 'unit', unit: 'nginx.service' }, false],
    [{ by: 'start', run: ['/usr/sbin/nginx'], pidFile: '/run/nginx.pid', user: null }, true],
    [{ by: 'start', run: ['/usr/sbin/nginx'], pidFile: '/run/nginx.pid', user: null }, false],
    [{ by: 'start', run: ['/bin/sleep', '1000'], pidFile: null, user: null }, true],
    [{ by: 'start', run: ['/bin/sleep', '1000'], pidFile: null, user: null }, false],
  ];
  for (const [service, ownUnits] of services) {
    await call.open(service, '/run', ownUnits);
    t.match(await call.start(BOUND), { failure: 'the machine is shutting down' }, JSON.stringify(service));
  }
  await worker.kill();
  writeFileSync(go, '');
  await off;
});

t.test('systemd has nothing to say against the unit', { skip: why ?? (existsSync(EXECUTABLE) ? false : 'no executable') }, async t => {
  const network = await makeNetwork(['a']);
  t.teardown(() => network.delete());
  const machine = await bootSystemd(network, network.node('a'));
  copyFileSync(SHIPPED, `${machine.root}/etc/systemd/system/holdfast.service`);
  t.equal(await machine.run('sh', '-c', 'systemd-analyze verify holdfast.service 2>&1'), '');
});
