// The web page of this machine: serves what the configuration wants, asks the engine no more often than it must, and tells
// whoever watches. Must not know sockets or files: it is given them. Nothing here can hold the agent up.
import type { EventReport } from '../api/history.ts';
import type { ServicesReport } from '../api/services.ts';
import type { PageReport, StatusReport } from '../api/status.ts';
import type { HttpSpec } from '../check/duties.ts';
import type { SecretSource } from '../check/probe.ts';
import { showEndpoint } from '../config/http-schema.ts';
import type { Onlooker } from '../core/agent.ts';
import type { Log } from '../lib/log.ts';
import { CONTENT_TYPE, type Facts, metrics } from '../page/metrics.ts';
import { content, door, event, page, SCRIPT, STYLE } from '../page/page.ts';
import { type Gate, type Guard, route, safeHeaders } from '../page/routes.ts';
import { createTally } from '../page/tally.ts';
import type { Timers, WebAnswer, WebQuestion, WebServer } from '../platform/agent-ports.ts';
import { isLoopback } from '../vrrp/address.ts';
import { after, type Micros, millis } from '../vrrp/units.ts';
import { viewOf } from './page-view.ts';

/** Between two updates, unless a role changes. */
const EVERY = millis(1_000);
/** An answer of the engine serves all who ask within that time: whoever asks often must not cost it anything. */
const FRESH = millis(100);
/** Between two updates in any case. */
const GAP = millis(100);
/** A page says sooner than the commands do that the engine is silent: somebody looks at it. */
const PATIENCE = millis(1_000);
/** An address that is not there yet, or taken, is tried again. */
const AGAIN = millis(5_000);
/** Shorter ones can be guessed by trying. */
const LEAST_TOKEN = 16;

export interface PagePorts {
  readonly node: string;
  readonly version: string;
  /** The control socket, for commands that are worth typing. */
  readonly socket: string;
  readonly log: Log;
  readonly timers: Timers;
  wallNow(): number;
  /** null when the engine does not answer. */
  status(): Promise<StatusReport | null>;
  services(): ServicesReport;
  events(): readonly EventReport[];
  secret(source: SecretSource): Promise<{ readonly secret: string } | { readonly failure: string }>;
  guard(token: string): Guard;
  /** `sha256-...` in base64 */
  hash(text: string): string;
  open(answer: (question: WebQuestion) => Promise<WebAnswer>): WebServer;
}

export interface PageDesk extends Onlooker {
  report(): PageReport | null;
}

interface Served {
  readonly spec: HttpSpec;
  readonly token: string | null;
  readonly gate: Gate;
}

interface Answered {
  readonly at: Micros;
  readonly report: StatusReport | null;
}

export function createPageDesk(ports: PagePorts): PageDesk {
  const { log, timers } = ports;
  const always = safeHeaders({ style: ports.hash(STYLE), script: ports.hash(SCRIPT) });
  const tally = createTally();
  const server = ports.open(answer);
  let wanted: HttpSpec | null = null;
  let served: Served | null = null;
  let problem: string | null = null;
  let retry: (() => void) | null = null;
  let configuring: Promise<void> = Promise.resolve();
  /** The last answer, the question that is under way, and what the engine said of itself last. */
  let known: Answered | null = null;
  let asking: Promise<StatusReport | null> | null = null;
  /** A question that the engine still has; a silent one is not asked again and again. */
  let pending: Promise<StatusReport | null> | null = null;
  /** Counts what makes all that is known old. */
  let age = 0;
  let answered: number | null = null;
  let lastKnown: readonly string[] = [];
  let watching = false;
  let hurrying = false;
  let updated: Micros | null = null;

  // ---- what is known -------------------------------------------------------------------------------------------------

  function ask(): Promise<StatusReport | null> {
    const silence = Promise.withResolvers<null>();
    const giveUp = timers.schedule(after(timers.now(), PATIENCE), () => silence.resolve(null));
    const asked = age;
    pending ??= question();
    return Promise.race([pending, silence.promise]).then(report => {
      giveUp();
      if (asked === age) {
        asking = null;
        known = { at: timers.now(), report };
      }
      if (report !== null) {
        answered = ports.wallNow();
        lastKnown = report.routers.map(({ name, family }) => `${name}/${family}`);
      }
      return report;
    });
  }

  function question(): Promise<StatusReport | null> {
    const mine = ports.status().finally(() => {
      if (pending === mine) pending = null;
    });
    return mine;
  }

  function look(): Promise<StatusReport | null> {
    if (known !== null && timers.now() - known.at < FRESH) return Promise.resolve(known.report);
    asking ??= ask();
    return asking;
  }

  async function view() {
    const report = await look();
    const { node, version, socket } = ports;
    return viewOf(
      { node, version, socket, report, services: ports.services(), events: ports.events(), answered, lastKnown },
      ports.wallNow(),
    );
  }

  // ---- whoever watches -------------------------------------------------------------------------------------------------

  /** Runs only while somebody does. */
  function watch(): void {
    if (watching) return;
    watching = true;
    timers.schedule(after(timers.now(), EVERY), () => {
      watching = false;
      if (server.watchers() > 0) void update();
    });
  }

  /** Soon, but many changes at once are one. */
  function hasten(): void {
    if (hurrying) return;
    hurrying = true;
    const now = timers.now();
    const soon = updated === null ? now : after(updated, GAP);
    timers.schedule(soon > now ? soon : now, () => {
      hurrying = false;
      if (server.watchers() > 0) void update();
    });
  }

  async function update(): Promise<void> {
    updated = timers.now();
    server.tell(event('view', content(await view())));
    watch();
  }

  // ---- questions -------------------------------------------------------------------------------------------------------

  async function answer(question: WebQuestion): Promise<WebAnswer> {
    const whole = (status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}): WebAnswer => ({
      status,
      headers: { ...always, 'content-type': type, ...headers },
      body,
      stream: false,
    });
    if (served === null) return whole(503, TEXT, 'there is no page here\n');
    const found = route(question, served.gate);
    switch (found.to) {
      case 'words':
        return whole(found.status, TEXT, found.text, found.headers);
      case 'door':
        return whole(found.status, HTML, door(found.known), found.headers);
      case 'page':
        return whole(200, HTML, page(await view()));
      case 'metrics':
        return whole(200, CONTENT_TYPE, metrics(await facts()));
      case 'events': {
        const body = `retry: 1000\n\n${event('view', content(await view()))}`;
        watch();
        return { ...whole(200, 'text/event-stream; charset=utf-8', body, { 'x-accel-buffering': 'no' }), stream: true };
      }
    }
  }

  async function facts(): Promise<Facts> {
    const report = await look();
    return { version: ports.version, report, services: ports.services(), answered, transitions: tally };
  }

  // ---- what the configuration wants --------------------------------------------------------------------------------------

  async function apply(spec: HttpSpec | null): Promise<void> {
    // A later configuration has the last word.
    if (spec !== wanted) return;
    if (spec === null) {
      if (served !== null) log.write('info', 'page.closed', {}, 'the page is no longer served');
      server.close();
      served = null;
      problem = null;
      return;
    }
    const listen = showEndpoint(spec.listen);
    const token = await tokenOf(spec);
    if (typeof token !== 'string' && token !== null) return fail(spec, token.failure);
    const refused = await server.listen(spec.listen);
    if (refused !== null) return fail(spec, refused);
    const first = served === null || showEndpoint(served.spec.listen) !== listen;
    // Whoever was let in by another token has to show the new one.
    if (served !== null && served.token !== token) server.dismiss();
    served = { spec, token, gate: { loopback: isLoopback(spec.listen.address), guard: token === null ? null : ports.guard(token) } };
    if (first || problem !== null) log.write('info', 'page.serving', { listen }, `the page is at http://${listen}/`);
    problem = null;
  }

  /** @returns null: none is wanted */
  async function tokenOf({ token }: HttpSpec): Promise<string | null | { readonly failure: string }> {
    if (token === null) return null;
    const fetched = await ports.secret(token);
    if ('failure' in fetched) return { failure: `its token: ${fetched.failure}` };
    if (fetched.secret.length >= LEAST_TOKEN && !/\s/.test(fetched.secret)) return fetched.secret;
    return { failure: `its token is not ${LEAST_TOKEN} characters without blanks: openssl rand -hex 16 makes one` };
  }

  function fail(spec: HttpSpec, why: string): void {
    const listen = showEndpoint(spec.listen);
    if (!server.listening()) served = null;
    const still = served === null ? 'not served' : `still served at ${showEndpoint(served.spec.listen)} as before`;
    const words = `${why}; ${still}, tried again every 5 s`;
    if (words !== problem) log.write('error', 'page.failed', { listen }, `the page at ${listen}: ${words}`);
    problem = words;
    retry = timers.schedule(after(timers.now(), AGAIN), () => inTurn(spec));
  }

  function inTurn(spec: HttpSpec | null): void {
    configuring = configuring.then(() => apply(spec)).catch((error: unknown) => void log.write('error', 'page.failed', {}, String(error)));
  }

  return {
    configure(http) {
      wanted = http;
      retry?.();
      retry = null;
      inTurn(http);
    },
    moved(transition) {
      tally.count(transition);
      // What was known is no longer true, nor is what the engine is just about to say.
      age += 1;
      known = null;
      asking = null;
      pending = null;
      hasten();
    },
    report: () => (wanted === null ? null : { listen: showEndpoint(wanted.listen), problem }),
  };
}

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
