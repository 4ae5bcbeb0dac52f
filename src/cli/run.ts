// `holdfast run`: composes the engine from its ports and keeps it going until it is told to leave. Real time from here on:
// must not load configuration, logger libraries or anything else that the agent can do.
import { parseArgs } from 'node:util';
import type { StateEvent } from '../check/duties.ts';
import type { Plan } from '../config/plan.ts';
import { createEngine, type Engine } from '../core/engine.ts';
import { type Health, type Legacy, PROTOCOL, type ToAgent, type ToEngine } from '../core/messages.ts';
import { version } from '../lib/version.ts';
import { advertLinks } from '../platform/linux/advert-link.ts';
import { type AgentProcess, keepAgent } from '../platform/linux/agent-process.ts';
import { missingCapabilities } from '../platform/linux/capabilities.ts';
import { claims } from '../platform/linux/claims.ts';
import { openClock } from '../platform/linux/clock.ts';
import { openNetwork } from '../platform/linux/rtnetlink.ts';
import { hurry } from '../platform/linux/scheduling.ts';
import { openSdNotify } from '../platform/linux/sd-notify.ts';
import { openStderrLog } from '../platform/linux/stderr-log.ts';
import { sysnet } from '../platform/linux/sysnet.ts';
import { micros } from '../vrrp/units.ts';
import { RUN_OPTIONS } from './defaults.ts';
import { EXIT } from './exit.ts';

/** The hooks of a stop may take so long, less than systemd's patience (DefaultTimeoutStopSec, 90 s); in ms. */
const LAST_HOOKS = 60_000;
/** The agent says how the services are every two seconds, also when there are none. Looks at it in ms; so many in a row
 *  without a word, and it hangs. */
const LISTEN_EVERY = 5_000;
const SILENT = 3;
/** While an agent starts; a minute of trouble has fewer. */
const MOST_UNHEARD = 200;
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
  /** Lines that no agent was there to hear, the newest. */
  let unheard: ToAgent[] = [];
  let hearer: AgentProcess<ToAgent> | null = null;
  const log = openStderrLog(process.env, (level, event, fields, message) => {
    const logged: ToAgent = { type: 'logged', at: micros(sysnet.now()), line: { level, event, fields, message } };
    if (hearer?.connected() === true) hearer.send(logged);
    else unheard = [...unheard, logged].slice(-MOST_UNHEARD);
  });
  const systemd = openSdNotify(process.env, process.pid);
  const scheduling = hurry();
  if (scheduling.warning !== null) log.write('warn', 'engine.scheduling', { policy: scheduling.policy }, scheduling.warning);
  let engine: Engine | null = null;
  let running: Plan | null = null;
  /** What an agent that is started again must know of the one before. */
  const health = new Map<string, Health>();
  const told = new Map<string, StateEvent | null>();
  /** The agent was told to read the configuration again, and has not answered. */
  let reloading = false;
  const clock = openClock(() => engine?.turn());
  const network = await openNetwork(() => engine?.turn());
  return new Promise(resolve => {
    const agent = keepAgent<ToEngine, ToAgent>(['agent', ...argv], {
      received: message => receive(message),
      started(send) {
        send({ type: 'hello', protocol: PROTOCOL, version, running: running === null ? null : legacy(running) });
        for (const message of unheard) send(message);
        unheard = [];
        // The one before died over it, or before it heard of it.
        if (reloading) send({ type: 'reload' });
      },
      died(why, again) {
        log.write('error', 'agent.died', { again_ms: again }, `the agent ${why}; starting it again. Addresses are not affected`);
        if (finishing) end(EXIT.done);
      },
    });
    hearer = agent;
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
    let silent = 0;
    // Counted in looks and not in time: when it is we who stood still, the agent did nothing wrong.
    const listening = setInterval(() => {
      silent = agent.connected() ? silent + 1 : 0;
      if (silent < SILENT) return;
      silent = 0;
      log.write('error', 'agent.hung', {}, `the agent has said nothing for ${(SILENT * LISTEN_EVERY) / 1000} s; replacing it`);
      agent.replace();
    }, LISTEN_EVERY);
    let leaving = false;
    /** Every address is gone, and the hooks of that are being called. */
    let finishing = false;

    function legacy(plan: Plan): Legacy {
      return { plan, health: [...health.values()], told: Object.fromEntries(told) };
    }

    function receive(message: ToEngine): void {
      silent = 0;
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
          for (const each of message.health) health.set(each.router, each);
          core.health(message.health);
          return;
        case 'announce':
          core.announce(message.routers);
          return;
        case 'told':
          told.set(message.router, message.event);
          return;
        case 'finished':
          if (finishing) end(EXIT.done);
          return;
        case 'status':
          agent.send({ type: 'status', id: message.id, status: { ...core.status(), ...aboutUs() } });
          return;
      }
    }

    function aboutUs() {
      return { pid: process.pid, version, scheduling: scheduling.policy, agentRestarts: agent.restarts(), droppedLogLines: log.dropped() };
    }

    function apply({ id, plan, learned, health: known, confirmWithin }: Extract<ToEngine, { type: 'plan' }>): void {
      if (leaving) return;
      health.clear();
      for (const each of known) health.set(each.router, each);
      const refused = core.apply(plan, { learned, health: known, confirmWithin });
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
      if (finishing) {
        end(EXIT.done);
        return;
      }
      if (leaving) {
        core.abandon();
        return;
      }
      leaving = true;
      log.write('info', 'engine.leaving', { signal }, 'leaving in order; a second signal lets go at once');
      systemd.send('STOPPING=1');
      core.stop(finish);
    }

    /** Whoever ends now ends its hooks: they are of the same service to systemd. */
    function finish(): void {
      if (running === null || running.duties.hooks.length === 0 || !agent.connected()) {
        end(EXIT.done);
        return;
      }
      finishing = true;
      agent.send({ type: 'finish' }, true);
      setTimeout(end, LAST_HOOKS, EXIT.done);
    }

    function end(code: number): void {
      leaving = true;
      agent.stop();
      clearInterval(listening);
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
