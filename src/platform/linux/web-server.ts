// The HTTP server of the page: node:http within bounds that strangers may try. Who holds a connection without a question gives way to
// whoever comes; who sends a body, or reads too slowly, is cut off. Must not know what is asked or answered.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { WebAnswer, WebQuestion, WebServer } from '../agent-ports.ts';
import { systemCode } from './system-code.ts';

/** Times in ms, sizes in bytes. */
export interface WebLimits {
  /** Connections that are served, and those beyond that are told so. */
  readonly connections: number;
  readonly refusals: number;
  readonly streams: number;
  /** For all of a request; for the next one; for whoever does not read; for those that are told to come later. */
  readonly request: number;
  readonly idle: number;
  readonly stuck: number;
  readonly refusal: number;
  /** A stream ends then and its browser comes again: of those that vanished none stays. */
  readonly stream: number;
  /** More than that waits for no reader. */
  readonly buffered: number;
}

const LIMITS: WebLimits = {
  connections: 64,
  refusals: 16,
  streams: 32,
  request: 5_000,
  idle: 5_000,
  stuck: 10_000,
  refusal: 1_000,
  stream: 600_000,
  buffered: 256 * 1024,
};
const HEADER_BYTES = 8 * 1024;
/** Whoever still sends is given that long to read the answer; in ms. */
const LINGER = 200;

interface Place {
  readonly address: string;
  readonly port: number;
}

interface Open {
  readonly server: Server;
  readonly at: Place;
}

export function openWebServer(answer: (question: WebQuestion) => Promise<WebAnswer>, limits: WebLimits = LIMITS): WebServer {
  let open: Open | null = null;
  /** In the order in which they came, with whether somebody waits for an answer. */
  const sockets = new Map<Socket, { busy: boolean }>();
  const refused = new Set<Socket>();
  const streams = new Set<ServerResponse>();

  function make(): Server {
    const server = createServer({
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: limits.request,
      requestTimeout: limits.request,
      keepAliveTimeout: limits.idle,
      connectionsCheckingInterval: 500,
    });
    server.timeout = limits.stuck;
    server.maxHeadersCount = 64;
    server.on('connection', admit);
    server.on('request', take);
    // No body is wanted, so none is invited.
    server.on('checkContinue', take);
    return server;
  }

  function admit(socket: Socket): void {
    // What goes wrong with a connection ends it, and that is all.
    socket.on('error', () => {});
    if (sockets.size >= limits.connections) evict();
    if (sockets.size < limits.connections) {
      sockets.set(socket, { busy: false });
      socket.once('close', () => sockets.delete(socket));
    } else if (refused.size < limits.refusals) {
      refused.add(socket);
      const enough = setTimeout(() => socket.destroy(), limits.refusal);
      socket.once('close', () => {
        clearTimeout(enough);
        refused.delete(socket);
      });
    } else socket.destroy();
  }

  /** The one that has been idle for longest makes room. */
  function evict(): void {
    for (const [socket, { busy }] of sockets) {
      if (busy) continue;
      sockets.delete(socket);
      socket.destroy();
      return;
    }
  }

  function take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const state = sockets.get(socket);
    if (hasBody(request)) {
      response.once('close', () => setTimeout(() => socket.destroy(), LINGER).unref());
      refuse(response, 413, 'nothing is taken here');
      return;
    }
    if (state === undefined) {
      refuse(response, 503, 'too many connections: try again in a few seconds');
      return;
    }
    state.busy = true;
    response.once('close', () => {
      state.busy = false;
    });
    answer(questionOf(request)).then(
      found => give(request, response, found),
      (error: unknown) => refuse(response, 500, String(error)),
    );
  }

  function give({ method }: IncomingMessage, response: ServerResponse, { status, headers, body, stream }: WebAnswer): void {
    if (response.destroyed) return;
    const lasting = stream && method !== 'HEAD';
    if (lasting && streams.size >= limits.streams) {
      refuse(response, 503, 'too many watch already: try again later');
      return;
    }
    if (!lasting) {
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
      response.end(body);
      return;
    }
    response.writeHead(status, headers);
    streams.add(response);
    const enough = setTimeout(() => response.end(), limits.stream);
    response.once('close', () => {
      clearTimeout(enough);
      streams.delete(response);
    });
    response.write(body);
  }

  function bind(server: Server, { address, port }: Place): Promise<string | null> {
    return new Promise(resolve => {
      server.once('error', error => resolve(systemCode(error)));
      server.listen(port, address, () => {
        // Later on, a connection that cannot be accepted (no file descriptor left) must not end the agent.
        server.on('error', () => {});
        resolve(null);
      });
    });
  }

  function shut(): void {
    open?.server.close();
    open = null;
    dismiss();
  }

  function dismiss(): void {
    for (const socket of [...sockets.keys(), ...refused]) socket.destroy();
    sockets.clear();
    streams.clear();
  }

  async function listen(at: Place): Promise<string | null> {
    if (open !== null && open.at.address === at.address && open.at.port === at.port) return null;
    const next = make();
    let code = await bind(next, at);
    const before = open?.at ?? null;
    // An address and all addresses at one port exclude each other.
    if (code === 'EADDRINUSE' && before !== null && before.port === at.port) {
      shut();
      code = await bind(next, at);
      if (code !== null) {
        const back = make();
        if ((await bind(back, before)) === null) open = { server: back, at: before };
      }
    }
    if (code !== null) return refusalWords(code, at);
    shut();
    open = { server: next, at };
    return null;
  }

  return {
    listen,
    listening: () => open !== null,
    close: shut,
    dismiss,
    tell(text) {
      for (const response of streams) {
        if (response.writableLength > limits.buffered) response.destroy();
        else response.write(text);
      }
    },
    watchers: () => streams.size,
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function questionOf({ method = '', url = '', headers, headersDistinct }: IncomingMessage): WebQuestion {
  const { host = [] } = headersDistinct;
  const [only, ...others] = host;
  return {
    method,
    target: url,
    host: others.length > 0 ? null : (only ?? null),
    authorization: headers.authorization ?? null,
    cookie: headers.cookie ?? null,
  };
}

/** Says no, and hangs up. */
function refuse(response: ServerResponse, status: number, words: string): void {
  if (response.headersSent) response.destroy();
  if (response.destroyed) return;
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', connection: 'close' };
  response.writeHead(status, status === 503 ? { ...headers, 'retry-after': '5' } : headers);
  response.end(`${words}\n`);
}

/** @param code errno name */
function refusalWords(code: string, { address, port }: Place): string {
  switch (code) {
    case 'EADDRINUSE':
      return `somebody listens at port ${port} already: ss -ltnp 'sport = :${port}'`;
    case 'EADDRNOTAVAIL':
      return `this machine does not have the address ${address}`;
    case 'EACCES':
      return `port ${port} may not be opened: take one above 1023, or give the unit CAP_NET_BIND_SERVICE`;
    default:
      return `it cannot be opened: ${code}`;
  }
}
