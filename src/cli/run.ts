// `holdfast run`: composes the engine from its ports and keeps it going until it is told to leave. Real time from here on:
// must not load configuration, logger libraries or anything else that the agent can do.
import { parseArgs } from 'node:util';
import { createEngine, type Engine } from '../core/engine.ts';
import { PROTOCOL, type ToAgent, type ToEngine } from '../core/messages.ts';
import { version } from '../lib/version.ts';
import { advertLinks } from '../platform/linux/advert-link.ts';
import { keepAgent } from '../platform/linux/agent-process.ts';
import { missingCapabilities } from '../platform/linux/capabilities.ts';
import { claims } from '../platform/linux/claims.ts';
import { openClock } from '../platform/linux/clock.ts';
import { openNetwork } from '../platform/linux/rtnetlink.ts';
import { hurry } from '../platform/linux/scheduling.ts';
import { openSdNotify } from '../platform/linux/sd-notify.ts';
import { openStderrLog } from '../platform/linux/stderr-log.ts';
import type { Plan } from '../vrrp/router.ts';
import { RUN_OPTIONS } from './defaults.ts';
import { EXIT } from './exit.ts';

/** Time for the last datagrams to leave before the process ends; in ms. */
const LAST_WORDS = 20;

/** @returns exit code, once the engine has left every virtual router; 1 when this machine does not allow it to run */
export async function run(argv: readonly string[]): Promise<number> {
  parseArgs({ args: [...argv], options: RUN_OPTIONS });
  const missing = missingCapabilities(['CAP_NET_ADMIN', 'CAP_NET_RAW']);
  if (missing.length > 0) {
    const grant = missing.map(name => name.toLowerCase()).join(',');
    process.stderr.write(
      `holdfast: missing capability ${missing.join(' and ')}\n` +
        `  = hint: run as root, or set AmbientCapabilities=${missing.join(' ')} in the unit, or: setcap ${grant}+ep ${process.execPath}\n`,
    );
    return EXIT.failed;
  }
  const log = openStderrLog(process.env);
  const systemd = openSdNotify(process.env, process.pid);
  const scheduling = hurry();
  if (scheduling.warning !== null) log.write('warn', 'engine.scheduling', { policy: scheduling.policy }, scheduling.warning);
  let engine: Engine | null = null;
  let running: Plan | null = null;
  /** The agent was told to read the configuration again, and has not answered. */
  let reloading = false;
  const clock = openClock(() => engine?.turn());
  const network = await openNetwork(() => engine?.turn());
  return new Promise(resolve => {
    const agent = keepAgent<ToEngine, ToAgent>(['agent', ...argv], {
      received: message => receive(message),
      started(send) {
        send({ type: 'hello', protocol: PROTOCOL, version, plan: running });
        // The one before died over it, or before it heard of it.
        if (reloading) send({ type: 'reload' });
      },
      died: (why, again) =>
        log.write('error', 'agent.died', { again_ms: again }, `the agent ${why}; starting it again. Addresses are not affected`),
    });
    const core = createEngine({
      clock,
      network,
      adverts: advertLinks,
      claims,
      log,
      transition: transition => agent.send({ type: 'transition', transition }),
      learned: learned => agent.send({ type: 'learned', learned }),
      reverted: plan => {
        running = plan;
        agent.send({ type: 'reverted', plan }, true);
      },
    });
    engine = core;
    const heartbeat = systemd.watchdogEvery === null ? null : setInterval(() => systemd.send('WATCHDOG=1'), systemd.watchdogEvery);
    let leaving = false;

    function receive(message: ToEngine): void {
      switch (message.type) {
        case 'hello':
          return;
        case 'plan':
          apply(message);
          return;
        case 'confirm':
          core.confirm();
          return;
        case 'keep':
          reloading = false;
          systemd.send('READY=1');
          return;
        case 'refuse':
          // A router that serves does not stop because a new agent does not like the machine any more.
          if (running === null) end(message.exit);
          return;
        case 'health':
          core.health(message.health);
          return;
        case 'status':
          agent.send({ type: 'status', id: message.id, status: { ...core.status(), ...aboutUs() } });
          return;
      }
    }

    function aboutUs() {
      return { pid: process.pid, version, scheduling: scheduling.policy, agentRestarts: agent.restarts(), droppedLogLines: log.dropped() };
    }

    function apply({ id, plan, learned, confirmWithin }: Extract<ToEngine, { type: 'plan' }>): void {
      if (leaving) return;
      const refused = core.apply(plan, { learned, confirmWithin });
      const first = running === null;
      if (first && refused.length > 0 && refused.length === plan.routers.length) {
        end(EXIT.failed);
        return;
      }
      running = plan;
      reloading = false;
      agent.send({ type: 'applied', id, refused }, true);
      if (first) log.write('info', 'engine.ready', { version, routers: plan.routers.length, scheduling: scheduling.policy }, 'ready');
      systemd.send('READY=1');
    }

    /** The agent answers with `plan` or `keep`, and READY=1 follows. sd_notify(3) */
    function reload(): void {
      if (leaving) return;
      reloading = true;
      systemd.send(`RELOADING=1\nMONOTONIC_USEC=${clock.now()}`);
      agent.send({ type: 'reload' }, true);
    }

    function leave(signal: NodeJS.Signals): void {
      if (leaving) {
        core.abandon();
        return;
      }
      leaving = true;
      log.write('info', 'engine.leaving', { signal }, 'leaving in order; a second signal lets go at once');
      systemd.send('STOPPING=1');
      core.stop(() => end(EXIT.done));
    }

    function end(code: number): void {
      leaving = true;
      agent.stop();
      if (heartbeat !== null) clearInterval(heartbeat);
      setTimeout(resolve, LAST_WORDS, code);
    }

    process.on('SIGTERM', leave);
    process.on('SIGINT', leave);
    process.on('SIGHUP', reload);
    // What keepalived dumps its data for; unhandled, it would kill us with the addresses still here.
    process.on('SIGUSR1', () => log.write('info', 'engine.signal', {}, 'SIGUSR1 does nothing here; ask: holdfast status'));
    process.on('SIGUSR2', () => log.write('info', 'engine.signal', {}, 'SIGUSR2 does nothing here; ask: holdfast status'));
    process.on('uncaughtException', error => {
      // We are wrong: give the addresses to someone who is not, and let systemd start us anew.
      log.write('error', 'engine.crashed', {}, error.stack ?? error.message);
      process.removeAllListeners('uncaughtException');
      core.abandon();
      end(EXIT.failed);
    });
  });
}
