// Drill: the executable and the unit that we ship, beside Debian's nginx.service, under a real systemd: nginx dies, is stopped by somebody, is started
// again; holdfast is restarted; the machine is shut down. Must not know how units are watched.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBystander } from '../lab/bystander.ts';
import { now, sleep, until } from '../lab/clock.ts';
import { drill, HANDOVER_MS } from '../lab/drill.ts';
import { kill } from '../lab/guard.ts';
import { EXECUTABLE } from '../lab/holdfast.ts';
import { longestWait, startHttpClient } from '../lab/http.ts';
import { startNginx } from '../lab/nginx.ts';
import { VIP, web } from '../lab/router.ts';
import { bootSystemd, systemdMissing } from '../lab/systemd.ts';
import { exactlyOneHolder } from '../lab/verdict.ts';

const SHIPPED = join(import.meta.dirname, '../../../systemd/holdfast.service');
/** The page of nginx in the laboratory's machine. */
const PAGE = 'a';
const BOUND = 30_000;
const CONFIGURATION = `[vrrp.web]
interface = "hf0"
vrid = 51
priority = 200
addresses = ["${VIP}/24"]
advert_interval = "100ms"
track = ["nginx"]
on_change = "/usr/bin/logger"

[watchdog.nginx]
unit = "nginx.service"
probe = { type = "http", url = "http://127.0.0.1/", interval = "200ms", timeout = "500ms" }
`;

await drill('holdfast and nginx as services of a real systemd', { missing: systemdMissing(), limitMs: 180_000 }, async (t, lab) => {
  const machine = await bootSystemd(lab.network, lab.node('a'));
  copyFileSync(SHIPPED, `${machine.root}/etc/systemd/system/holdfast.service`);
  mkdirSync(`${machine.root}/etc/holdfast`, { recursive: true });
  writeFileSync(`${machine.root}/etc/holdfast/holdfast.toml`, CONFIGURATION);
  mkdirSync(`${machine.root}/etc/systemd/system/holdfast.service.d`);
  await machine.unit('holdfast.service.d/here.conf', `[Service]\nExecStart=\nExecStart=${EXECUTABLE} run --node a\n`);
  startNginx(lab.network, lab.node('b'));
  const client = startHttpClient(lab.network, VIP, 5);
  const bystander = startBystander(lab.network);
  await machine.run('systemctl', 'start', 'nginx', 'holdfast');
  await lab.backup('b', web(100));
  await client.servedBy(PAGE, BOUND);
  const mainOf = async (unit: string) => Number(await machine.show(unit, 'MainPID'));

  const first = await mainOf('nginx');
  let from = now();
  kill(machine.pidOf(first), 'SIGKILL');
  await until('another nginx', BOUND, async () => {
    const main = await mainOf('nginx');
    return main !== 0 && main !== first;
  });
  await client.servedBy(PAGE, BOUND);
  lab.judge(exactlyOneHolder(await lab.window(from), VIP, 'a'), 'nginx was killed, and the address stayed');

  await machine.run('systemctl', 'stop', 'nginx');
  await client.servedBy('b', BOUND);
  await sleep(2500);
  t.equal(await machine.show('nginx', 'ActiveState'), 'inactive', 'what somebody stopped is not started');
  await machine.run('systemctl', 'start', 'nginx');
  await client.servedBy(PAGE, BOUND);

  const second = await mainOf('nginx');
  await machine.run('systemctl', 'restart', 'holdfast');
  await client.servedBy(PAGE, BOUND);
  t.equal(await mainOf('nginx'), second, 'nginx goes on when holdfast is restarted');
  t.match(await machine.run('systemctl', 'show', '--property=StatusText', 'holdfast'), /web\/ipv4 active/);

  await sleep(1000);
  from = now();
  await machine.poweroff(BOUND);
  await client.servedBy('b', BOUND);
  const waited = longestWait(client.pages(from), from, now());
  const usual = longestWait(client.pages(from - 1_000_000, from), from - 1_000_000, from);
  const bound = HANDOVER_MS + usual;
  const late = bystander.late(from);
  t.ok(
    waited <= bound + late,
    `the machine was shut down: ${waited.toFixed(1)} ms without a page; ${bound.toFixed(1)} ms allowed and ${late.toFixed(1)} ms by the machine`,
  );
});
