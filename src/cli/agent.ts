// The agent's process: composes configuration, control socket and systemd's status line around the engine's other end.
// Started by the engine only. Must not touch addresses or adverts, and ends when the engine does.
import { fstatSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import systemdNotify from 'systemd-notify';
import type { OrderReport } from '../api/orders.ts';
import type { ReloadReport } from '../api/reload.ts';
import { SocketInUse, serveControl } from '../api/server.ts';
import { reportServices } from '../api/services.ts';
import { reportStatus, type StatusReport } from '../api/status.ts';
import { type Diagnostic, printable } from '../config/diagnostic.ts';
import type { Difference } from '../config/plan.ts';
import { createAgent, type Ordering, type Reading } from '../core/agent.ts';
import { createHistory } from '../core/history.ts';
import { createHooks } from '../core/hooks.ts';
import type { ToAgent, ToEngine } from '../core/messages.ts';
import { createOrders } from '../core/orders.ts';
import { changeLines, changeWords, type Reload, refusalWords } from '../core/reload.ts';
import { createServiceDesk } from '../core/services.ts';
import { timestamp } from '../lib/timestamp.ts';
import { version } from '../lib/version.ts';
import { AGENT_FD } from '../platform/linux/agent-process.ts';
import { readPlainFile, writeAtomically } from '../platform/linux/atomic-file.ts';
import { type Channel, openChannel } from '../platform/linux/channel.ts';
import { openGrowingFile } from '../platform/linux/growing-file.ts';
import { createHookRunner } from '../platform/linux/hook-runner.ts';
import { prober } from '../platform/linux/prober.ts';
import { programs } from '../platform/linux/program.ts';
import { readSecret } from '../platform/linux/secret.ts';
import { openServices } from '../platform/linux/services.ts';
import { openStderrLog } from '../platform/linux/stderr-log.ts';
import { timers } from '../platform/linux/timers.ts';
import { isInService } from '../platform/linux/transient-unit.ts';
import { webConnection } from '../platform/linux/web-connection.ts';
import { createGuard, sourceHash } from '../platform/linux/web-guard.ts';
import { openWebServer } from '../platform/linux/web-server.ts';
import { routerKey } from '../vrrp/router.ts';
import { millis, seconds } from '../vrrp/units.ts';
import { keptPath, RUN_OPTIONS } from './defaults.ts';
import { EXIT } from './exit.ts';
import { examine, interfacesHere } from './files.ts';
import { createPageDesk } from './page-desk.ts';

/** Time for the engine to hear why, before it sees us gone; in ms. */
const LAST_WORDS = 1_000;
/** What a thousand routers have learned, or were ordered, takes a tenth of this; in bytes. */
const MOST_KEPT = 1 << 20;
/** Two files of this size are some 10,000 lines; in bytes. */
const MOST_HISTORY = 1 << 20;

/** Runs until the engine is gone. @returns exit code 0, or 2 when no engine has started it */
export async function agent(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: RUN_OPTIONS });
  if (!engineIsThere()) {
    process.stderr.write('holdfast: the agent is started by `holdfast run`, not by hand\n');
    return EXIT.usage;
  }
  const node = values.node ?? hostname();
  const plainLog = openStderrLog(process.env);
  const past = openGrowingFile(keptPath('history', values.socket, process.env), MOST_HISTORY);
  const history = createHistory({ ...past, log: plainLog });
  const log = openStderrLog(process.env, (level, event, fields, message) =>
    history.record({ at: Date.now(), level, event, fields, message }),
  );
  const learned = keptPath('learned', values.socket, process.env);
  const ordered = keptPath('orders', values.socket, process.env);
  const ownUnits = await isInService();
  // Ctrl-C reaches the whole terminal session; the engine decides when we end.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('SIGHUP', () => {});

  return new Promise(resolve => {
    let channel: Channel<ToEngine> | null = null;
    let loads = 0;
    const wallNow = (): number => Date.now();
    const send = (message: ToEngine): void => channel?.send(message);
    const orders = createOrders({
      log,
      timers,
      wallNow,
      read: () => readPlainFile(ordered, MOST_KEPT),
      write: text => writeAtomically(ordered, text),
    });
    const events = () => history.entries().map(entry => ({ ...entry, at: timestamp(entry.at) }));
    const page = createPageDesk({
      node,
      version,
      socket: values.socket,
      log,
      timers,
      wallNow,
      status: report,
      services: () => {
        const services = core.services();
        return reportServices(services, at => timestamp(wallNow() - (services.now - at) / 1000), timestamp);
      },
      events,
      secret: readSecret,
      guard: createGuard,
      hash: sourceHash,
      open: openWebServer,
    });
    const core = createAgent({
      version,
      log,
      memory: { read: () => readPlainFile(learned, MOST_KEPT), write: text => writeAtomically(learned, text) },
      send,
      services: createServiceDesk({
        prober,
        programs,
        timers,
        log,
        orders,
        wallNow,
        services: openServices({ directory: dirname(values.socket), ownUnits }),
        health: health => send({ type: 'health', health }),
      }),
      hooks: createHooks({
        runner: createHookRunner({ programs, version, secret: readSecret, connection: webConnection, ownUnits: async () => ownUnits }),
        log,
        timers,
        node,
        wallNow,
        delivered: (router, event) => send({ type: 'told', router, event }),
      }),
      orders,
      history,
      page,
      now: timers.now,
      load: async () => {
        const again = loads > 0;
        loads += 1;
        return (await listening) ? load(values.config, node, again) : UNREACHABLE;
      },
      show: report => void process.stderr.write(report),
      tell: createTeller(),
      wallNow,
    });
    if (process.env.HOLDFAST_APPLIANCE !== undefined) void keepConsole(report);
    channel = openChannel<ToAgent, ToEngine>(AGENT_FD, core.received, () => void history.settled().then(() => resolve(EXIT.done)));
    const listening = listen();

    async function report(): Promise<StatusReport | null> {
      const status = await core.status();
      return status === null ? null : reportStatus(status, node, wallNow(), core.configuration(), core.services(), page.report());
    }

    /** @returns false without a control socket: then nothing is started, and what runs goes on until a next agent tries again */
    async function listen(): Promise<boolean> {
      try {
        await serveControl(values.socket, {
          status: report,
          async reload({ dryRun, confirmMs }) {
            const confirmWithin = confirmMs === null ? null : millis(confirmMs);
            return reportReload(await core.reload({ dryRun, confirmWithin }), Date.now());
          },
          async order(verb, { routers, forMs, keep, force }) {
            const until = forMs === null ? null : wallNow() + forMs;
            const order = verb === 'drain' || verb === 'promote' ? { move: verb, force, keep, until } : null;
            return reportOrder(verb === 'announce' ? core.announce(routers) : core.order(routers, order));
          },
          history: async () => ({ schema: 1, events: events() }),
          confirm: async () => ({ schema: 1, outcome: await core.confirm() }),
        });
        return true;
      } catch (error) {
        const why = error instanceof SocketInUse ? `another daemon listens there; stop it or choose another --socket` : String(error);
        log.write('error', 'agent.socket', { path: values.socket }, `no control socket at ${values.socket}: ${why}`);
        setTimeout(resolve, LAST_WORDS, EXIT.failed);
        return false;
      }
    }
  });
}

/** Loaded where the unit of our image asks for it. */
async function keepConsole(status: () => Promise<StatusReport | null>): Promise<void> {
  const { keepDesk } = await import('./appliance-desk.ts');
  keepDesk({
    status,
    async run(argv) {
      const ended = await programs.run({ argv, user: 'root', environment: {}, input: '', timeout: seconds(30) });
      return 'kind' in ended && ended.kind === 'exit' && ended.status === 0 ? ended.output : null;
    },
    now: () => performance.now(),
  });
}

/** Without a control socket nothing is started; the log has said why. */
const UNREACHABLE: Reading = { plan: null, report: '', exit: EXIT.failed, problem: { errors: 1, first: 'no control socket' } };

/** @param again the notes have been read before */
async function load(path: string, node: string, again: boolean): Promise<Reading> {
  const { loaded, diagnostics, warnings, ...all } = await examine(path, node, await interfacesHere(), 'warn');
  const report = again ? warnings : all.report;
  if (loaded.plan !== null) return { plan: loaded.plan, report };
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  const problem = { errors: errors.length, first: first === undefined ? `${path} cannot be used` : brief(first) };
  return { plan: null, report, exit: EXIT.configuration, problem };
}

/** `holdfast.toml:3:5 message` */
function brief({ file, span, message }: Diagnostic): string {
  return `${printable(span === null ? file : `${file}:${span.line}:${span.column}`)} ${printable(message)}`;
}

/** @param wallNow ms since 1970, at which the reload ended */
function reportReload(reload: Reload, wallNow: number): ReloadReport {
  const none = { schema: 1, outcome: reload.outcome, changes: null, refused: [], problem: null, report: '', confirm_by: null } as const;
  const later = (micros: number): string => new Date(wallNow + micros / 1000).toISOString();
  switch (reload.outcome) {
    case 'silent':
      return none;
    case 'busy':
      return { ...none, confirm_by: later(reload.left) };
    case 'invalid':
      return { ...none, problem: reload.problem, report: reload.report };
    case 'unchanged':
    case 'planned':
      return { ...none, changes: reportChanges(reload.difference), report: reload.report };
    case 'applied':
      return {
        ...none,
        changes: reportChanges(reload.difference),
        refused: reload.refused.map(each => ({ ...each, message: refusalWords(each) })),
        report: reload.report,
        confirm_by: reload.confirmWithin === null ? null : later(reload.confirmWithin),
      };
  }
}

function reportOrder(ordering: Ordering): OrderReport {
  const { outcome, routers } = ordering;
  return { schema: 1, outcome, routers, unknown: ordering.outcome === 'done' ? null : ordering.router };
}

function reportChanges(change: Difference): NonNullable<ReloadReport['changes']> {
  return {
    added: change.added.map(routerKey),
    removed: change.removed.map(routerKey),
    changed: change.changed.map(each => ({ router: routerKey(each.to), settings: changeWords(each), restarts: each.restarts })),
    unchanged: change.unchanged.length,
    lines: changeLines(change),
  };
}

function engineIsThere(): boolean {
  try {
    return fstatSync(AGENT_FD).isSocket();
  } catch {
    return false;
  }
}

/** Each line costs a program start, so only the last of a burst is told. */
function createTeller(): (status: string) => void {
  if (process.env.NOTIFY_SOCKET === undefined) return () => {};
  // Read once: without its parent this process is a child of PID 1.
  const engine = process.ppid;
  let busy = false;
  let next: string | null = null;
  const tell = (status: string): void => {
    if (busy) {
      next = status;
      return;
    }
    busy = true;
    // The package names its caller as main process unless told otherwise; that is the engine, our parent.
    systemdNotify({ status, pid: engine })
      .catch(() => {})
      .finally(() => {
        busy = false;
        const waiting = next;
        next = null;
        if (waiting !== null) tell(waiting);
      });
  };
  return tell;
}
