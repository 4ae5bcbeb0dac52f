// The two programs that the laboratory runs beside holdfast itself: the client that asks for pages, and the page of a node where nginx is
// not installed. Must not know faults, nor who serves.
import { appendFileSync, existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { ASK_EVERY, formatRequest, formatStall, PATIENCE, RHYTHM } from '../lab/outage.ts';
import { EXIT } from './exit.ts';

/** Some 15 minutes of one address; as much again is kept of the time before. In bytes. */
const MOST_LOGGED = 4 << 20;
/** How often what was seen is written, and how often the file is looked at; in ms. */
const WRITE_EVERY = 20;

/** Asks `http://ADDRESS/` every few milliseconds, over a new connection with a port of its own each time, until it is ended.
 *  @param argv the file of its log, then the addresses
 *  @returns exit code 2 outside of a laboratory */
export async function client(argv: readonly string[]): Promise<number> {
  const [log, ...targets] = argv;
  if (log === undefined || !isInside()) return refuse('client');
  let waiting = '';
  /** Requests that wait, with the number of the turn in which each is given up. */
  const open = new Map<(who: string | undefined) => void, number>();
  let turn = 0;
  const ask = (target: string): void => {
    const sent = now();
    const socket = connect({ host: target, port: 80 });
    let text = '';
    const end = (who: string | undefined): void => {
      if (!open.delete(end)) return;
      socket.destroy();
      waiting += formatRequest({ sent, target, answer: who === undefined ? null : { at: now(), who } });
    };
    open.set(end, turn + PATIENCE / ASK_EVERY);
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    socket.on('data', (piece: string) => {
      text += piece;
    });
    socket.on('end', () => end(/^HTTP\/1\.. 200 [\s\S]*?\r\n\r\n([a-z0-9-]{1,32})\s*$/.exec(text)?.[1]));
    socket.on('error', () => end(undefined));
  };
  let before = now();
  setInterval(() => {
    const at = now();
    const late = (at - before) / 1000 - ASK_EVERY;
    if (late > RHYTHM) waiting += formatStall({ at, ms: late });
    before = at;
    // Counted in turns and not in time: when it is we who stood still, nobody else was slow. A new request is quicker than TCP's
    // own second try, which comes after a second.
    turn += 1;
    for (const [end, until] of open) if (turn >= until) end(undefined);
    for (const target of targets) ask(target);
  }, ASK_EVERY);
  setInterval(() => {
    if (waiting === '') return;
    if (existsSync(log) && statSync(log).size > MOST_LOGGED) renameSync(log, `${log}.1`);
    appendFileSync(log, waiting, { mode: 0o600 });
    waiting = '';
  }, WRITE_EVERY);
  return new Promise(() => {});
}

/** Answers every request with the name of its node.
 *  @param argv that name
 *  @returns exit code 2 outside of a laboratory, 1 when the port is taken */
export async function page(argv: readonly string[]): Promise<number> {
  const [node] = argv;
  if (node === undefined || !isInside()) return refuse('page');
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', connection: 'close' }).end(`${node}\n`);
  });
  return new Promise(resolve => {
    server.once('error', error => {
      process.stderr.write(`holdfast: lab page: ${error.message}\n`);
      resolve(EXIT.failed);
    });
    server.listen(80);
  });
}

function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

function isInside(): boolean {
  return /^ *hf0:/m.test(readFileSync('/proc/self/net/dev', 'utf8'));
}

function refuse(what: string): number {
  process.stderr.write(`holdfast: lab ${what} is started by \`holdfast lab up\`, not by hand\n`);
  return EXIT.usage;
}
